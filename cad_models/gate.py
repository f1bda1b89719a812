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
    "other": "not a frontal chest film, or a photograph or a small part of one",
}
CLASSES = tuple(REASONS)
BLANK_RANGE = 0.02


class FilmGate:
    """Judges films by a linear head on the segmenter's features.

    Parameters
    ----------
    head
        Logits in the order of ``CLASSES``; its threshold is the lowest accepted probability of ``frontal``.
    """

    def __init__(self, head: LinearHead) -> None:
        self._head = head
        self._threshold = float(head.get_buffer("threshold"))

    def judge(self, features: Tensor) -> Gate:
        """Judge one film by its ``(1, N_FEATURES)`` features."""
        with torch.inference_mode():
            probability = self._head(features)[0].softmax(dim=0)
        score = float(probability[0])
        if score >= self._threshold:
            return Gate(accepted=True, score=score)
        likeliest = CLASSES[1 + int(probability[1:].argmax())]
        return Gate(accepted=False, score=score, reason=REASONS[likeliest])


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
