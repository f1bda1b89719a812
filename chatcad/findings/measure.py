"""Measurements from the masks, each with its reference and its caveat, or withheld with the reason."""

from __future__ import annotations

from cad_models import anatomy
from chatcad.types import Masks, Measurement, View

GOOD_MASKS = 0.5
"""Below this mask quality no measurement is given."""

CTR_LIMIT = 0.50
"""Upper reference of the cardiothoracic ratio on a PA film in adults (Danzer 1919, Am J Med Sci)."""

AP_MAGNIFIES = 0.05
"""What an AP film is allowed on top before its ratio speaks for an enlarged heart."""

REFERENCE = "<=0.50 on PA"


def measure(masks: Masks | None, view: View) -> tuple[Measurement, ...]:
    """Return the measurements of a film (``M1`` the cardiothoracic ratio).

    Parameters
    ----------
    masks
        Lungs and heart on any grid that covers the whole film, or ``None`` when no segmenter ran.
    view
        Decides the caveat: an AP film magnifies the heart.
    """
    widths = None if masks is None or masks.quality < GOOD_MASKS else anatomy.widths(masks)
    if widths is None:
        reason = "the lungs or the heart could not be outlined reliably on this film"
        return (Measurement("M1", "cardiothoracic_ratio", None, "1", REFERENCE, reason),)
    return (
        Measurement(
            "M1", "cardiothoracic_ratio", round(widths.cardiothoracic_ratio, 2), "1", REFERENCE, _view_caveat(view)
        ),
    )


def speaks_for_enlargement(measurements: tuple[Measurement, ...], view: View) -> bool:
    """Return whether the cardiothoracic ratio is above what the view allows."""
    ratio = next((m.value for m in measurements if m.name == "cardiothoracic_ratio"), None)
    return ratio is not None and ratio > CTR_LIMIT + (0.0 if view == "PA" else AP_MAGNIFIES)


def _view_caveat(view: View) -> str | None:
    if view == "AP":
        return "this is an AP film, which magnifies the heart, so confirm on a PA film"
    if view == "unknown":
        return "the view is unknown, and an AP film magnifies the heart"
    return None
