"""What a federation learns, and the public sources as its sites: small networks, for an experiment, that don't ship.

A site's truth is what its source states; a label or a structure that it doesn't mark is unknown there, not absent. So
the heart is learnt at one site, tuberculosis at two, and only opacity at all: as between real hospitals. Networks begin
at random: the shipped ones have seen every source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from cad_models.classifier import MAP_STRIDE, Classifier
from cad_models.segmenter import Segmenter
from cad_models.training.augment import expose, warp
from cad_models.training.data import Film, films, read_masks, read_square
from cad_models.training.federation import Site, Task
from cad_models.training.shape import mask_loss

FILM_SIDE, MASK_SIDE = 96, 128
WIDTHS = (16, 32, 48, 64)
LABELS = ("Lung Opacity", "Tuberculosis", "Effusion", "Atelectasis", "Edema")
OPACITIES = ("Consolidation", "Infiltration", "Pneumonia", "Edema")
LABEL_SITES, MASK_SITES = ("nih", "shenzhen", "montgomery", "kermany"), ("jsrt", "montgomery", "shenzhen")
CHILDREN = 800
"""Of Kermany's films at most: otherwise they would be four fifths of all."""


def label_loss(network: nn.Module, squares: Tensor, truth: Tensor, rng: torch.Generator) -> Tensor:
    """Return the cross-entropy of the labels that are known."""
    moved, _ = warp(squares, squares[:, :0], rng)
    scores = label_scores(network, expose(moved, rng))
    known = ~torch.isnan(truth)
    loss = functional.binary_cross_entropy_with_logits(scores, torch.nan_to_num(truth), reduction="none")
    return (loss * known).sum() / known.sum().clamp(min=1)


def label_scores(network: nn.Module, squares: Tensor) -> Tensor:
    """Return ``(n, labels)`` logits; evidence counts everywhere, since these networks have no masks to go by."""
    cells = squares.shape[-1] // MAP_STRIDE
    scores: Tensor = network(squares, torch.ones(len(squares), 1, cells, cells))[0]
    return scores


def outline_loss(network: nn.Module, squares: Tensor, truth: Tensor, rng: torch.Generator) -> Tensor:
    """Return the loss of both lungs, and of the heart where the site marks it."""
    known = ~torch.isnan(truth[:, 2, 0, 0])
    moved, truth = warp(squares, torch.nan_to_num(truth), rng)
    logits = network(expose(moved, rng))
    loss = mask_loss(logits[:, :2], truth[:, :2])
    return loss + mask_loss(logits[known, 2:], truth[known, 2:]) if known.any() else loss


LABELLING = Task(partial(Classifier, WIDTHS, len(LABELS)), label_loss)
OUTLINING = Task(partial(Segmenter, 1, 3, WIDTHS), outline_loss)


def stated(film: Film) -> list[float]:
    """Return 1, 0 or NaN for each label, as the film's source states it."""
    opacity = {
        "nih": lambda: any(film.labels[name] for name in OPACITIES),
        "kermany": lambda: film.labels["Pneumonia"],
    }.get(film.source, lambda: film.labels["Tuberculosis"])()
    return [float(opacity), *(float(film.labels.get(label, np.nan)) for label in LABELS[1:])]


def label_truth(records: Sequence[Film]) -> Tensor:
    """Return ``(n, labels)``: 1, 0, or NaN where the source is silent."""
    return torch.tensor([stated(f) for f in records])


def mask_truth(records: Sequence[Film]) -> Tensor:
    """Return ``(n, 3, s, s)``: right lung, left lung, heart; NaN where nobody marked the heart."""
    return torch.stack([_masks(f) for f in records])


def _masks(film: Film) -> Tensor:
    masks = read_masks(film, MASK_SIDE)
    if masks is None:
        raise ValueError(f"{film.key} has no mask: choose films by `marked`")
    heart = np.full((MASK_SIDE, MASK_SIDE), np.nan) if masks.heart is None else masks.heart
    return torch.from_numpy(np.stack([masks.right_lung, masks.left_lung, heart])).float()


def films_of(data: Path, sources: Sequence[str], *, held_out: bool, marked: bool) -> Mapping[str, list[Film]]:
    """Return each source's films of training patients, or of all others.

    Nothing is chosen by validation here, so its patients judge too.
    """
    found: dict[str, list[Film]] = {source: [] for source in sources}
    for film in films(data, sources):
        if (film.split != "train") == held_out and (film.mask is not None or not marked):
            found[film.source].append(film)
    return {source: records[:: max(1, round(len(records) / CHILDREN))] for source, records in found.items()}


def sites(data: Path, sources: Sequence[str], truth: Callable[[Sequence[Film]], Tensor], side: int) -> list[Site]:
    """Return the sources as sites, with their training patients' films ``side`` pixels wide."""
    marked = truth is mask_truth
    by_source = films_of(data, sources, held_out=False, marked=marked)
    return [Site(name, squares(records, side), truth(records)) for name, records in by_source.items()]


def squares(records: Sequence[Film], side: int) -> Tensor:
    """Return ``(n, 1, side, side)`` uint8."""
    return torch.from_numpy(np.stack([np.round(read_square(f, side) * 255).astype(np.uint8) for f in records]))[:, None]
