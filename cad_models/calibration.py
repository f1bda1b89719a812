"""Calibrated probabilities and operating points: from a network's logit to a number that may be shown.

It knows Platt's logistic map (Platt 1999), the calibration error, and the file of operating points that
``cad_models.training.calibrate`` writes. It doesn't know networks or words.

Calibration holds for films like those it was fitted on. Out of source it doesn't: prevalence and grey values differ.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from chatcad.types import FloatImage, LabelReading, Reliability

Array = NDArray[np.float64]
FOLDS = 5
SPECIFICITY = 0.90
"""Wanted share of films without the finding that don't fire."""

MIN_POSITIVES = 20
MIN_AUROC = 0.80
"""An assessed label may be called absent: below this, too many films with the finding would be."""

MIN_LIKELIHOOD_RATIO = 2.0
"""Below it a positive finding hardly changes what was thought before (Jaeschke et al. 1994, JAMA 271:703)."""

MIN_WITHIN = 0.55
"""Among abnormal films a weak label's AUROC reaches this, or it only tells ill from well."""

RIDGE = 1e-2
"""Weight of the squared slope: it keeps a map finite that was fitted on a few positives."""


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What the evaluation allows one label to say.

    Parameters
    ----------
    label
        As torchxrayvision spells it.
    reliability
        ``assessed``, ``weak`` or ``not_assessed``; the rule is in ``evaluation/cad.py``.
    weights
        Of the label's score and of the cardiothoracic ratio (zero for all labels but Cardiomegaly) in the logit.
    bias
        Of the logit.
    threshold
        On the calibrated probability.
    sensitivity, specificity
        At the threshold, on patients that neither training nor this fit has seen.
    held_out_auroc
        Point and 95% interval on a source or sampling not trained on.
    """

    label: str
    reliability: Reliability
    weights: tuple[float, float]
    bias: float
    threshold: float
    sensitivity: float
    specificity: float
    held_out_auroc: tuple[float, float, float]

    def probability(self, score: float, ratio: float | None) -> float:
        """Return the calibrated probability in ``[0, 1]``.

        Parameters
        ----------
        score
            The network's logit.
        ratio
            Cardiothoracic ratio; ``None`` where it was withheld, and the reference value stands in.
        """
        logit = self.weights[0] * score + self.weights[1] * ((ratio or 0.5) - 0.5) + self.bias
        return float(expit(logit))

    def reading(
        self, score: float, ratio: float | None, network: str, heat: Callable[[], FloatImage | None]
    ) -> LabelReading:
        """Return what may be said of the label on one film; ``heat`` is asked for a map where the label fires."""
        if self.reliability == "not_assessed":
            return LabelReading(self.label, "not_assessed", held_out_auroc=self.held_out_auroc)
        probability = self.probability(score, ratio)
        return LabelReading(
            label=self.label,
            reliability=self.reliability,
            network=network,
            probability=probability,
            threshold=self.threshold,
            sensitivity=self.sensitivity,
            specificity=self.specificity,
            held_out_auroc=self.held_out_auroc,
            heat_map=heat() if probability >= self.threshold else None,
        )


def read_points(file: Path) -> dict[str, OperatingPoint]:
    """Return the operating points of a file, by label."""
    entries = json.loads(file.read_text(encoding="utf-8"))["labels"]
    return {e["label"]: _point(e) for e in entries}


def write_points(file: Path, points: list[OperatingPoint], note: str) -> None:
    """Write operating points, with a note on where they come from."""
    text = json.dumps({"note": note, "labels": [asdict(p) for p in points]}, indent=1)
    file.write_text(text + "\n", encoding="utf-8")


def _point(entry: dict[str, object]) -> OperatingPoint:
    lists = {k: tuple(v) for k, v in entry.items() if isinstance(v, list)}
    return OperatingPoint(**{**entry, **lists})  # type: ignore[arg-type]


def fit_platt(inputs: Array, truth: NDArray[np.bool_], sample_weights: Array | None = None) -> tuple[Array, float]:
    """Fit a logistic map with non-negative slopes.

    Parameters
    ----------
    inputs
        ``(n, k)``: scores, columns about of unit scale.
    truth
        ``(n,)`` bool; both classes occur.
    sample_weights
        ``(n,)``, or ``None`` for equal ones.

    Returns
    -------
    slopes, bias
        ``(k,)`` and a number. Targets are smoothed as Platt did, so that a few films can't claim certainty.
    """
    from scipy.optimize import minimize

    weights = np.ones(len(truth)) if sample_weights is None else sample_weights
    positives, negatives = float(truth.sum()), float((~truth).sum())
    target = np.where(truth, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    centre, spread = inputs.mean(0), inputs.std(0) + 1e-9
    standard = (inputs - centre) / spread

    def loss(p: Array) -> float:
        logit = standard @ p[:-1] + p[-1]
        nll = weights @ (np.logaddexp(0.0, logit) - target * logit) / weights.sum()
        return float(nll + RIDGE * (p[:-1] ** 2).sum() / 2)

    start = np.append(np.ones(inputs.shape[1]), 0.0)
    bounds = [(0.0, None)] * inputs.shape[1] + [(None, None)]
    best = minimize(loss, start, method="L-BFGS-B", bounds=bounds).x
    slopes = best[:-1] / spread
    return slopes, float(best[-1] - slopes @ centre)


def cross_fitted(inputs: Array, truth: NDArray[np.bool_], patients: Sequence[str]) -> Array:
    """Return each film's calibrated probability from a map that was fitted on the other patients.

    Parameters
    ----------
    inputs, truth
        As in `fit_platt`.
    patients
        The patient of each film.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    out = np.zeros(len(truth))
    for fit, test in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(inputs, truth, patients):
        slopes, bias = fit_platt(inputs[fit], truth[fit])
        out[test] = sigmoid(inputs[test] @ slopes + bias)
    return out


