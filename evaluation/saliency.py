"""``python -m chatcad eval saliency``: whether maps point at the disease, and depend on what was learnt.

The pointing game (Zhang et al. 2016, arXiv 1608.00507, without a margin) asks whether a map's peak lies in the box
that a radiologist drew. Model randomisation (Adebayo et al. 2018, arXiv 1810.03292) replaces the weights from the
output downwards: a map that stays the same shows the picture's edges and not the network.
"""

from __future__ import annotations

import copy
import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr
from torch import nn

from cad_models import registry
from cad_models.classifier import MAP_SIZE, Classifier, thorax_region
from cad_models.gradcam import grad_cam
from cad_models.labels import LABELS
from cad_models.saliency import peak
from cad_models.training.calibrate import load_classifier
from cad_models.training.data import Film, films
from chatcad.config import Settings
from evaluation.cohorts import Scored, score_films
from evaluation.figures import Figure, figure, print_figures
from evaluation.statistics import mean

BOX_SIDE = 1024
BOX_LABELS = {
    "Pneumonia": "Lung Opacity", "Infiltrate": "Lung Opacity", "Infiltration": "Lung Opacity", "Effusion": "Effusion",
    "Atelectasis": "Atelectasis", "Cardiomegaly": "Cardiomegaly", "Mass": "Mass", "Nodule": "Nodule",
    "Pneumothorax": "Pneumothorax",
}  # fmt: skip

SEEDS = range(5)
"""A random network has maps too, and one draw may resemble the trained ones by chance."""

Maps = NDArray[np.float32]
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """One box with its film; ``x, y, w, h`` are fractions of the film."""

    film: Film
    label: str
    x: float
    y: float
    w: float
    h: float

    def holds(self, place: Place) -> bool:
        """Return whether a row and column, as fractions, lie inside."""
        row, column = place
        return self.x <= column <= self.x + self.w and self.y <= row <= self.y + self.h

    def share_of(self, region: NDArray[np.bool_]) -> float:
        """Return the share of a region's cells that lie inside: what a peak drawn at random would hit."""
        middle = (np.arange(MAP_SIZE) + 0.5) / MAP_SIZE
        rows = (middle >= self.y) & (middle <= self.y + self.h)
        columns = (middle >= self.x) & (middle <= self.x + self.w)
        return float((rows[:, None] & columns[None] & region).sum() / region.sum())


def run(settings: Settings) -> dict[str, Any]:
    """Measure, print and return the figures."""
    network, boxes = load_classifier(), read_boxes(settings.data)
    scored = score_films(network, [b.film for b in boxes])
    regions, labels = regions_of(scored), [LABELS.index(b.label) for b in boxes]
    squares = scored.prepared.squares.astype(np.float32) / np.float32(255)
    figures = [
        *pointing_figures(network, boxes, scored, squares),
        *randomisation_figures(network, squares, regions, labels, [b.film.patient for b in boxes]),
    ]
    print_figures(figures)
    return {"network": "classifier", "sha256": registry.get("classifier").sha256, "figures": figures}


def read_boxes(data: Path) -> list[Box]:
    """Return the boxes of the NIH films at hand, of labels that the classifier has."""
    by_key = {f.image.stem: f for f in films(data, ["nih"])}
    with (data / "nih_boxes_1024px.csv").open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["finding"] in BOX_LABELS and Path(r["image_index"]).stem in by_key]
    return [
        Box(by_key[Path(r["image_index"]).stem], BOX_LABELS[r["finding"]], *(float(r[k]) / BOX_SIDE for k in "xywh"))
        for r in rows
    ]


def regions_of(scored: Scored) -> NDArray[np.bool_]:
    """Return the thorax of each film on the maps' grid."""
    return np.stack([thorax_region(m[0], m[1]) for m in scored.prepared.masks])


def pointing_game(network: Classifier, data: Path) -> Figure:
    """Return how often the strongest evidence lies inside the radiologist's box; chance is the box's share."""
    boxes = read_boxes(data)
    scored = score_films(network, [b.film for b in boxes])
    regions, patients = regions_of(scored), [b.film.patient for b in boxes]
    hit = _hits(boxes, _peaks(_evidence(boxes, scored), regions))
    chance = np.mean([b.share_of(r) for b, r in zip(boxes, regions, strict=True)])
    interval = mean(hit, patients)
    what = f"peak of the map inside the box (chance: {chance:.3f})"
    return figure(what, "NIH boxes", len(hit), interval, headline=True)


