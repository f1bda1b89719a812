"""How well painted disease is seen, on normal films of patients that training never saw: the upper bound.

The distance between these figures and those of real films is what painting doesn't carry over.
"""

from __future__ import annotations

import numpy as np
import torch

from cad_models.classifier import Classifier, thorax_region
from cad_models.labels import LABELS
from cad_models.training.data import NO_FINDING
from cad_models.training.painting.canvas import Anatomy
from cad_models.training.painting.pairs import paint_pair
from evaluation.cohorts import Scored
from evaluation.figures import Figure, figure
from evaluation.statistics import auroc_interval

PAIRS = 240


def painted_figures(network: Classifier, scored: Scored) -> list[Figure]:
    """Return each label's AUROC over painted pairs, with intervals by patient of the normal film.

    Parameters
    ----------
    network
        In evaluation mode.
    scored
        All judged films; the normal ones of NIH and Shenzhen are painted.
    """
    rng = np.random.default_rng(5)
    normal = [
        i
        for i, f in enumerate(scored.films)
        if f.source in {"nih", "shenzhen"} and (f.labels.get(NO_FINDING) or f.labels.get("Tuberculosis") is False)
    ]
    scores, targets, patients = [], [], []
    for index in rng.choice(normal, PAIRS):
        film = scored.prepared.squares[index].astype(np.float32) / 255.0
        members = paint_pair(film, Anatomy(*scored.prepared.masks[index]), rng)
        regions = np.stack([thorax_region(m.anatomy.right, m.anatomy.left) for m in members])
        with torch.inference_mode():
            films = torch.from_numpy(np.stack([m.film for m in members]))[:, None]
            out, _ = network(films, torch.from_numpy(regions)[:, None])
        scores += list(out.numpy().astype(np.float64))
        targets += [m.targets for m in members]
        patients += [scored.films[index].patient] * 2
    return _figures(np.stack(scores), np.stack(targets), np.array(patients))


def _figures(scores: np.ndarray, targets: np.ndarray, patients: np.ndarray) -> list[Figure]:
    found = []
    for column, label in enumerate(LABELS):
        known = ~np.isnan(targets[:, column])
        truth = targets[known, column] > 0.5
        interval = auroc_interval(scores[known, column], truth, [str(p) for p in patients[known]])
        found.append(figure(f"{label}, AUROC", f"painted pairs ({int(truth.sum())} with)", len(truth), interval))
    return found
