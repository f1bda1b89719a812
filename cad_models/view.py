"""The view head: postero-anterior or antero-posterior, for films whose header doesn't say.

It knows probabilities of the view. It doesn't know headers; the reader prefers those.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from cad_models.features import LinearHead, load_head
from chatcad.types import View


class ViewHead:
    """Tells the view by a linear head on the segmenter's features.

    Parameters
    ----------
    head
        One logit, of PA; its threshold is how sure it must be of either view.
    """

    def __init__(self, head: LinearHead) -> None:
        self._head = head
        self._sure = float(head.get_buffer("threshold"))

    def tell(self, features: Tensor) -> View:
        """Tell the view of one film by its ``(1, N_FEATURES)`` features; ``unknown`` when neither is sure."""
        probability = self.probability_pa(features)
        if probability >= self._sure:
            return "PA"
        return "AP" if 1 - probability >= self._sure else "unknown"

    def probability_pa(self, features: Tensor) -> float:
        """Return the probability of PA in ``[0, 1]``."""
        with torch.inference_mode():
            return float(self._head(features)[0, 0].sigmoid())


def load(file: Path) -> ViewHead:
    """Return the trained view head of a weight file."""
    return ViewHead(load_head(file, 1))
