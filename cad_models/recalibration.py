"""Operating points of a classifier from local films: what ``python -m chatcad calibrate`` measures.

It knows how scores, truths and patients become maps, thresholds and a reliability, by the rule that the embedded
networks are judged by too (`cad_models.calibration.reliability_of`). It doesn't know files or the command line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cad_models.anatomy import reliable_ratio
from cad_models.calibration import (
    FOLDS,
    MIN_POSITIVES,
    OperatingPoint,
    expected_calibration_error,
    fit_label,
    likelihood_ratio,
    reliability_of,
    sigmoid,
)
from cad_models.preprocess import to_square
from chatcad.types import LabelReading, Masks, Radiograph, View
from evaluation.baselines import thumbnail_features, thumbnail_scores
from evaluation.statistics import auroc_interval, auroc_margin

Array = NDArray[np.float64]
THUMBNAIL_FROM = 224
REFERENCE_RATIO = 0.5


@dataclass(frozen=True, slots=True)
class Heard:
    """What calibration needs of one film: raw scores, the cardiothoracic ratio if it was measured, a thumbnail."""

    scores: Mapping[str, float]
    ratio: float | None
    thumbnail: NDArray[np.float32]


class Listener:
    """Stands where a classifier stands in the reader and writes down its scores, with the masks of real use.

    Parameters
    ----------
    classifier
        An embedded or a public one.
    """

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier
        self.heard: Heard | None = None

    def read_labels(self, film: Radiograph, masks: Masks, view: View) -> tuple[LabelReading, ...]:
        """Keep what the classifier says of a film, and read no label."""
        square = (to_square(film.pixels, THUMBNAIL_FROM) * 255).astype(np.uint8)
        scores, ratio = raw_scores(self.classifier, film, masks), reliable_ratio(masks)
        self.heard = Heard(scores, ratio, thumbnail_features(square))
        return ()


def raw_scores(classifier: Any, film: Radiograph, masks: Masks) -> dict[str, float]:
    """Return a classifier's logits by label, before any calibration."""
    from cad_models.classifier import SIZE, FilmClassifier, run, thorax_region
    from cad_models.labels import LABELS

    if not isinstance(classifier, FilmClassifier):
        return dict(classifier.scores(film))
    region = thorax_region(masks.right_lung, masks.left_lung)
    scores, _ = run(classifier.network, to_square(film.pixels, SIZE), region)
    return dict(zip(LABELS, scores.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Films:
    """The films of one label, in one order.

    ``abnormal`` is ``None`` where nothing but this label is known of the films.
    """

    scores: Array
    ratios: Array
    thumbnails: NDArray[np.float32]
    truth: NDArray[np.bool_]
    patients: tuple[str, ...]
    abnormal: NDArray[np.bool_] | None

    def inputs(self, label: str) -> Array:
        """Return ``(films, 2)``: the score, and for Cardiomegaly the ratio's excess over 0.5 (else zero)."""
        ratio = self.ratios - REFERENCE_RATIO if label == "Cardiomegaly" else np.zeros(len(self.truth))
        return np.column_stack([self.scores, ratio])


def too_few(films: Films) -> str | None:
    """Return why a label can't be calibrated on these films, or ``None``."""
    for what, mine in (("with", films.truth), ("without", ~films.truth)):
        patients = len({p for p, it in zip(films.patients, mine, strict=True) if it})
        if mine.sum() < MIN_POSITIVES:
            return f"{int(mine.sum())} films {what} it, {MIN_POSITIVES} are needed"
        if patients < FOLDS:
            return f"the films {what} it are of {patients} patients, {FOLDS} are needed"
    return None


def calibrate_label(
    label: str, films: Films, came_with: OperatingPoint | None, *, specificity: float, unseen: bool
) -> tuple[OperatingPoint, dict[str, Any]]:
    """Fit one label's map and threshold and measure what they give on patients that the map hasn't seen.

    Parameters
    ----------
    label
        As torchxrayvision spells it.
    films
        For which `too_few` has no objection.
    came_with
        The network's own operating point, for the calibration error before; else its plain sigmoid is judged.
    specificity
        Wanted share of films without the finding that don't fire.
    unseen
        Whether the network was trained on no film of this source.

    Returns
    -------
    point, figures
        The figures have n, errors before and after, and AUROC, thumbnail and margin with their intervals.
    """
    fit = fit_label(films.inputs(label), films.truth, films.patients, specificity)
    figures = _figures(fit.probability if label == "Cardiomegaly" else films.scores, films)
    figures["ece_before"] = round(expected_calibration_error(_before(films, came_with), films.truth), 4)
    figures["ece_after"] = round(expected_calibration_error(fit.probability, films.truth), 4)
    reliability = reliability_of(
        figures["auroc"],
        figures["margin"],
        figures["auroc_among_abnormal"],
        positives=figures["positives"],
        unseen=unseen,
        likelihood_ratio=likelihood_ratio(fit.sensitivity, fit.specificity),
    )
    return fit.point(label, reliability, figures["auroc"]), figures


def _before(films: Films, came_with: OperatingPoint | None) -> Array:
    if came_with is None:
        return sigmoid(films.scores)
    pairs = zip(films.scores, films.ratios, strict=True)
    return np.array([came_with.probability(float(score), float(ratio)) for score, ratio in pairs])


def _figures(scores: Array, films: Films) -> dict[str, Any]:
    baseline = thumbnail_scores(films.thumbnails, films.truth, films.patients)
    return {
        "n": len(films.truth),
        "positives": int(films.truth.sum()),
        "patients": len(set(films.patients)),
        "auroc": _rounded(auroc_interval(scores, films.truth, films.patients)),
        "thumbnail": _rounded(auroc_interval(baseline, films.truth, films.patients)),
        "margin": _rounded(auroc_margin(scores, baseline, films.truth, films.patients)),
        "auroc_among_abnormal": _among_abnormal(scores, films),
    }


def _among_abnormal(scores: Array, films: Films) -> tuple[float, float, float] | None:
    if films.abnormal is None:
        return None
    keep: NDArray[np.intp] = np.flatnonzero(films.abnormal)
    if not (~films.truth[keep]).any():
        return None
    return _rounded(auroc_interval(scores[keep], films.truth[keep], [films.patients[i] for i in keep]))


def _rounded(interval: Sequence[float]) -> tuple[float, float, float]:
    point, low, high = (round(float(v), 3) for v in interval)
    return point, low, high
