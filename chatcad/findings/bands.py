"""From a calibrated probability to a state and a band in words.

The cut-offs are those of ChatCAD's illustrative prompt (arXiv 2302.07257): 0.2, 0.5, 0.9. What a detector may
say depends on its reliability: a weak one says at most "possible", and never rules out.
"""

from __future__ import annotations

from chatcad.types import Band, LabelReading, State

POSSIBLE, LIKELY, DEFINITE = 0.2, 0.5, 0.9


def band_of(probability: float) -> Band:
    """Return the band of a calibrated probability in ``[0, 1]``."""
    if probability >= DEFINITE:
        return "definite"
    if probability >= LIKELY:
        return "likely"
    return "possible" if probability >= POSSIBLE else "unlikely"


def judge(reading: LabelReading) -> tuple[State, Band | None]:
    """Return the state and band that a reading supports.

    Parameters
    ----------
    reading
        One label's calibrated probability with its operating point and reliability.

    Returns
    -------
    state, band
        ``("not_assessed", None)`` when no network judged the label; a weak detector gives ``uncertain`` with
        ``possible``, or ``not_flagged`` without a band; an assessed one the band of its probability, where
        firing at a threshold below 0.2 still counts as possible. Without a probability it is as with a weak one.
    """
    probability, fires = reading.probability, reading.fires
    if probability is not None:
        fires = probability >= (LIKELY if reading.threshold is None else reading.threshold)
    if reading.reliability == "not_assessed" or fires is None:
        return "not_assessed", None
    if reading.reliability == "weak" or probability is None:
        return ("uncertain", "possible") if fires else ("not_flagged", None)
    if probability >= LIKELY:
        return "present", band_of(probability)
    if fires or probability >= POSSIBLE:
        return "uncertain", "possible"
    return "absent", "unlikely"
