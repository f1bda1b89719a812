"""The statistics of the benchmarks: AUROC, shares, and their 95% intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, rankdata

Array = NDArray[np.float64]
Truth = NDArray[np.bool_]
Interval = tuple[float, float, float]


def share(hits: int, n: int) -> Interval:
    """Return a share of ``n`` cases with its 95% Wilson interval, which stays honest at 0 and at 1; NaN of none."""
    if n == 0:
        return float("nan"), float("nan"), float("nan")
    interval = binomtest(hits, n).proportion_ci(method="wilson")
    return hits / n, float(interval.low), float(interval.high)


def auroc(scores: Array, truth: Truth) -> float:
    """Return the area under the ROC curve (Mann-Whitney, ties count half), NaN when one class is missing."""
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if positives == 0 or negatives == 0:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def bootstrap(
    statistic: Callable[[NDArray[np.intp]], float], patients: Sequence[str], times: int = 1000, seed: int = 0
) -> Interval:
    """Return a statistic with its 95% interval; patients, not films, are drawn with replacement.

    Parameters
    ----------
    statistic
        Of an array of film indices, with repeats; NaN draws are left out.
    patients
        The patient of each film.
    times, seed
        Of the resampling.

    Returns
    -------
    point, low, high
        The point is the statistic of the films as they are.
    """
    _, group = np.unique(np.asarray(patients), return_inverse=True)
    order = np.argsort(group, kind="stable")
    films_of = np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
    rng = np.random.default_rng(seed)
    draws = [
        statistic(np.concatenate([films_of[i] for i in rng.integers(0, len(films_of), len(films_of))]))
        for _ in range(times)
    ]
    low, high = np.nanpercentile(draws, (2.5, 97.5))
    return statistic(np.arange(len(group))), float(low), float(high)


def auroc_interval(scores: Array, truth: Truth, patients: Sequence[str]) -> Interval:
    """Return the AUROC with its 95% interval by patient."""
    return bootstrap(lambda i: auroc(scores[i], truth[i]), patients)


def auroc_margin(scores: Array, baseline: Array, truth: Truth, patients: Sequence[str]) -> Interval:
    """Return the paired difference of two AUROCs on the same films, with its 95% interval by patient."""
    return bootstrap(lambda i: auroc(scores[i], truth[i]) - auroc(baseline[i], truth[i]), patients)
