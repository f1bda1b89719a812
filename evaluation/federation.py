"""``python -m chatcad eval federation``: hospitals that train together without sharing films, against those that do.

Public sources stand for hospitals. Small networks are trained from the same random start with the same number of steps
in all: on every film together, at each site alone, and federated by FedAvg and FedProx
(`cad_models.training.federation`). Each is judged at every site, on patients that no training saw. Beside them the
thumbnail (`evaluation.baselines`), cross-fitted at the site itself: what can be told there without seeing disease.

One seed, networks at 96 and 128 pixels, minutes of training: it compares ways of training, and says nothing of the
shipped networks. Fewer than `FEW` films with or without a label say nothing at all, and are marked.
`CHATCAD_EVAL_LIMIT` rounds (20); about 15 minutes of one core. Needs ``requirements/federation.txt``.
"""

from __future__ import annotations

import copy
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cad_models.training.data import Film
from chatcad.config import Settings
from chatcad.errors import UsageError
from evaluation.baselines import thumbnail_features, thumbnail_scores
from evaluation.conversations import LIMIT_VARIABLE
from evaluation.figures import Figure, figure, print_figures
from evaluation.segmenter import dice
from evaluation.statistics import auroc_interval, mean

ROUNDS, STEPS, PULL = 20, 15, 0.01
FEW = 20
THUMBNAIL = "thumbnail"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One site's films of unseen patients, and what is true of them."""

    site: str
    films: tuple[Film, ...]
    squares: Tensor
    truth: Tensor

    @property
    def patients(self) -> list[str]:
        """Each film's patient."""
        return [f.patient for f in self.films]


def run(settings: Settings) -> dict[str, Any]:
    """Train every way, judge at every site, print and return the figures."""
    try:
        from cad_models.training import federated_tasks as tasks
    except ImportError as error:
        raise UsageError("Flower is missing: pip install --no-deps -r requirements/federation.txt") from error
    logging.getLogger("flwr").setLevel(logging.WARNING)
    torch.set_num_threads(1)
    rounds, start = int(os.environ.get(LIMIT_VARIABLE, str(ROUNDS))), time.process_time()
    label_sites = tasks.sites(settings.data, tasks.LABEL_SITES, tasks.label_truth, tasks.FILM_SIDE)
    mask_sites = tasks.sites(settings.data, tasks.MASK_SITES, tasks.mask_truth, tasks.MASK_SIDE)
    labelled = held_out(settings.data, tasks.LABEL_SITES, tasks.label_truth, tasks.FILM_SIDE)
    marked = held_out(settings.data, tasks.MASK_SITES, tasks.mask_truth, tasks.MASK_SIDE)
    figures = list(label_figures(trained_ways(label_sites, tasks.LABELLING, rounds), labelled))
    figures += mask_figures(trained_ways(mask_sites, tasks.OUTLINING, rounds), marked)
    print_figures(figures)
    return {
        "rounds": rounds,
        "steps_a_round_and_site": STEPS,
        "fedprox_pull": PULL,
        "training_films": {
            "labels": {s.name: len(s) for s in label_sites},
            "masks": {s.name: len(s) for s in mask_sites},
        },
        "few": FEW,
        "films_with_and_without": support(labelled),
        "core_minutes": round((time.process_time() - start) / 60, 1),
        "figures": figures,
    }


def held_out(data: Path, sources: Sequence[str], truth: Any, side: int) -> list[HeldOut]:
    """Return every site's films that judge."""
    from cad_models.training.federated_tasks import films_of, mask_truth, squares

    by_source = films_of(data, sources, held_out=True, marked=truth is mask_truth)
    return [HeldOut(name, tuple(fs), squares(fs, side), truth(fs)) for name, fs in by_source.items()]


