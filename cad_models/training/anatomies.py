"""Films made ready for the classifier's work: squared, with the masks that the segmenter draws, cached on disk.

It knows the segmenter and the cache. It doesn't know what is done with the masks: painting, pooling, measuring.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cad_models.anatomy import clean, measure, quality
from cad_models.preprocess import to_square
from cad_models.training.data import Film, read_pixels
from cad_models.weights_io import INDEX, WEIGHTS, read_index, read_weights
from chatcad.config import load_settings

BATCH = 16


@dataclass(frozen=True, slots=True)
class Prepared:
    """Films as the classifier gets them, with their anatomy.

    ``squares`` is ``(n, size, size)`` uint8; ``masks`` is ``(n, 3, size, size)`` bool: right lung, left lung, heart;
    ``ratios`` is ``(n,)``: the cardiothoracic ratio, NaN where it can't be measured; ``quality`` is
    ``(n,)`` in ``[0, 1]``.
    """

    squares: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    ratios: NDArray[np.float32]
    quality: NDArray[np.float32]

    def take(self, places: Sequence[int]) -> Prepared:
        """Return some of the films."""
        chosen = list(places)
        return Prepared(self.squares[chosen], self.masks[chosen], self.ratios[chosen], self.quality[chosen])


def prepare(records: Sequence[Film], size: int, folder: Path | None = None) -> Prepared:
    """Square the films and segment them, or read both from the cache of an earlier run.

    Parameters
    ----------
    records
        The films, in the order of the result.
    size
        Side of the square in pixels.
    folder
        Of the cache; ``None`` for the user's.
    """
    folder = folder or load_settings().cache / "training"
    weights = read_index(INDEX)["segmenter"]["sha256"]
    names = "\n".join(f"{f.source}/{f.key}" for f in records)
    file = folder / f"prepared-{hashlib.sha256(f'{weights}{size}{names}'.encode()).hexdigest()[:16]}.npz"
    if not file.exists():
        parts = list(zip(*_prepare_all(records, size), strict=True))
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(
            file,
            squares=np.stack(parts[0]),
            masks=np.packbits(np.stack(parts[1]), axis=-1),
            ratios=np.array(parts[2], np.float32),
            quality=np.array(parts[3], np.float32),
        )
    with np.load(file) as saved:
        masks = np.unpackbits(saved["masks"], axis=-1, count=size).astype(bool)
        return Prepared(saved["squares"], masks, saved["ratios"], saved["quality"])


Item = tuple[NDArray[np.uint8], NDArray[np.bool_], float, float]


def _prepare_all(records: Sequence[Film], size: int) -> Iterator[Item]:
    import torch

    from cad_models.segmenter import SIZE, Segmenter

    network = Segmenter().eval()
    network.load_state_dict(read_weights(WEIGHTS / read_index(INDEX)["segmenter"]["file"]))
    for start in range(0, len(records), BATCH):
        pixels = [read_pixels(f) for f in records[start : start + BATCH]]
        films = np.stack([to_square(p, SIZE) for p in pixels])
        with torch.inference_mode():
            probabilities = network(torch.from_numpy(films)[:, None]).sigmoid().numpy()
        for film, maps in zip(pixels, probabilities, strict=True):
            yield _item(to_square(film, size), clean(maps), size)


def _item(square: NDArray[np.float32], maps: NDArray[np.float32], size: int) -> Item:
    right, left, heart = (p > 0.5 for p in maps)
    widths = measure(right, left, heart)
    ratio = widths.cardiothoracic_ratio if widths else float("nan")
    resized = [np.asarray(Image.fromarray(p).resize((size, size), Image.Resampling.BILINEAR)) > 0.5 for p in maps]
    return np.round(square * 255).astype(np.uint8), np.stack(resized), ratio, quality(right, left, heart)
