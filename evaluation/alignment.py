"""``eval alignment``: an earlier film laid on a later one of the same patient, by the outlines of lungs and heart.

The first two films of each NIH patient who has two, read by the embedded networks. How well one film lies on the other
is the lungs' overlap (intersection by union of the masks), as the films lie and after alignment. The masks are the
networks' own, so this measures the alignment and not the outlines. Mirrored films have to be refused.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cad_models.reader import CadReader
from chatcad import imaging
from chatcad.config import Settings
from chatcad.errors import ImageRefused
from chatcad.imaging.align import Alignment, Unaligned, align, lay
from chatcad.types import Masks
from evaluation.figures import figure, print_figures
from evaluation.statistics import mean, share_of

ON = "nih, first two films of a patient"


def run(settings: Settings) -> dict[str, Any]:
    """Measure, print and return overlap before and after, residuals, and what was refused."""
    before, after, residuals, refused, mirrored = [], [], [], [], []
    for earlier, current in _pairs(settings.data):
        position = align(earlier, current)
        refused.append(isinstance(position, Unaligned))
        mirrored.append(isinstance(align(_mirror(earlier), current), Unaligned))
        if isinstance(position, Alignment):
            residuals.append(position.residual)
            before.append(_overlap(_resized(_lungs(earlier), current.heart.shape), _lungs(current)))
            after.append(_overlap(_laid(_lungs(earlier), position), _lungs(current)))
    aligned = (("lungs' overlap as the films lie", before), ("lungs' overlap after alignment", after),
               ("landmarks off, of the lungs' distance", residuals))  # fmt: skip
    figures = [figure(what, ON, len(values), mean(np.array(values))) for what, values in aligned]
    figures += [figure(w, ON, *share_of(v)) for w, v in (("refused", refused), ("mirrored film refused", mirrored))]
    print_figures(figures)
    return {"figures": figures}


def _pairs(data: Path) -> Iterator[tuple[Masks, Masks]]:
    films: dict[str, list[str]] = defaultdict(list)
    with (data / "nih_manifest.csv").open(encoding="utf-8", newline="") as file:
        for row in sorted(csv.DictReader(file), key=lambda r: int(r["follow_up"])):
            films[row["patient_id"]].append(row["image"])
    reader = CadReader()
    for _, names in sorted(films.items()):
        if len(names) < 2:
            continue
        first, second = reader.read_many([imaging.load(data / name) for name in names[:2]])
        if isinstance(first, ImageRefused) or isinstance(second, ImageRefused):
            continue
        if first.masks is not None and second.masks is not None:
            yield first.masks, second.masks


def _lungs(masks: Masks) -> np.ndarray:
    return masks.right_lung | masks.left_lung


def _mirror(masks: Masks) -> Masks:
    flipped = {name: getattr(masks, name)[:, ::-1] for name in ("right_lung", "left_lung", "heart")}
    return replace(masks, **flipped)


def _resized(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return np.asarray(Image.fromarray(mask).resize(shape[::-1]))


def _laid(mask: np.ndarray, position: Alignment) -> np.ndarray:
    drawn = np.repeat((mask * np.uint8(255))[..., None], 3, axis=2)
    return lay(drawn, position, *position.current)[..., 0] > 127


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())
