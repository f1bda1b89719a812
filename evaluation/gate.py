"""What the gate accepts and refuses, on patients and pictures that its training has not seen."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cad_models import anatomy, registry
from cad_models.film_quality import remarks
from cad_models.gate import REASONS, FilmGate, blank
from cad_models.preprocess import to_square
from cad_models.segmenter import SIZE, Segmenter
from cad_models.segmenter import run as run_network
from cad_models.training.data import Film, films
from cad_models.training.gate import TURNED, Pictures, lot, ood, remade
from cad_models.training.heads import PER_SOURCE, evenly, features_of, squares
from cad_models.training.pictures import Picture, bordered, cut, photographed
from chatcad.config import Settings
from chatcad.errors import ImageRefused
from chatcad.imaging import load
from chatcad.types import Gate
from evaluation.figures import Figure, figure, print_figures
from evaluation.statistics import share_by_patient

SEED = 4
REMARKS = {
    "cut off": "cut off",
    "plain black": "burnt to black",
    "plain white": "washed to white",
    "few of its": "flat",
}


def run(settings: Settings) -> dict[str, Any]:
    """Measure, print and return the figures."""
    network, gate = registry.load("segmenter"), registry.load("gate")
    tested, foreign = lot(network, settings.data, "test"), ood(network, settings.data)
    judged = judge(gate, tested)
    records = evenly([f for f in films(settings.data) if f.split == "test"], PER_SOURCE)
    figures = [
        *share_figures("frontal films accepted", tested, judged, "frontal", accepted=True),
        *share_figures("other pictures refused", tested, judged, "other", accepted=False),
        *(f for c in TURNED for f in share_figures("spoilt films refused", tested, judged, c, accepted=False)),
        *share_figures("real foreign pictures refused (ood)", foreign, judge(gate, foreign), "other", accepted=False),
        *reason_figures(tested, judged),
        *remade_figures(network, gate, records),
        *photograph_figures(gate, tested, "films as they are"),
        *dicom_figures(network, gate, settings),
        *remark_figures(network, records),
    ]
    print_figures(figures)
    return {"network": "gate", "sha256": registry.get("gate").sha256, "figures": figures}


def judge(gate: FilmGate, pictures: Pictures) -> list[Gate]:
    """Return the gate's word on each picture."""
    return [gate.judge(features[None]) for features in pictures.features]


def share_figures(what: str, pictures: Pictures, judged: list[Gate], truth: str, *, accepted: bool) -> list[Figure]:
    """Return the share of a class that is accepted (or refused), all kinds together and each by itself."""
    members = [i for i, c in enumerate(pictures.classes) if c == truth]
    groups = {"all": members} | {
        kind: [i for i in members if pictures.kinds[i] == kind] for kind in sorted({pictures.kinds[i] for i in members})
    }
    if len(groups) == 2:
        del groups["all"]
    figures = []
    for kind, chosen in groups.items():
        right = np.array([judged[i].accepted == accepted for i in chosen], dtype=bool)
        interval = share_by_patient(right, [pictures.patients[i] for i in chosen])
        figures.append(figure(what, kind, len(right), interval, headline=kind == "all"))
    return figures


def reason_figures(pictures: Pictures, judged: list[Gate]) -> list[Figure]:
    """Return how often a refused turned or inverted film gets the right reason."""
    figures = []
    for name in TURNED:
        refused = [i for i, c in enumerate(pictures.classes) if c == name and not judged[i].accepted]
        right = np.array([judged[i].reason == REASONS[name] for i in refused], dtype=bool)
        interval = share_by_patient(right, [pictures.patients[i] for i in refused])
        figures.append(figure("right reason when refused", name, len(right), interval))
    return figures


def remade_figures(network: Segmenter, gate: FilmGate, records: list[Film]) -> list[Figure]:
    """Return what becomes of every test film cut, bordered, or photographed from a screen."""
    figures = []
    for maker, what in (
        (cut, "films cut at one edge accepted"),
        (bordered, "films in heavy borders accepted"),
        (photographed, "films photographed from a screen accepted"),
    ):
        made = remade(network, records, maker, "frontal", SEED)
        figures += share_figures(what, made, judge(gate, made), "frontal", accepted=True)
    return [*figures, *photograph_figures(gate, made, "photographed from a screen")]


def photograph_figures(gate: FilmGate, pictures: Pictures, on: str) -> list[Figure]:
    """Return how often films are remarked on as photographed."""
    chosen = [i for i, c in enumerate(pictures.classes) if c == "frontal"]
    said = np.array([bool(gate.remarks(pictures.features[i][None])) for i in chosen], dtype=bool)
    interval = share_by_patient(said, [pictures.patients[i] for i in chosen])
    return [figure("remarked on as photographed", on, len(said), interval)]


def dicom_figures(network: Segmenter, gate: FilmGate, settings: Settings) -> list[Figure]:
    """Return how many DICOM files of other body parts, of an animal, or inverted are refused, by loader or gate."""
    with (settings.data / "dicom_manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if not r["kind"].startswith("chest")]
    files = [settings.data / "dicom" / r["file"] for r in rows]
    right = np.array([_refused(network, gate, file, settings) for file in files], dtype=bool)
    interval = share_by_patient(right, [f.name for f in files])
    return [figure("DICOM files refused", "other body parts, an animal, inverted, damaged", len(rows), interval)]


def _refused(network: Segmenter, gate: FilmGate, file: Path, settings: Settings) -> bool:
    try:
        film = load(file, max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
    except ImageRefused:
        return True
    return (
        blank(film.pixels) is not None or not gate.judge(features_of(network, [to_square(film.pixels, SIZE)])).accepted
    )


def remark_figures(network: Segmenter, records: list[Film]) -> list[Figure]:
    """Return how often a film is remarked on as cut off or badly exposed: as it is, cut, and with its greys clipped."""
    rng, patients = np.random.default_rng(SEED), [f.patient for f in records]
    spoilt: dict[str, Callable[[Picture], Picture]] = {
        "films as they are": lambda s: s,
        "cut at one edge": lambda s: cut(s, rng),
        "dark half clipped to black": lambda s: np.clip((s - 0.5) * 2, 0, 1),
        "bright half clipped to white": lambda s: np.clip(s * 2, 0, 1),
        "greys in a tenth of the range": lambda s: 0.45 + 0.1 * s,
    }
    figures = []
    for kind, spoil in spoilt.items():
        said = [" ".join(_remarks(network, spoil(s).astype(np.float32))) for s in squares(records)]
        for word, what in REMARKS.items():
            hit = np.array([word in text for text in said], dtype=bool)
            figures.append(figure(f"remarked on as {what}", kind, len(hit), share_by_patient(hit, patients)))
    return figures


def _remarks(network: Segmenter, picture: Picture) -> tuple[str, ...]:
    square = to_square(picture, SIZE)
    _, _, logits = run_network(network, square)
    cleaned = anatomy.clean(logits.sigmoid()[0].numpy())
    return remarks(picture, square, anatomy.masks_on_grid(cleaned, SIZE, SIZE))
