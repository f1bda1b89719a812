"""Whether the films of these days give the scores that the reference films gave: one histogram a label and day.

It keeps counts of scores in ten bins, and nothing of any film. The bins are the tenths of the reference films' scores
(``cad_models/training/score_reference.py``), so each holds a tenth of the films as long as nothing changes. They are
compared by the population stability index, whose customary bounds are 0.1 and 0.2 (Siddiqi, Credit Risk Scorecards,
2006; Yurdakul and Naranjo, J Risk Model Validation 2020). A shift says that films, patients or machine are others than
those that the probabilities were measured on. It doesn't say that the probabilities are wrong; nor does its absence say
that they are right.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from filelock import FileLock
from numpy.typing import ArrayLike, NDArray

from chatcad.config import ROOT, Settings
from chatcad.types import Study

REFERENCE = ROOT / "cad_models" / "weights" / "scores.json"
BINS = 10
ALARM = 0.2
LEAST_FILMS = 200
"""Films from which an index is judged: ``eval drift`` tells the share of false alarms there."""
DAYS = 30
_LOCK_SECONDS = 2

Verdict = Literal["alarm", "ok", "too few"]


@dataclass(frozen=True)
class Reference:
    """Percentiles (0 to 100) of the reference films' probabilities by label, for one classifier's weights."""

    weights_sha256: str
    films: int
    percentiles: Mapping[str, tuple[float, ...]]

    @classmethod
    def load(cls, file: Path = REFERENCE) -> Self:
        """Read what ships with the weights."""
        stored = json.loads(file.read_text(encoding="utf-8"))
        return cls(stored["weights_sha256"], stored["films"], {k: tuple(v) for k, v in stored["percentiles"].items()})

    @cached_property
    def edges(self) -> dict[str, NDArray[np.float64]]:
        """The inner edges of the bins of each label."""
        return {label: edges_of(values) for label, values in self.percentiles.items()}


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a label's scores have moved: ``psi`` over ``films``, and what that means."""

    label: str
    films: int
    psi: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Watch:
    """Counts below one folder; many threads and processes may count."""

    folder: Path
    reference: Reference

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the watch of an installation."""
        return cls(settings.cache / "drift", Reference.load())

    def count(self, study: Study, day: datetime.date | None = None) -> None:
        """Count a film's scores; those of other weights or of a local calibration have no reference.

        Raises
        ------
        OSError
            The count can't be written (``filelock.Timeout`` is one).
        """
        weights = study.run.weights_sha256
        if weights.get("classifier") != self.reference.weights_sha256 or "calibration" in weights:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self._file(day or datetime.datetime.now(datetime.UTC).date())
        with FileLock(self.folder / "lock", timeout=_LOCK_SECONDS):
            counts = _read(file)
            for finding in study.findings:
                edges = self.reference.edges.get(finding.label)
                if edges is not None and finding.probability is not None:
                    counts.setdefault(finding.label, [0] * BINS)[int(np.searchsorted(edges, finding.probability))] += 1
            new = file.with_suffix(".new")
            new.write_text(json.dumps(counts), encoding="utf-8")
            new.replace(file)

    def drifts(self, days: int = DAYS, today: datetime.date | None = None) -> tuple[Drift, ...]:
        """Compare the last days, today among them, with the reference."""
        last = today or datetime.datetime.now(datetime.UTC).date()
        stored = [_read(self._file(last - datetime.timedelta(days=ago))) for ago in range(days)]
        return tuple(_judged(label, [day[label] for day in stored if label in day]) for label in self.reference.edges)

    def _file(self, day: datetime.date) -> Path:
        """Return a day's file; the weights are in its name, since their bins aren't those of others."""
        return self.folder / f"{day.isoformat()}-{self.reference.weights_sha256[:12]}.json"


def edges_of(percentiles: ArrayLike) -> NDArray[np.float64]:
    """Return the nine edges between tenths, of 101 percentiles."""
    return np.asarray(percentiles, dtype=np.float64)[10:100:10]


def psi(counts: ArrayLike) -> float:
    """Return the population stability index of ten bins of which the reference has a tenth each.

    Half a film is added to each bin, so that an empty one doesn't make it infinite.
    """
    shares = np.asarray(counts, dtype=np.float64) + 0.5
    shares /= shares.sum()
    return float(((shares - 1 / BINS) * np.log(shares * BINS)).sum())


def _judged(label: str, days: list[list[int]]) -> Drift:
    counts = np.sum([[0] * BINS, *days], axis=0)
    films, value = int(counts.sum()), psi(counts)
    if films < LEAST_FILMS:
        return Drift(label, films, value, "too few")
    return Drift(label, films, value, "alarm" if value > ALARM else "ok")


def _read(file: Path) -> dict[str, Any]:
    """Return a day's counts; a damaged file counts as none."""
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
