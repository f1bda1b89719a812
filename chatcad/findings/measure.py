"""Measurements from the masks, each with its reference and its caveat, or withheld with the reason.

Some films come squashed to a square, and a picture file doesn't say so. A ratio of two horizontal widths is the same
before and after, and so is a ratio of two areas; whatever mixes the axes is not, and isn't measured here. Millimetres
are given only where the header states the spacing of the detector's columns, which a squashed picture has lost.
"""

from __future__ import annotations

from collections.abc import Collection

from cad_models import anatomy
from cad_models.references import read_references
from chatcad.types import Masks, Measurement, Study, View

RATIOS = ("cardiothoracic_ratio", "lung_area_ratio", "mediastinal_width_ratio")
LENGTHS = ("heart_width_mm", "thoracic_width_mm")
NAMES = (*RATIOS, *LENGTHS)
"""Every measurement, in the order of their ids: ``M1`` … ``M5``; the last two only where the spacing is known."""

CTR_LIMIT = 0.50
"""Upper reference of the cardiothoracic ratio on a PA film in adults (Danzer 1919, Am J Med Sci)."""

AP_MAGNIFIES = 0.05
"""What an AP film is allowed on top before its ratio speaks for an enlarged heart or a wide mediastinum."""

WIDENED_BY_AP = {"cardiothoracic_ratio": "magnifies the heart", "mediastinal_width_ratio": "widens the mediastinum"}
NO_OUTLINES = "the lungs or the heart could not be outlined reliably on this film"
NO_ARCH = "the outlines do not reach the level of the aortic arch on this film"
NO_CHEST = "the pixel spacing in the header does not fit the chest of an adult"
CHESTS_VARY = 0.25
"""How far beyond its reference a thoracic width may lie before the spacing, and not the chest, is unusual."""

ONLY_VISIBLE = "only the visible lung is outlined, and a turned chest changes the shares"
AT_DETECTOR = "the width is that at the detector, where everything looks larger than it is"


def measure(masks: Masks | None, view: View, spacing_mm: tuple[float, float] | None = None) -> tuple[Measurement, ...]:
    """Return the measurements of a film, in the order of ``NAMES``.

    Parameters
    ----------
    masks
        Lungs and heart on the film's own grid, or ``None`` when no segmenter ran. Ratios bear any grid that covers
        the whole film.
    view
        Decides the caveat: an AP film magnifies the heart and widens the mediastinum.
    spacing_mm
        Row and column spacing on the masks' grid; without it no length is given.
    """
    values = values_of(masks, spacing_mm) if masks is not None and masks.good else {}
    reasons = dict.fromkeys(NAMES, NO_OUTLINES)
    if values:
        reasons["mediastinal_width_ratio"] = NO_ARCH
        if spacing_mm is not None and not _is_a_chest(values["thoracic_width_mm"]):
            # Some archives shrink the pixels and leave the header as it was.
            values, reasons = (
                {n: v for n, v in values.items() if n in RATIOS},
                reasons | dict.fromkeys(LENGTHS, NO_CHEST),
            )
    names = RATIOS if spacing_mm is None else NAMES
    return tuple(_measurement(f"M{i}", n, values.get(n), view, reasons[n]) for i, n in enumerate(names, start=1))


def _is_a_chest(width_mm: float) -> bool:
    low, high = limits("thoracic_width_mm")
    return (1 - CHESTS_VARY) * low <= width_mm <= (1 + CHESTS_VARY) * high


def values_of(masks: Masks, spacing_mm: tuple[float, float] | None = None) -> dict[str, float]:
    """Return what can be measured on masks, by name and not rounded; no judgement, and nothing withheld."""
    widths = anatomy.widths(masks)
    if widths is None:
        return {}
    values = {
        "cardiothoracic_ratio": widths.cardiothoracic_ratio,
        "lung_area_ratio": anatomy.lung_area_ratio(masks.right_lung, masks.left_lung),
    }
    mediastinum = anatomy.mediastinum(masks.right_lung, masks.left_lung, masks.heart)
    if mediastinum is not None:
        values["mediastinal_width_ratio"] = mediastinum.width_ratio
    if spacing_mm is not None:
        values["heart_width_mm"] = widths.heart_width * spacing_mm[1]
        values["thoracic_width_mm"] = widths.thorax_width * spacing_mm[1]
    return values


def _measurement(number: str, name: str, value: float | None, view: View, reason: str) -> Measurement:
    unit, digits = ("mm", 0) if name in LENGTHS else ("1", 2)
    if value is None:
        return Measurement(number, name, None, unit, _reference(name), reason)
    return Measurement(number, name, round(value, digits), unit, _reference(name), _caveat(name, view))


def _reference(name: str) -> str:
    low, high = (f"{limit:.{0 if name in LENGTHS else 2}f}" for limit in limits(name))
    return f"<={high} on PA" if name == "cardiothoracic_ratio" else f"{low}-{high} on PA"


def _caveat(name: str, view: View) -> str | None:
    if name == "lung_area_ratio":
        return ONLY_VISIBLE
    if name in LENGTHS:
        return AT_DETECTOR
    if view == "AP":
        return f"this is an AP film, which {WIDENED_BY_AP[name]}, so confirm on a PA film"
    return f"the view is unknown, and an AP film {WIDENED_BY_AP[name]}" if view == "unknown" else None


def limits(name: str) -> tuple[float, float]:
    """Return the lowest and highest value that count as usual; the cardiothoracic ratio has no lowest."""
    if name == "cardiothoracic_ratio":
        return 0.0, CTR_LIMIT
    reference = read_references()[name]
    return reference.low, reference.high


def standing(measurement: Measurement) -> str:
    """Return ``"withheld"``, ``"below"``, ``"within"`` or ``"above"``: where a value lies by its reference."""
    if measurement.value is None:
        return "withheld"
    low, high = limits(measurement.name)
    return "below" if measurement.value < low else "above" if measurement.value > high else "within"


def stands_out(measurement: Measurement, view: View) -> bool:
    """Return whether a value is worth a sentence that nobody asked for: clearly outside its reference.

    References are those of PA films. Elsewhere what an AP film widens is allowed some widening first, and the lungs'
    shares say nothing. A length alone never does: its reference knows neither sex nor height.
    """
    place, name = standing(measurement), measurement.name
    if place in {"withheld", "within"} or name in LENGTHS:
        return False
    if view == "PA":
        return True
    allowed = limits(name)[1] + AP_MAGNIFIES
    return name in WIDENED_BY_AP and measurement.value is not None and measurement.value > allowed


def worth_saying(study: Study, unless: Collection[str] = ()) -> tuple[Measurement, ...]:
    """Return the measurements that are said without being asked for: the cardiothoracic ratio, and what stands out.

    Those named in ``unless`` are left out.
    """
    chosen = (m for m in study.measurements if m.name == "cardiothoracic_ratio" or stands_out(m, study.view))
    return tuple(m for m in chosen if m.name not in unless)


def speaks_for_enlargement(measurements: tuple[Measurement, ...], view: View) -> bool:
    """Return whether the cardiothoracic ratio is above what the view allows."""
    return any(m.name == "cardiothoracic_ratio" and stands_out(m, view) for m in measurements)


def shown(measurement: Measurement) -> str:
    """Return a value as it is written everywhere: ``0.57``, ``148 mm``, or ``withheld``."""
    if measurement.value is None:
        return "withheld"
    return f"{measurement.value:.0f} mm" if measurement.unit == "mm" else f"{measurement.value:.2f}"
