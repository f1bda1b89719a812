"""What the gate's and the view head's trainings share: features of many pictures, and a weighted logistic fit.

It knows the segmenter's features and convex fitting. It doesn't know what the classes mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from cad_models.features import LinearHead, film_features
from cad_models.segmenter import SIZE, Segmenter
from cad_models.training.data import Film, read_square
from cad_models.training.pictures import Picture

BATCH = 8
PER_SOURCE = {"kermany": 200, "nih": 200, "shenzhen": 120, "nih64": 100}
"""Training films that the gate takes of a source that has plenty, evenly picked."""


def evenly(records: Sequence[Film], per_source: Mapping[str, int]) -> list[Film]:
    """Return the films, no more of a source than ``per_source`` says, picked evenly over the source's order."""
    chosen: dict[str, list[Film]] = {}
    for film in records:
        chosen.setdefault(film.source, []).append(film)
    return [f for source, some in chosen.items() for f in some[:: -(-len(some) // per_source.get(source, len(some)))]]


def squares(records: Iterable[Film]) -> Iterable[Picture]:
    """Yield films as the networks get them."""
    return (read_square(film, SIZE) for film in records)


@torch.inference_mode()
def features_of(network: Segmenter, pictures: Iterable[Picture]) -> Tensor:
    """Return ``(n, N_FEATURES)`` of ``(256, 256)`` pictures in ``[0, 1]``."""
    parts, source = [], iter(pictures)
    while batch := list(islice(source, BATCH)):
        films = torch.from_numpy(np.stack(batch).astype(np.float32))[:, None]
        maps = network.encoder(films)
        parts.append(film_features(films, maps, network.decode(maps)))
    return torch.cat(parts)


def fit_head(features: Tensor, targets: Tensor, weights: Tensor, classes: int, decay: float) -> LinearHead:
    """Fit a linear head by weighted maximum likelihood with a quadratic penalty.

    Parameters
    ----------
    features
        ``(n, N_FEATURES)``.
    targets
        ``(n,)`` class numbers; with ``classes == 1``, 0 or 1.
    weights
        ``(n,)`` of each picture; their sum doesn't matter.
    classes
        Number of logits.
    decay
        Of the penalty on the squared weights.
    """
    head = LinearHead(classes)
    head.standardise(features)
    weights = weights / weights.sum()
    optimizer = torch.optim.LBFGS(head.parameters(), max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        logits = head(features)
        if classes == 1:
            each = functional.binary_cross_entropy_with_logits(logits[:, 0], targets.float(), reduction="none")
        else:
            each = functional.cross_entropy(logits, targets, reduction="none")
        total = (each * weights).sum() + decay * head.linear.weight.square().sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return head.eval()


def balanced(groups: Sequence[str]) -> Tensor:
    """Return weights that give every group the same say."""
    counts = {g: groups.count(g) for g in set(groups)}
    return torch.tensor([1 / counts[g] for g in groups])
