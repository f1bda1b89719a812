"""The statistics of the benchmarks: AUROC, shares, means, their 95% intervals, and even samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest, rankdata

Array = NDArray[np.float64]
Truth = NDArray[np.bool_]
Interval = tuple[float, float, float]
T = TypeVar("T")


def share(hits: int, n: int) -> Interval:
    """Return a share of ``n`` cases with its 95% Wilson interval, which stays honest at 0 and at 1; NaN of none."""
    if n == 0:
        return float("nan"), float("nan"), float("nan")
    interval = binomtest(hits, n).proportion_ci(method="wilson")
    return hits / n, float(interval.low), float(interval.high)


def share_of(outcomes: Iterable[bool]) -> tuple[int, Interval]:
    """Return how many independent outcomes there are, and the share of them that holds."""
    found = list(outcomes)
    return len(found), share(sum(found), len(found))


def evenly(items: Sequence[T], most: int) -> list[T]:
    """Return at most so many of the items, evenly drawn over their order."""
    count = min(most, len(items))
    return [items[i * len(items) // count] for i in range(count)]


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


def mean(values: NDArray[np.float64], patients: Sequence[str] | None = None) -> Interval:
    """Return a mean with its 95% interval by patient; without patients each value is one's own."""
    groups = [str(n) for n in range(len(values))] if patients is None else patients
    return bootstrap(lambda i: float(values[i].mean()), groups)


def median(values: ArrayLike, groups: Sequence[str] | None = None) -> Interval:
    """Return a median with its 95% interval by group; without groups each value is one's own."""
    found = np.asarray(values)
    return bootstrap(lambda i: float(np.median(found[i])), groups or [str(n) for n in range(len(found))])


def share_by_patient(hits: Truth, patients: Sequence[str]) -> Interval:
    """Return a share with its 95% interval by patient.

    Where all films agree, no draw differs from another, and the interval is Wilson's for as many cases as patients.
    """
    if len(hits) and hits.all() == hits.any():
        people = len(set(patients))
        return share(people if hits.all() else 0, people)
    return mean(hits.astype(np.float64), patients)


def auroc_interval(scores: Array, truth: Truth, patients: Sequence[str]) -> Interval:
    """Return the AUROC with its 95% interval by patient."""
    return bootstrap(lambda i: auroc(scores[i], truth[i]), patients)


def auroc_margin(scores: Array, baseline: Array, truth: Truth, patients: Sequence[str]) -> Interval:
    """Return the paired difference of two AUROCs on the same films, with its 95% interval by patient."""
    return bootstrap(lambda i: auroc(scores[i], truth[i]) - auroc(baseline[i], truth[i]), patients)