@dataclass(frozen=True, slots=True)
class Fit:
    """One label's map and threshold, and what they give on patients that the map hasn't seen.

    ``probability`` is ``(n,)``, cross-fitted; ``sensitivity`` and ``specificity`` are its own at the threshold.
    """

    slopes: Array
    bias: float
    threshold: float
    probability: Array
    sensitivity: float
    specificity: float

    def point(self, label: str, reliability: Reliability, auroc: tuple[float, float, float]) -> OperatingPoint:
        """Return the operating point, rounded as it is stored."""
        score, ratio = self.slopes
        point, low, high = auroc
        return OperatingPoint(
            label=label,
            reliability=reliability,
            weights=(round(float(score), 5), round(float(ratio), 5)),
            bias=round(self.bias, 5),
            threshold=round(self.threshold, 4),
            sensitivity=round(self.sensitivity, 3),
            specificity=round(self.specificity, 3),
            held_out_auroc=(round(point, 3), round(low, 3), round(high, 3)),
        )


def fit_label(inputs: Array, truth: NDArray[np.bool_], patients: Sequence[str], specificity: float) -> Fit:
    """Fit a label's map on all films, set its threshold, and measure both by cross-fitting.

    Parameters
    ----------
    inputs
        ``(n, 2)``: the label's score, and the cardiothoracic ratio's excess over 0.5 or zero.
    truth, patients
        As in `cross_fitted`.
    specificity
        Wanted share of films without the finding that don't fire.
    """
    probability = cross_fitted(inputs, truth, patients)
    slopes, bias = fit_platt(inputs, truth)
    threshold = threshold_at_specificity(sigmoid(inputs @ slopes + bias), truth, specificity)
    sensitivity, held = (probability[truth] >= threshold).mean(), (probability[~truth] < threshold).mean()
    return Fit(slopes, bias, threshold, probability, float(sensitivity), float(held))


def likelihood_ratio(sensitivity: float, specificity: float) -> float:
    """Return how much more often a label fires on films with the finding than on films without it."""
    return sensitivity / max(1.0 - specificity, 1e-6)


def sigmoid(logit: Array) -> Array:
    """Return the logistic function."""
    return np.asarray(expit(logit))


def reliability_of(
    auroc: tuple[float, float, float],
    margin: tuple[float, float, float],
    within: tuple[float, float, float] | None,
    *,
    positives: int,
    unseen: bool,
    likelihood_ratio: float,
) -> Reliability:
    """Return how far a label may be believed.

    ``assessed``: on films of a source or sampling that training never saw, with at least 20 positives, the AUROC is at
    least .80, its interval clears chance, the margin over the thumbnail baseline clears zero, and among abnormal films
    the interval clears chance too; a label that was never set against other diseases can't be. ``weak``: the interval
    clears chance, among abnormal films, where there are any, the point is at least .55, and the label fires at least
    twice as often on films with the finding as on films without it. Everything else is ``not_assessed``.

    Parameters
    ----------
    auroc, margin, within
        Point and 95% interval: of the label, of its margin over the thumbnail, and among abnormal films.
    positives
        Films with the finding.
    unseen
        Whether training saw no film of this source or sampling.
    likelihood_ratio
        Sensitivity over the share of false alarms, at the threshold.
    """
    if likelihood_ratio < MIN_LIKELIHOOD_RATIO:
        return "not_assessed"
    specific = within is not None and within[1] > 0.5
    strong = auroc[0] >= MIN_AUROC and auroc[1] > 0.5 and margin[1] > 0 and specific
    if strong and unseen and positives >= MIN_POSITIVES:
        return "assessed"
    return "weak" if auroc[1] > 0.5 and (within is None or within[0] >= MIN_WITHIN) else "not_assessed"


def expected_calibration_error(probability: Array, truth: NDArray[np.bool_], bins: int = 15) -> float:
    """Return the expected calibration error with equal-width bins (Guo et al. 2017, arXiv 1706.04599)."""
    place = np.minimum((probability * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    gap = np.abs(np.bincount(place, probability, bins) - np.bincount(place, truth.astype(float), bins))
    return float(gap.sum() / max(counts.sum(), 1))


def threshold_at_specificity(probability: Array, truth: NDArray[np.bool_], specificity: float) -> float:
    """Return the lowest threshold at which the share of negatives below it reaches ``specificity``."""
    return float(np.nextafter(np.quantile(probability[~truth], specificity, method="higher"), 1.0))
