"""Train the gate: ``python -m cad_models.training.gate --data DIR``.

Frontal films of every source, children among them, also cut at an edge or in heavy borders, against the same films
turned, inverted, photographed from a screen, laid over themselves or tiled, details of them, MedNIST's other
examinations and drawings. The threshold accepts 99% of the
validation films. The ``ood`` set of real foreign pictures only tests; MedNIST rows that it repeats are left out.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from cad_models.gate import CLASSES, READ_ALL_THE_SAME
from cad_models.preprocess import to_square
from cad_models.segmenter import SIZE, Segmenter, load
from cad_models.training.data import Film, films
from cad_models.training.heads import PER_SOURCE, balanced, evenly, features_of, fit_head, squares
from cad_models.training.pictures import DRAWN, FRAMED, FROM_FILMS, FilmMaker, Picture, gently_changed
from cad_models.weights_io import WEIGHTS, read_index, save_weights
from chatcad.config import load_settings

FOREIGN = ("AbdomenCT", "BreastMRI", "ChestCT", "Hand", "HeadCT")
# Rows 0-19 of each MedNIST class are those that the ood set shows (found by correlation > .97).
FOREIGN_ROWS = {"train": range(100, 200), "val": range(60, 100), "test": range(540, 580)}
N_DRAWN = {"train": 420, "val": 105, "test": 140}
SEEDS = {"train": 1, "val": 2, "test": 3}
ACCEPTED = 0.99
TURNED = ("inverted", "turned_right", "turned_left", "upside_down")
DECAY = 1e-3

FACTS = {
    "task": "gate",
    "module": "cad_models.gate",
    "labels": list(CLASSES),
    "licence": "research and education only, no commercial use (it reads the segmenter's features)",
    "source": "trained here on frontal films of 8 sets, the same turned, inverted, photographed; MedNIST, drawings",
    "citation": "as the segmenter's; Yang 2021 (MedNIST)",
    "embedded": True,
}


@dataclass(frozen=True, slots=True)
class Pictures:
    """Features of pictures with what they are: the class for the gate, and a finer kind for weights and figures."""

    features: Tensor
    classes: tuple[str, ...]
    kinds: tuple[str, ...]
    patients: tuple[str, ...]


def frontal(network: Segmenter, records: list[Film], rng: np.random.Generator, *, changed: bool) -> Pictures:
    """Return films as they are, and with ``changed`` a second time gently changed, one in four cut or bordered."""
    features = features_of(network, squares(records))
    kinds = [f.source for f in records]
    if changed:
        makers = [FRAMED[(i // 4) % len(FRAMED)] if i % 4 == 0 else gently_changed for i in range(len(records))]
        again = features_of(network, (m(s, rng) for m, s in zip(makers, squares(records), strict=True)))
        features, kinds = torch.cat((features, again)), kinds * 2
    patients = [f.patient for f in records] * (2 if changed else 1)
    return Pictures(features, ("frontal",) * len(kinds), tuple(kinds), tuple(patients))


def spoilt(network: Segmenter, records: list[Film], rng: np.random.Generator) -> Pictures:
    """Return each film in one spoilt form, the forms taking turns."""
    makers = [(name, maker) for name, several in FROM_FILMS.items() for maker in several]
    # Turned and inverted films are what happens at the scanner; they come up twice as often as the rest.
    turns = [m for m in makers for _ in range(2 if m[0] in TURNED else 1)]
    chosen = [turns[i % len(turns)] for i in range(len(records))]
    made = (maker(s, rng) for (_, maker), s in zip(chosen, squares(records), strict=True))
    kinds = tuple(maker.__name__ for _, maker in chosen)
    return Pictures(features_of(network, made), tuple(n for n, _ in chosen), kinds, tuple(f.patient for f in records))


def remade(network: Segmenter, records: list[Film], maker: FilmMaker, truth: str, seed: int) -> Pictures:
    """Return every film in one form."""
    rng = np.random.default_rng(seed)
    features = features_of(network, (maker(s, rng) for s in squares(records)))
    n = len(records)
    return Pictures(features, (truth,) * n, (maker.__name__,) * n, tuple(f.patient for f in records))


def foreign(network: Segmenter, data: Path, split: str) -> Pictures:
    """Return MedNIST's other examinations, and drawings."""
    rng = np.random.default_rng(SEEDS[split])
    rows, pictures, kinds = FOREIGN_ROWS[split], list[Picture](), list[str]()
    with np.load(data / "mednist64" / "mednist64.npz") as archive:
        for name in FOREIGN:
            pictures += [to_square(image.astype(np.float32), SIZE) for image in archive[name][rows.start : rows.stop]]
            kinds += [name] * len(rows)
    for i in range(N_DRAWN[split]):
        maker = DRAWN[i % len(DRAWN)]
        pictures.append(maker(rng))
        kinds.append(maker.__name__)
    features = features_of(network, pictures)
    return Pictures(features, ("other",) * len(kinds), tuple(kinds), tuple(f"{split}-{i}" for i in range(len(kinds))))


