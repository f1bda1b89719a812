"""Airspace opacity and consolidation: mottled, soft-bordered density inside the lung, faint or dense, focal or lobar.

It knows the lung's mask only; it doesn't know lobes or air bronchograms.
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
    soften,
    texture,
    tissue_grey,
)
from chatcad.types import FloatImage, Mask

VISIBLE = 0.14  # blending weight from which a reader would outline the shadow
DENSE = 0.5  # from here on vessels are lost: consolidation rather than haze


def paint_opacity(film: FloatImage, anatomy: Anatomy, rng: Rng) -> Painted:
    """Paint one to four airspace opacities in one or both lungs.

    See `canvas.Painter` for the parameters.

    Returns
    -------
    Painted
        The film, masks under ``Lung Opacity`` and, where dense, ``Consolidation``, and the sides.
    """
    weight = np.zeros_like(film)
    for _ in range(1 + int(rng.geometric(0.55)) % 4):
        shadow = shadow_in(anatomy, _region(anatomy, rng), rng)
        weight = overlay(weight, shadow)
    return blend_airspace(film, anatomy, weight, rng)


def overlay(weight: FloatImage, other: FloatImage) -> FloatImage:
    """Return the blending weight of two shadows, one behind the other."""
    return np.asarray(1.0 - (1.0 - weight) * (1.0 - other), dtype=np.float32)


def blend_airspace(film: FloatImage, anatomy: Anatomy, weight: FloatImage, rng: Rng) -> Painted:
    """Blend airspace density into the film and derive the masks of both labels."""
    painted = densify(film, weight, tissue_grey(film, anatomy, rng))
    masks = {"Lung Opacity": (weight > VISIBLE).astype(np.float32)}
    dense = soften(weight, 1.5) > DENSE
    if dense.sum() > 0.0012 * anatomy.size**2:
        masks["Consolidation"] = dense.astype(np.float32)
    return Painted(painted, masks, sides_of(masks["Lung Opacity"], anatomy))


def shadow_in(anatomy: Anatomy, region: Mask, rng: Rng, spread: tuple[float, float] = (0.035, 0.13)) -> FloatImage:
    """Return the blending weight of one mottled shadow centred in ``region``, clipped softly to the lungs."""
    radii = rng.uniform(*spread, 2) * anatomy.size
    base = blob(anatomy, random_point(rng, region), (radii[0], radii[1]), rng.uniform(0, np.pi))
    rough = np.clip(base * (1.0 + rng.uniform(0.15, 0.55) * texture(rng, anatomy.size)), 0.0, None)
    sharp = rng.uniform(3.0, 11.0)
    shape = 1.0 / (1.0 + np.exp(-sharp * (rough - rng.uniform(0.35, 0.6))))
    peak = rng.uniform(0.25, 0.95)
    return (peak * shape * (rough > 0.02) * soften(_container(anatomy), 1.3)).astype(np.float32)


def _region(anatomy: Anatomy, rng: Rng) -> Mask:
    """Choose where a shadow sits: a lung, sometimes only its lower or its upper part."""
    side = str(rng.choice(SIDES))
    height, choice = anatomy.height(side), rng.random()
    lung = anatomy.lung(side)
    if choice < 0.35:
        return np.asarray(lung & (height < 0.42))
    if choice < 0.5:
        return np.asarray(lung & (height > 0.58))
    return lung


def _container(anatomy: Anatomy) -> Mask:
    """Return where airspace lies: both lungs with the parts behind the heart."""
    behind_heart = anatomy.hemithorax("left") & anatomy.heart
    return np.asarray(anatomy.lungs | behind_heart)
