"""Precision, recall and F1 of findings over reports, with 95% bootstrap intervals by patient.

A cell is one label of one film; cells that the film's source doesn't state are left out. A ratio of nothing is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics import Interval

Cells = NDArray[np.bool_]
Counts = NDArray[np.float64]
TIMES, SEED = 1000, 0


@dataclass(frozen=True)
class Truth:
    """What the sources state of each film: ``values`` and ``known`` are ``(films, labels)``."""

    labels: tuple[str, ...]
    values: Cells
    known: Cells
    patients: tuple[str, ...]

    def part(self, films: Sequence[int]) -> Truth:
        """Return the truth of some of the films."""
        chosen = list(films)
        patients = tuple(self.patients[i] for i in chosen)
        return Truth(self.labels, self.values[chosen], self.known[chosen], patients)

    def support(self, label: str) -> tuple[int, int]:
        """Return how many films state a label, and how many of them have it."""
        k = self.labels.index(label)
        return int(self.known[:, k].sum()), int((self.values & self.known)[:, k].sum())


class Scores:
    """The counts behind all figures of one writer: as they are, and of each bootstrap draw.

    Parameters
    ----------
    said
        ``(films, labels)``: what the writer's reports flag.
    truth
        Of the same films.
    """

    def __init__(self, said: Cells, truth: Truth) -> None:
        self._labels = truth.labels
        counted = said & truth.known
        cells = np.stack([counted & truth.values, counted, truth.values & truth.known], axis=-1).astype(np.float64)
        _, group = np.unique(np.asarray(truth.patients), return_inverse=True)
        by_patient = np.zeros((int(group.max()) + 1, *cells.shape[1:]))
        np.add.at(by_patient, group, cells)
        n = len(by_patient)
        weights = np.random.default_rng(SEED).multinomial(n, np.full(n, 1 / n), TIMES).astype(np.float64)
        drawn = np.tensordot(weights, by_patient, axes=1)
        self._counts: Counts = np.concatenate([by_patient.sum(axis=0)[None], drawn])  # row 0: the films as they are

    def of_label(self, label: str) -> tuple[Interval, Interval, Interval]:
        """Return precision, recall and F1 of one label."""
        hits, said, true = np.moveaxis(self._counts[:, self._labels.index(label)], -1, 0)
        return _interval(_ratio(hits, said)), _interval(_ratio(hits, true)), _interval(_ratio(2 * hits, said + true))

    def micro(self, labels: Sequence[str]) -> tuple[Interval, Interval, Interval]:
        """Return precision, recall and F1 over the cells of several labels together."""
        hits, said, true = np.moveaxis(self._counts[:, self._columns(labels)].sum(axis=1), -1, 0)
        return _interval(_ratio(hits, said)), _interval(_ratio(hits, true)), _interval(_ratio(2 * hits, said + true))

    def macro(self, labels: Sequence[str]) -> Interval:
        """Return the mean of the labels' F1."""
        hits, said, true = np.moveaxis(self._counts[:, self._columns(labels)], -1, 0)
        return _interval(_ratio(2 * hits, said + true).mean(axis=1))

    def _columns(self, labels: Sequence[str]) -> list[int]:
        return [self._labels.index(label) for label in labels]


def _ratio(hits: Counts, of: Counts) -> Counts:
    return np.divide(hits, of, out=np.zeros_like(hits), where=of > 0)


def _interval(values: Counts) -> Interval:
    low, high = np.percentile(values[1:], (2.5, 97.5))
    return float(values[0]), float(low), float(high)
