"""``python -m chatcad eval nodules``: how far a network of its own comes with nodules, at 320 pixels.

It trains for `MINUTES` (resumable) on painted crops and is judged on real films: JSRT, which it never saw, and NIH's
held-out patients. It doesn't ship: see ``cad_models/training/nodules.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional

from cad_models.training.anatomies import Prepared, prepare
from cad_models.training.data import Film, films
from cad_models.training.nodules import FILM, STRIDE, NoduleNetwork, fit
from chatcad.config import Settings
from evaluation.baselines import thumbnail_features, thumbnail_scores
from evaluation.figures import Figure, figure, print_figures
from evaluation.statistics import auroc_interval, auroc_margin

MINUTES = 7.0
BATCH = 8
OUTSIDE = -20.0


def run(settings: Settings) -> dict[str, Any]:
    """Train, judge, print and return the figures."""
    torch.set_num_threads(1)
    network = fit(settings.data, minutes=MINUTES, work=settings.cache / "training")
    judged = [f for f in films(settings.data, ("jsrt", "nih")) if f.source == "jsrt" or f.split != "train"]
    figures: list[Figure] = []
    for source, labels in (("jsrt", ("Nodule",)), ("nih", ("Nodule", "Mass"))):
        figures += source_figures(network, [f for f in judged if f.source == source], labels)
    print_figures(figures)
    return {"network": "nodules", "minutes": MINUTES, "figures": figures}


def source_figures(network: NoduleNetwork, records: list[Film], labels: tuple[str, ...]) -> list[Figure]:
    """Return AUROC, that of the thumbnail, and the margin on one source."""
    prepared = prepare(records, FILM)
    truth = np.array([any(f.labels[label] for label in labels) for f in records])
    patients = [f.patient for f in records]
    scores = score(network, prepared)
    baseline = thumbnail_scores(np.stack([thumbnail_features(s) for s in prepared.squares]), truth, patients)
    on, what = f"{records[0].source} ({int(truth.sum())} with)", " or ".join(labels)
    return [
        figure(f"{what} at 320 pixels, AUROC", on, len(truth), auroc_interval(scores, truth, patients)),
        figure(f"{what}, AUROC of an 8×8 thumbnail", on, len(truth), auroc_interval(baseline, truth, patients)),
        figure(f"{what}, AUROC margin", on, len(truth), auroc_margin(scores, baseline, truth, patients)),
    ]


@torch.inference_mode()
def score(network: NoduleNetwork, prepared: Prepared) -> np.ndarray:
    """Return each film's highest logit inside the lungs, smoothed over 3×3 cells."""
    scores = []
    for start in range(0, len(prepared.squares), BATCH):
        part = slice(start, start + BATCH)
        films = torch.from_numpy(prepared.squares[part].astype(np.float32) / 255)[:, None]
        lungs = torch.from_numpy(prepared.masks[part, :2].any(axis=1).astype(np.float32))[:, None]
        inside = functional.max_pool2d(lungs, STRIDE) > 0.5
        cells = functional.avg_pool2d(network(films), 3, 1, 1).masked_fill(~inside, OUTSIDE)
        scores.append(cells.flatten(1).amax(1).numpy())
    return np.concatenate(scores).astype(np.float64)
