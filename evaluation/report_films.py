"""The labelled films of `evaluation.report`: which, what their sources state, and what the networks said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cad_models.training.data import NIH_LABELS, Film, read_pixels
from chatcad import checking, findings
from chatcad.errors import ImageRefused, UsageError
from chatcad.scale.networks import Networks
from chatcad.types import Radiograph, Study
from evaluation.cohorts import judged_films
from evaluation.finding_scores import Truth
from evaluation.statistics import evenly

WANTED = {"nih": 110, "nih64": 120, "shenzhen": 20, "montgomery": 20, "jsrt": 20}
"""Films drawn evenly of each source; of patients that trained nothing."""

FIVE = ("Cardiomegaly", "Edema", "Consolidation", "Atelectasis", "Effusion")
"""The findings of ChatCAD's table 1 (arXiv 2302.07257)."""

STATED = (*NIH_LABELS, "Tuberculosis")
FEWEST = 5
"""Films with a label that it needs for figures of its own."""


@dataclass(frozen=True, slots=True)
class Read:
    """One film read: its facts with the checked draft, and the draft as the drafter in use wrote it."""

    film: Film
    study: Study
    raw_draft: str


def drawn(data: Path) -> list[Film]:
    """Return the films, evenly drawn from each source.

    Raises
    ------
    UsageError
        The data folder is missing.
    """
    if not (data / "nih_manifest.csv").is_file():
        raise UsageError(f"{data} holds no films: set CHATCAD_DATA to the data folder")
    chosen: list[Film] = []
    records = [f for f in judged_films(data) if f.source in {"nih", "nih64"} or f.split == "test"]
    for source, wanted in WANTED.items():
        chosen += evenly([f for f in records if f.source == source], wanted)
    return chosen


def read(films: Sequence[Film], reader: Networks) -> list[Read]:
    """Read films as they come from a file without a header; those that the gate refuses are left out."""
    radiographs = [Radiograph(read_pixels(f), sha256="") for f in films]
    kept = []
    for film, radiograph, reading in zip(films, radiographs, reader.read_many(radiographs), strict=True):
        if not isinstance(reading, ImageRefused):
            study = checking.check_draft(findings.interpret(radiograph, reading), {})
            kept.append(Read(film, study, reading.draft))
    return kept


def truth_of(films: Sequence[Film]) -> Truth:
    """Return what the sources state; a label that a source doesn't state is unknown there, not absent."""
    known = np.array([[label in f.labels for label in STATED] for f in films])
    values = np.array([[f.labels.get(label, False) for label in STATED] for f in films])
    return Truth(STATED, values, known, tuple(f.patient for f in films))


def judged_labels(truth: Truth) -> tuple[str, ...]:
    """Return the labels that enough films have."""
    return tuple(label for label in truth.labels if truth.support(label)[1] >= FEWEST)
