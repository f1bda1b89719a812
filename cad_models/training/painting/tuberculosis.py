"""Tuberculosis pattern: upper-zone infiltrates, cavities, fibrous strands, clustered small nodules, miliary seeding.

It knows the radiographic pattern of pulmonary disease; it doesn't know bacteriology, nodes or primary forms.
"""

from __future__ import annotations

import numpy as np

from cad_models.training.painting.canvas import (
    SIDES,
    Anatomy,
    Painted,
    Rng,
    blob,
    densify,
    random_point,
    sides_of,
    smooth_noise,
    soften,
    tissue_grey,
)
from cad_models.training.painting.opacity import VISIBLE, overlay, shadow_in
from chatcad.types import FloatImage, Mask


def paint_tuberculosis(film: FloatImage, anatomy: Anatomy, rng: Rng) -> Painted:
    """Paint one of the patterns: mixed upper-zone disease (most), cavities, or miliary.

    See `canvas.Painter` for the parameters.

    Returns
    -------
    Painted
        The film, masks under ``Tuberculosis`` and ``Lung Opacity``, and the sides.
    """
    if rng.random() < 0.12:
        weight = _miliary(anatomy, rng)
    else:
        weight = np.zeros_like(film)
        for side in SIDES if rng.random() < 0.5 else (str(rng.choice(SIDES)),):
            weight = overlay(weight, _upper_zone(anatomy, side, rng))
    painted = densify(film, weight, tissue_grey(film, anatomy, rng))
    mask = (soften(weight, 1.0) > VISIBLE).astype(np.float32)
    return Painted(painted, {"Tuberculosis": mask, "Lung Opacity": mask}, sides_of(mask, anatomy))


def _upper_zone(anatomy: Anatomy, side: str, rng: Rng) -> FloatImage:
    """Return the blending weight of mixed disease in the upper half of one lung."""
    upper = anatomy.lung(side) & (anatomy.height(side) > rng.uniform(0.4, 0.68))
    weight = np.zeros(upper.shape, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        weight = np.maximum(weight, shadow_in(anatomy, upper, rng, (0.02, 0.08)))
    if rng.random() < 0.6:
        weight = np.maximum(weight, _strands(anatomy, side, rng))
    if rng.random() < 0.5:
        weight = np.maximum(weight, _small_nodules(anatomy, upper, rng))
    return _cavity(anatomy, upper, weight, rng) if rng.random() < 0.35 else weight


def _strands(anatomy: Anatomy, side: str, rng: Rng) -> FloatImage:
    """Return fibrous strands running from the hilum to the apex: ridges of a smooth field."""
    ridges = np.exp(-((smooth_noise(rng, anatomy.size, 12.0) / 0.16) ** 2))
    region = soften(anatomy.lung(side) & (anatomy.height(side) > 0.55), 5.0) * anatomy.lung(side)
    patch = np.clip(0.6 + smooth_noise(rng, anatomy.size, 30.0), 0.0, 1.0)
    return (rng.uniform(0.2, 0.5) * ridges * region * patch).astype(np.float32)


def _small_nodules(anatomy: Anatomy, region: Mask, rng: Rng) -> FloatImage:
    """Return a cluster of small nodules."""
    weight = np.zeros(region.shape, np.float32)
    for _ in range(int(rng.integers(4, 12))):
        radius = rng.uniform(0.005, 0.014) * anatomy.size
        spot = blob(anatomy, random_point(rng, region), (radius, radius), 0.0)
        weight = np.maximum(weight, rng.uniform(0.2, 0.55) * spot)
    return weight


def _cavity(anatomy: Anatomy, region: Mask, weight: FloatImage, rng: Rng) -> FloatImage:
    """Cut a thick-walled ring with a lucent middle into the shadow."""
    centre, radius = random_point(rng, region), rng.uniform(0.025, 0.07) * anatomy.size
    dome = blob(anatomy, centre, (radius, radius * rng.uniform(0.8, 1.2)), rng.uniform(0, np.pi))
    distance = np.sqrt(np.clip(-2.0 * np.log(dome + 1e-12), 0.0, None))
    wall = np.exp(-0.5 * ((distance - 1.0) / rng.uniform(0.16, 0.3)) ** 2)
    hollow = 1.0 / (1.0 + np.exp((distance - 0.85) / 0.08))
    ring = rng.uniform(0.35, 0.75) * wall * soften(anatomy.lungs, 1.0)
    return np.maximum(weight * (1.0 - 0.9 * hollow), ring * (1.0 - hollow)).astype(np.float32)


def _miliary(anatomy: Anatomy, rng: Rng) -> FloatImage:
    """Return seeding of both lungs with countless small nodules."""
    seeds = np.clip(smooth_noise(rng, anatomy.size, rng.uniform(2.2, 4.0)) - 0.6, 0.0, 1.5)
    return (rng.uniform(0.2, 0.45) * seeds * soften(anatomy.lungs, 2.0)).clip(0.0, 0.8).astype(np.float32)
