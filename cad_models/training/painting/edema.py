"""Pulmonary edema: bilateral perihilar haze, blurred vessels, septal lines; more at the bases.

It knows hila as the medial middle of each lung; it doesn't know vessels.
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
    smooth_noise,
    soften,
    texture,
    tissue_grey,
)
from chatcad.types import FloatImage


def paint_edema(film: FloatImage, anatomy: Anatomy, rng: Rng) -> Painted:
    """Paint bilateral edema, a little asymmetrical as it is in people.

    See `canvas.Painter` for the parameters.

    Returns
    -------
    Painted
        The film, masks under ``Edema`` and ``Lung Opacity``, both sides.
    """
    weight = np.zeros_like(film)
    strength, reach, drop = rng.uniform(0.3, 0.75), rng.uniform(0.3, 0.75), rng.uniform(0.0, 0.5)
    for side in SIDES:
        height, lateral = anatomy.height(side), anatomy.laterality(side)
        hilum = rng.uniform(0.36, 0.5)
        wings = np.exp(-0.5 * (((height - hilum) / rng.uniform(0.2, 0.36)) ** 2 + (lateral / reach) ** 2))
        base = drop * np.clip(1.0 - height / 0.6, 0.0, 1.0)
        haze = np.maximum(wings, base) * rng.uniform(0.75, 1.0)
        weight = np.maximum(weight, strength * haze * soften(anatomy.lung(side), 2.5))
    mottle = 1.0 + rng.uniform(0.1, 0.4) * texture(rng, anatomy.size)
    weight = np.clip(weight * mottle + _septal_lines(anatomy, rng), 0.0, 0.9).astype(np.float32)
    mask = ((soften(weight, 2.0) > 0.14) & anatomy.lungs).astype(np.float32)
    blurred = film + 0.5 * soften(mask, 3.0) * (np.asarray(ndimage.gaussian_filter(film, 1.3)) - film)
    painted = densify(blurred.astype(np.float32), weight, tissue_grey(film, anatomy, rng) - 0.05)
    return Painted(painted, {"Edema": mask, "Lung Opacity": mask}, SIDES)


def _septal_lines(anatomy: Anatomy, rng: Rng) -> FloatImage:
    """Return fine reticular strands: the ridges of two smooth fields, within the lower lateral lungs."""
    strands = sum(np.exp(-((smooth_noise(rng, anatomy.size, g) / 0.12) ** 2)) for g in (7.0, 10.0))
    low = np.maximum(*(np.clip(1.1 - anatomy.height(s), 0.0, 1.0) * anatomy.lung(s) for s in SIDES))
    return (rng.uniform(0.0, 0.16) * strands * low).astype(np.float32)