def pointing_figures(network: Classifier, boxes: Sequence[Box], scored: Scored, squares: Maps) -> list[Figure]:
    """Return the pointing game of every kind of map and baseline, and the evidence's margin over the best baseline."""
    regions, labels = regions_of(scored), [LABELS.index(b.label) for b in boxes]
    patients = [b.film.patient for b in boxes]
    chance = np.array([b.share_of(r) for b, r in zip(boxes, regions, strict=True)])
    rows = {
        "evidence map": _hits(boxes, _peaks(_evidence(boxes, scored), regions)),
        "Grad-CAM, joined map": _hits(boxes, _peaks(grad_cam(network, squares, regions, labels, "joined"), regions)),
        "Grad-CAM, deepest map": _hits(boxes, _peaks(grad_cam(network, squares, regions, labels, "deepest"), regions)),
        "middle of the fuller lung": _hits(boxes, [lung_middle(m) for m in scored.prepared.masks]),
        "middle of the thorax": _hits(boxes, [_middle(r) for r in regions]),
        "a place at random in the thorax": chance,
    }
    best = max((rows["middle of the fuller lung"], rows["middle of the thorax"], chance), key=lambda r: float(r.mean()))
    rows["evidence map, margin over the best baseline"] = rows["evidence map"] - best
    return [
        figure(f"pointing game: {name}", "NIH boxes", len(r), mean(r, patients), headline=name == "evidence map")
        for name, r in rows.items()
    ]


def randomisation_figures(
    network: Classifier, squares: Maps, regions: NDArray[np.bool_], labels: Sequence[int], patients: Sequence[str]
) -> list[Figure]:
    """Return the rank correlation of each map with the trained network's while its weights are drawn anew, top down."""
    makers: dict[str, Callable[[Classifier], Maps]] = {
        "evidence map": lambda n: _evidence_of(n, squares, regions, labels),
        "Grad-CAM, deepest map": lambda n: grad_cam(n, squares, regions, labels, "deepest"),
    }
    trained = {name: make(network) for name, make in makers.items()}
    found: dict[str, list[list[float]]] = {}
    for seed in SEEDS:
        for depth, spoilt in cascade(network, seed):
            for name, make in makers.items():
                alike = [_alike(*trio) for trio in zip(trained[name], make(spoilt), regions, strict=True)]
                found.setdefault(f"{name}, correlation with weights random down to {depth}", []).append(alike)
    means = {what: np.mean(draws, axis=0) for what, draws in found.items()}
    on = f"films of the NIH boxes, mean of {len(SEEDS)} draws"
    return [figure(what, on, len(m), mean(m, patients)) for what, m in means.items()]


def cascade(network: Classifier, seed: int = 0) -> Iterator[tuple[str, Classifier]]:
    """Yield the network with more and more of its layers drawn anew, from the output to the input."""
    torch.manual_seed(seed)
    spoilt = copy.deepcopy(network).eval()
    for name, part in _from_the_top(spoilt):
        layers = [m for m in part.modules() if isinstance(m, (nn.Conv2d, nn.Linear, nn.BatchNorm2d))]
        for layer in layers:
            layer.reset_parameters()
        if layers:
            yield name, spoilt


def _from_the_top(module: nn.Module, inside: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield a network's parts against the order in which it has them; the encoder and lists part by part."""
    for name, part in reversed(list(module.named_children())):
        full = f"{inside}{name}"
        if name == "encoder" or isinstance(part, nn.ModuleList):
            yield from _from_the_top(part, f"{full}.")
        else:
            yield full, part


def _evidence(boxes: Sequence[Box], scored: Scored) -> Maps:
    return np.stack([m[LABELS.index(b.label)] for b, m in zip(boxes, scored.maps, strict=True)]).astype(np.float32)


def _evidence_of(network: Classifier, squares: Maps, regions: NDArray[np.bool_], labels: Sequence[int]) -> Maps:
    with torch.inference_mode():
        _, maps = network(torch.from_numpy(squares)[:, None], torch.from_numpy(regions)[:, None])
    return np.stack([m[label] for m, label in zip(maps.numpy(), labels, strict=True)])


def _alike(trained: Maps, spoilt: Maps, region: NDArray[np.bool_]) -> float:
    """Return the rank correlation inside the thorax; a map without any contrast is unlike everything."""
    a, b = trained[region], spoilt[region]
    return 0.0 if np.ptp(a) == 0 or np.ptp(b) == 0 else float(spearmanr(a, b).statistic)


def _peaks(maps: Maps, regions: NDArray[np.bool_]) -> list[Place]:
    return [peak(m, r) for m, r in zip(maps, regions, strict=True)]


def _hits(boxes: Sequence[Box], places: Sequence[Place]) -> NDArray[np.float64]:
    return np.array([b.holds(p) for b, p in zip(boxes, places, strict=True)], dtype=float)


def lung_middle(masks: NDArray[np.bool_]) -> Place:
    """Return the middle of the larger lung: a guess that knows anatomy and no disease."""
    return _middle(max(masks[:2], key=lambda lung: int(lung.sum())))


def _middle(mask: NDArray[np.bool_]) -> Place:
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return 0.5, 0.5
    return (float(rows.mean()) + 0.5) / mask.shape[0], (float(columns.mean()) + 0.5) / mask.shape[1]
