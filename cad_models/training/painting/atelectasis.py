"""Atelectasis: plate-like bands at the bases, and basal volume loss with a raised hemidiaphragm.

It knows lungs and their bases; it doesn't know fissures or lobes.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from cad_models.training.painting.canvas import (
    SIDES,
    Anatomy,
    Painted,
    Rng,
    densify,
    random_point,
    sides_of,
    soften,
    texture,
    tissue_grey,
)
from chatcad.types import FloatImage


def paint_atelectasis(film: FloatImage, anatomy: Anatomy, rng: Rng) -> Painted:
    """Paint plates or a basal collapse on one side, or on both.

    See `canvas.Painter` for the parameters.

    Returns
    -------
    Painted
        The film, masks under ``Atelectasis`` and ``Lung Opacity``, and the sides.
    """
    mask = np.zeros_like(film)
    for side in SIDES if rng.random() < 0.3 else (str(rng.choice(SIDES)),):
        film, part = (_collapse if rng.random() < 0.6 else _plates)(film, anatomy, side, rng)
        mask = np.maximum(mask, part)
    return Painted(film, {"Atelectasis": mask, "Lung Opacity": mask}, sides_of(mask, anatomy))


def _plates(film: FloatImage, anatomy: Anatomy, side: str, rng: Rng) -> tuple[FloatImage, FloatImage]:
    """Draw one to three thin, slightly bent bands in the lower half of the lung."""
    lung, (rows, columns) = anatomy.lung(side), anatomy.grid
    lower = lung & (anatomy.height(side) < 0.5)
    weight = np.zeros_like(film)
    for _ in range(int(rng.integers(1, 4))):
        y, x = random_point(rng, lower)
        slope, bend = rng.normal(0.0, 0.3), rng.normal(0.0, 0.004)
        length, thick = rng.uniform(0.07, 0.22) * anatomy.size, rng.uniform(0.004, 0.014) * anatomy.size
        off = rows - (y + slope * (columns - x) + bend * (columns - x) ** 2)
        band = np.exp(-0.5 * (off / thick) ** 2) * np.exp(-(((columns - x) / length) ** 6))
        weight = np.maximum(weight, rng.uniform(0.15, 0.6) * band)
    weight = (weight * soften(lung, 1.0)).astype(np.float32)
    painted = densify(film, weight, tissue_grey(film, anatomy, rng))
    return painted, (ndimage.maximum_filter(weight, 3) > 0.15).astype(np.float32)


def _collapse(film: FloatImage, anatomy: Anatomy, side: str, rng: Rng) -> tuple[FloatImage, FloatImage]:
    """Raise the hemidiaphragm by warping, and whiten the base with a medial wedge of dense lung."""
    rows, columns = anatomy.grid
    height, lateral = anatomy.height(side), anatomy.laterality(side)
    top, bottom, _, _ = anatomy.box(side)
    raise_by = rng.uniform(0.02, 0.13) * (bottom - top)
    across = soften(np.tile(anatomy.hemithorax(side).any(axis=0), (anatomy.size, 1)), 4.0)
    bump = across * np.exp(-0.5 * (np.clip(height, -1.0, None) / 0.28) ** 2)
    raised = ndimage.map_coordinates(film, [rows + raise_by * bump, columns], order=1, mode="nearest")
    wedge = rng.uniform(0.15, 0.4) * (1.0 - rng.uniform(0.3, 0.9) * lateral) + raise_by / max(bottom - top, 1)
    shape = 1.0 / (1.0 + np.exp((height - wedge) / rng.uniform(0.02, 0.07)))
    mottle = 1.0 + 0.2 * texture(rng, anatomy.size)
    weight = rng.uniform(0.35, 0.85) * shape * mottle * soften(anatomy.hemithorax(side), 1.5)
    weight = np.clip(weight, 0.0, 1.0).astype(np.float32)
    painted = densify(raised.astype(np.float32), weight, tissue_grey(film, anatomy, rng))
    return painted, ((weight > 0.2) & anatomy.hemithorax(side)).astype(np.float32)