def ood(network: Segmenter, data: Path) -> Pictures:
    """Return the foreign pictures that no training has seen."""
    with (data / "ood_manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    features = features_of(network, (to_square(_grey(data / row["image"]), SIZE) for row in rows))
    names = tuple(row["image"] for row in rows)
    return Pictures(features, ("other",) * len(rows), tuple(row["kind"] for row in rows), names)


def _grey(file: Path) -> NDArray[np.float32]:
    with Image.open(file) as picture:
        return np.asarray(picture.convert("L"), dtype=np.float32) / np.float32(255)


def joined(parts: Iterator[Pictures]) -> Pictures:
    """Return several lots as one."""
    lots = list(parts)
    return Pictures(
        torch.cat([p.features for p in lots]),
        tuple(c for p in lots for c in p.classes),
        tuple(k for p in lots for k in p.kinds),
        tuple(k for p in lots for k in p.patients),
    )


def lot(network: Segmenter, data: Path, split: str) -> Pictures:
    """Return a split's frontal, spoilt and foreign pictures."""
    rng = np.random.default_rng(SEEDS[split])
    records = evenly([f for f in films(data) if f.split == split], PER_SOURCE)

    def parts() -> Iterator[Pictures]:
        yield frontal(network, records, rng, changed=split == "train")
        yield spoilt(network, records, rng)
        yield foreign(network, data, split)

    return joined(parts())


def main() -> None:
    """Fit the head on training pictures, set its threshold on validation films, and write the weights."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, default=load_settings().data)
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder with the segmenter's weights")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    segmenter = read_index(args.weights / "index.json")["segmenter"]
    network = load(args.weights / segmenter["file"])

    training, validation = (lot(network, args.data, split) for split in ("train", "val"))
    targets = torch.tensor([CLASSES.index(c) for c in training.classes])
    # Every kind has the same say within frontal and within the rest; both halves have the same say.
    weights = balanced(training.kinds)
    is_frontal = targets == 0
    weights[is_frontal] /= weights[is_frontal].sum()
    weights[~is_frontal] /= weights[~is_frontal].sum()
    head = fit_head(training.features, targets, weights, len(CLASSES), DECAY)
    with torch.inference_mode():
        probabilities = head(validation.features).softmax(dim=1)
    scores = probabilities[:, [CLASSES.index(c) for c in READ_ALL_THE_SAME]].sum(dim=1)
    readable = torch.tensor([c in READ_ALL_THE_SAME for c in validation.classes])
    films_only = torch.tensor([c == "frontal" for c in validation.classes])
    # Never above even odds: few films set the quantile.
    threshold = min(float(torch.quantile(scores[films_only], 1 - ACCEPTED)), 0.5)
    head.get_buffer("threshold").fill_(threshold)
    refused = (scores[~readable] < head.get_buffer("threshold")).float().mean()
    print(f"threshold {float(head.get_buffer('threshold')):.3f}: validation refuses {refused:.1%} of other pictures")
    save_weights(head, "gate", {**FACTS, "needs": {"segmenter": segmenter["sha256"]}}, args.weights)


if __name__ == "__main__":
    main()
