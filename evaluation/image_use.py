"""Does the report come from the image? It must change when the film is another one, or is blank.

LLaVA-Med gave the same answers for noise (its issue 130). A blank picture that the gate refuses counts as a change, and
is counted apart: behind the gate, the networks are given the blank with the film's own outlines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from cad_models import registry
from chatcad.errors import ImageRefused
from chatcad.scale.networks import Networks
from chatcad.types import Masks, Radiograph
from evaluation.figures import Figure, figure
from evaluation.labeller import label_report
from evaluation.report_films import Read
from evaluation.statistics import evenly, share

BLANKED = 40

Names = Mapping[registry.Task, str]


def image_use(read: Sequence[Read], reports: Sequence[str], reader: Networks, names: Names) -> list[Figure]:
    """Return the shares of reports that change, by what was done to the image; ``names`` are the networks in use."""
    return [*swapped(read, reports), *blanked(evenly(read, BLANKED), reader, names)]


def swapped(read: Sequence[Read], reports: Sequence[str]) -> list[Figure]:
    """Return how many reports change, in words and in labels, when another patient's film is read."""
    half = len(reports) // 2
    pairs = [
        (one, reports[(i + half) % len(reports)])
        for i, one in enumerate(reports)
        if read[i].film.patient != read[(i + half) % len(reports)].film.patient
    ]
    words = sum(a != b for a, b in pairs)
    labels = sum(label_report(a) != label_report(b) for a, b in pairs)
    return [
        _figure("words change", "film swapped", words, len(pairs)),
        _figure("labels change", "film swapped", labels, len(pairs)),
    ]


def blanked(read: Sequence[Read], reader: Networks, names: Names) -> list[Figure]:
    """Return how many blank films the gate refuses, and how many drafts change where the gate is passed by."""
    classifier, drafter = registry.load(names["classifier"]), registry.load(names["reporter"])

    def draft(film: Radiograph, masks: Masks) -> str:
        labels = classifier.read_labels(film, masks, "unknown")
        return str(drafter.draft(film, masks, "unknown", labels))

    figures = []
    for name, pixels in (("grey", _grey), ("noise", _noise)):
        blanks = [replace(r.study.radiograph, pixels=pixels(r.study.radiograph)) for r in read]
        refused = sum(isinstance(outcome, ImageRefused) for outcome in reader.read_many(blanks))
        figures.append(_figure("refused by the gate, so changed", f"{name} instead of the film", refused, len(blanks)))
        outlined = [(r.study.radiograph, b, r.study.masks) for r, b in zip(read, blanks, strict=True) if r.study.masks]
        changed = sum(draft(film, masks) != draft(blank, masks) for film, blank, masks in outlined)
        figures.append(_figure("draft changes behind the gate", f"{name} instead of the film", changed, len(outlined)))
    return figures


def _grey(film: Radiograph) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.full((film.height, film.width), 0.5, dtype=np.float32)


def _noise(film: Radiograph) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.random.default_rng(0).random((film.height, film.width), dtype=np.float32)


def _figure(what: str, on: str, hits: int, n: int) -> Figure:
    return figure(f"image use: {what}", on, n, share(hits, n))
