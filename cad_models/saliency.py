"""Heat maps: the classifier's own evidence, made ready to be seen.

It knows the classifier's evidence maps. There is no gradient and no second network: what is drawn is what was
summed into the score (see ``cad_models.classifier``), so it can't show anything that the score didn't use.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from chatcad.types import FloatImage, Mask

HEAT_SIZE = 112
"""Side of a heat map: four times the network's own 28 cells, so that a nodule isn't drawn as a square."""


def heat_map(evidence: NDArray[np.float32], region: Mask) -> FloatImage:
    """Turn one label's evidence map into heat over the whole film.

    Parameters
    ----------
    evidence
        ``(cells, cells)`` logits of one label.
    region
        ``(cells, cells)`` bool, from `cad_models.classifier.thorax_region`; there is no heat outside it.

    Returns
    -------
    numpy.ndarray
        ``(112, 112)`` float32 in ``[0, 1]``; the strongest evidence is 1, so heat says *where*, not *how sure*.
    """
    inside = np.where(region, evidence, -np.inf)
    heat = np.exp(inside - inside.max()) if np.isfinite(inside).any() else np.zeros_like(evidence)
    # The soft maximum weighs cells by exp(evidence): its fourth root spreads the picture without moving the peak.
    picture = Image.fromarray((heat**0.25).astype(np.float32) * region)
    smooth = np.asarray(picture.resize((HEAT_SIZE, HEAT_SIZE), Image.Resampling.BICUBIC))
    faint = np.clip((smooth - 0.15) / max(float(smooth.max()) - 0.15, 1e-6), 0.0, 1.0)
    return faint.astype(np.float32)


def peak(evidence: NDArray[np.float32], region: Mask) -> tuple[float, float]:
    """Return row and column of the strongest evidence, as fractions of the film's height and width."""
    inside = np.where(region, evidence, -np.inf)
    row, column = np.unravel_index(int(np.argmax(inside)), inside.shape)
    return (float(row) + 0.5) / inside.shape[0], (float(column) + 0.5) / inside.shape[1]
