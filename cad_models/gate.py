"""The gate: whether a picture is an upright frontal chest film.

It knows the kinds of pictures that must not be read and the words for them. It doesn't know file formats, and it
refuses nothing itself: the reader does, with the reason given here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cad_models.features import LinearHead, load_head
from chatcad.types import Gate

REASONS = {
    "frontal": "",
    "inverted": "looks inverted (air is bright): invert the grey values and try again",
    "turned_right": "looks rotated by 90 degrees clockwise: turn it upright and try again",
    "turned_left": "looks rotated by 90 degrees counterclockwise: turn it upright and try again",
    "upside_down": "looks upside down: turn it upright and try again",
    "other": "not a frontal chest film, or a small part of one",
    "photographed": "looks photographed from a screen or a light box: the grey values are not the film's, so take "
    "every finding with caution, or use the original file",
}
CLASSES = tuple(REASONS)
READ_ALL_THE_SAME = ("frontal", "photographed")
"""A photograph is read with a remark: a rule that refused it refused real portable films as well (measured)."""
BLANK_RANGE = 0.02


class FilmGate:
    """Judges films by a linear head on the segmenter's features.

    Parameters
    ----------
    head
        Logits in the order of ``CLASSES``; its threshold is the lowest accepted probability of the classes that are
        read.
    """

    def __init__(self, head: LinearHead) -> None:
        self._head = head
        self._threshold = float(head.get_buffer("threshold"))

    def judge(self, features: Tensor) -> Gate:
        """Judge one film by its ``(1, N_FEATURES)`` features."""
        probability = self._probabilities(features)
        score = min(sum(probability[c] for c in READ_ALL_THE_SAME), 1.0)
        if score >= self._threshold:
            return Gate(accepted=True, score=score)
        likeliest = max((c for c in CLASSES if c not in READ_ALL_THE_SAME), key=probability.__getitem__)
        return Gate(accepted=False, score=score, reason=REASONS[likeliest])

    def remarks(self, features: Tensor) -> tuple[str, ...]:
        """Return what a reader should know of an accepted film: that it looks photographed."""
        probability = self._probabilities(features)
        photographed = probability["photographed"] > probability["frontal"]
        return (REASONS["photographed"],) if photographed else ()

    def _probabilities(self, features: Tensor) -> dict[str, float]:
        with torch.inference_mode():
            return dict(zip(CLASSES, self._head(features)[0].softmax(dim=0).tolist(), strict=True))


def blank(pixels: NDArray[np.float32]) -> Gate | None:
    """Return a refusal when a picture has (nearly) one grey value, else ``None``."""
    step = max(1, min(pixels.shape) // 256)  # every pixel of a large film would take as long as the network
    low, high = np.percentile(pixels[::step, ::step], (1, 99))
    if high - low > BLANK_RANGE:
        return None
    return Gate(accepted=False, score=0.0, reason="blank: the picture has nearly one grey value")


def load(file: Path) -> FilmGate:
    """Return the trained gate of a weight file."""
    return FilmGate(load_head(file, len(CLASSES)))
