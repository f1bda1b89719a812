"""Pleural effusion: fluid that fills the costophrenic angle, climbs laterally, and veils the supine lung.

It knows the meniscus and the lost hemidiaphragm; it doesn't know collapse or mediastinal shift.
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
    tissue_grey,
)
from chatcad.types import FloatImage, Mask


def paint_effusion(film: FloatImage, anatomy: Anatomy, rng: Rng) -> Painted:
    """Paint a right, left or bilateral effusion.

    See `canvas.Painter` for the parameters.

    Returns
    -------
    Painted
        The film, the mask of the fluid under ``Effusion``, and its sides.
    """
    sides = ("right", "left") if rng.random() < 0.35 else (str(rng.choice(SIDES)),)
    mask = np.zeros_like(film)
    for side in sides:
        weight, fluid = _veil(anatomy, side, rng) if rng.random() < 0.2 else _meniscus(anatomy, side, rng)
        film = _fill(film, anatomy, side, weight, rng)
        mask = np.maximum(mask, fluid)
    return Painted(film, {"Effusion": mask}, sides)


def _fill(film: FloatImage, anatomy: Anatomy, side: str, weight: FloatImage, rng: Rng) -> FloatImage:
    """Blend fluid in; where it is dense, edges beneath it (vessels, the diaphragm) go with it."""
    # Fluid on the diaphragm has the grey of what lies below it: no edge is left between them.
    below = ndimage.binary_dilation(anatomy.lung(side), iterations=5) & (anatomy.height(side) < 0.2) & ~anatomy.lungs
    under = float(np.median(film[below])) if below.any() else tissue_grey(film, anatomy, rng)
    grey = np.float32(min(under, 0.95) + rng.normal(0.0, 0.03)) + 0.02 * smooth_noise(rng, anatomy.size, 16.0)
    filled = densify(film, weight, grey)
    blurred = np.asarray(ndimage.gaussian_filter(filled, rng.uniform(2.0, 5.0)))
    return (filled + np.clip(weight, 0.0, 1.0) * 0.8 * (blurred - filled)).astype(np.float32)


def _meniscus(anatomy: Anatomy, side: str, rng: Rng) -> tuple[FloatImage, FloatImage]:
    """Return density and mask of fluid whose upper border is concave and highest at the lateral chest wall."""
    height, lateral = anatomy.height(side), anatomy.laterality(side)
    # Small ones only blunt the angle; a few fill most of the hemithorax.
    level = float(np.clip(rng.gamma(2.2, 0.11) + 0.04 if rng.random() < 0.75 else rng.uniform(0.35, 1.05), 0.06, 1.05))
    climb = rng.uniform(0.03, 0.16) + 0.25 * level
    border = level * rng.uniform(0.55, 1.0) - 0.04 + climb * lateral ** rng.uniform(1.3, 4.0)
    border = border - 0.03 * rng.random() * (1.0 - lateral)
    softness = rng.uniform(0.012, 0.06) + 0.05 * level
    depth = 1.0 / (1.0 + np.exp(-(border - height) / softness))
    cavity = _cavity(anatomy, side)
    peak = rng.uniform(0.65, 1.0)
    weight = (peak * depth * soften(cavity, 1.6)).astype(np.float32)
    return weight, ((depth > 0.5) & cavity).astype(np.float32)


def _veil(anatomy: Anatomy, side: str, rng: Rng) -> tuple[FloatImage, FloatImage]:
    """Return density and mask of layered fluid on a supine film: a haze that grows downwards, without a border."""
    height, cavity = np.clip(anatomy.height(side), 0.0, 1.0), _cavity(anatomy, side)
    top = rng.uniform(0.6, 1.1)
    haze = np.clip(1.0 - height / top, 0.0, 1.0) ** rng.uniform(0.6, 1.4)
    weight = (rng.uniform(0.35, 0.8) * haze * soften(cavity, 2.5)).astype(np.float32)
    return weight, ((weight > 0.15) & cavity).astype(np.float32)


def _cavity(anatomy: Anatomy, side: str) -> Mask:
    """Return the pleural space: the hemithorax and the recess a little below the visible lung."""
    reach = max(anatomy.size // 45, 2)
    space = anatomy.hemithorax(side)
    grown = ndimage.binary_dilation(space, iterations=reach)
    return np.asarray(space | (grown & (anatomy.height(side) < 0.2)))