def trained_ways(sites: Sequence[Any], task: Any, rounds: int) -> Iterator[tuple[str, nn.Module]]:
    """Yield a name and a network for each way to train, all with as many steps as the sites make together."""
    from cad_models.training.federation import federated, pooled, train_at

    torch.manual_seed(0)
    start, steps = task.network(), rounds * STEPS * len(sites)
    for site in (pooled(sites), *sites):
        name = site.name if site.name == "pooled" else f"{site.name} alone"
        yield name, train_at(site, task, copy.deepcopy(start), steps=steps, seed=0)
    for name, pull in (("FedAvg", 0.0), ("FedProx", PULL)):
        yield name, federated(sites, task, rounds=rounds, steps=STEPS, start=copy.deepcopy(start), pull=pull)


def label_figures(ways: Iterator[tuple[str, nn.Module]], judged: Sequence[HeldOut]) -> Iterator[Figure]:
    """Yield the AUROC of each label at each site, for each way of training and for the thumbnail."""
    from cad_models.training.federated_tasks import label_scores

    for name, network in ways:
        for site in judged:
            with torch.inference_mode():
                parts = [label_scores(network, part.float() / 255) for part in torch.split(site.squares, 64)]
            yield from _aurocs(name, site, torch.cat(parts).numpy())
    for site in judged:
        yield from _aurocs(THUMBNAIL, site, thumbnails(site))


def _aurocs(name: str, site: HeldOut, scores: np.ndarray[Any, Any]) -> Iterator[Figure]:
    from cad_models.training.federated_tasks import LABELS

    for column, label in enumerate(LABELS):
        truth = site.truth[:, column].numpy()
        known = np.flatnonzero(~np.isnan(truth) & ~np.isnan(scores[:, column]))
        if 0 < truth[known].sum() < len(known):
            patients = [site.patients[i] for i in known]
            interval = auroc_interval(scores[known, column].astype(float), truth[known] > 0.5, patients)
            yield figure(f"{label} at {site.site}, AUROC", name, len(known), interval)


def thumbnails(site: HeldOut) -> np.ndarray[Any, Any]:
    """Return ``(n, labels)`` scores of the thumbnail; NaN where a label is unknown or has too few films."""
    features = np.stack([thumbnail_features(s) for s in site.squares[:, 0].numpy()])
    scores = np.full(site.truth.shape, np.nan)
    for column, truth in enumerate(site.truth.T.numpy()):
        known = np.flatnonzero(~np.isnan(truth))
        if min((truth[known] == 1).sum(), (truth[known] == 0).sum()) >= FEW:
            patients = [site.patients[i] for i in known]
            scores[known, column] = thumbnail_scores(features[known], truth[known] > 0.5, patients)
    return scores


def support(judged: Sequence[HeldOut]) -> dict[str, list[int]]:
    """Return how many films with and without each label stand behind the figures of each site."""
    from cad_models.training.federated_tasks import LABELS

    found = {}
    for site in judged:
        for label, truth in zip(LABELS, site.truth.T, strict=True):
            having, lacking = int((truth == 1).sum()), int((truth == 0).sum())
            if having + lacking > 0:
                found[f"{label} at {site.site}"] = [having, lacking]
    return found


def mask_figures(ways: Iterator[tuple[str, nn.Module]], judged: Sequence[HeldOut]) -> Iterator[Figure]:
    """Yield mean Dice of lungs and heart at each site, for each way of training."""
    for name, network in ways:
        for site in judged:
            with torch.inference_mode():
                drawn = torch.cat([network(part.float() / 255) > 0 for part in torch.split(site.squares, 64)]).numpy()
            for structure, overlaps in _overlaps(drawn, site.truth.numpy()).items():
                yield figure(f"{structure} at {site.site}, Dice", name, len(overlaps), mean(overlaps, site.patients))


def _overlaps(drawn: np.ndarray[Any, Any], truth: np.ndarray[Any, Any]) -> Mapping[str, np.ndarray[Any, Any]]:
    pairs = list(zip(drawn, truth, strict=True))
    found = {"lungs": np.array([dice(d[:2].any(axis=0), t[:2].any(axis=0)) for d, t in pairs])}
    if not np.isnan(truth[:, 2]).any():
        found["heart"] = np.array([dice(d[2], t[2] > 0) for d, t in pairs])
    return found
