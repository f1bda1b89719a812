"""Nodules and masses: round, soft-tissue densities with a Gaussian-like profile, never as bright as calcium.

It knows sizes as fractions of the film's side (a film spans about 36 cm; a mass is over 3 cm across, Fleischner
glossary 2008); it doesn't know the patient's true size.
"""

from __future__ import annotations

import numpy as np

from cad_models.training.painting.canvas import SIDES, Anatomy, Painted, Rng, blob, random_point, sides_of, smooth_noise
from chatcad.types import FloatImage, Mask

MASS_RADIUS = 0.042  # of the film's side: 3 cm across on a film of 36 cm


def paint_nodule(film: FloatImage, anatomy: Anatomy, rng: Rng) -> Painted:
    """Paint one to four nodules (radius .013 to .042 of the film's side)."""
    count = 1 if rng.random() < 0.6 else int(rng.integers(2, 5))
    return _paint_round(film, anatomy, rng, label="Nodule", count=count, radii=(0.013, MASS_RADIUS))


def paint_mass(film: FloatImage, anatomy: Anatomy, rng: Rng) -> Painted:
    """Paint one or two masses (radius .042 to .12 of the film's side), lobulated."""
    count = 1 if rng.random() < 0.8 else 2
    return _paint_round(film, anatomy, rng, label="Mass", count=count, radii=(MASS_RADIUS, 0.12))


def _paint_round(
    film: FloatImage, anatomy: Anatomy, rng: Rng, *, label: str, count: int, radii: tuple[float, float]
) -> Painted:
    """Add ``count`` round densities; overlying density adds, and saturates near white."""
    mask = np.zeros_like(film)
    for _ in range(count):
        radius = rng.uniform(*radii) * anatomy.size
        profile = _profile(anatomy, random_point(rng, _places(anatomy, rng)), radius, rng)
        # Smaller ones absorb less, and must still stand out from the mottle to be worth a label.
        contrast = rng.uniform(0.09, 0.24) + 0.15 * rng.random() * min(radius / (0.06 * anatomy.size), 1.5)
        film = np.clip(film + contrast * profile * np.clip(1.25 - film, 0.25, 1.0), 0.0, 1.0).astype(np.float32)
        mask = np.maximum(mask, (profile > 0.4).astype(np.float32))
    return Painted(film, {label: mask}, sides_of(mask, anatomy))


def _profile(anatomy: Anatomy, centre: tuple[int, int], radius: float, rng: Rng) -> FloatImage:
    """Return a lobulated dome: flat in the middle, falling off at ``radius``."""
    spread = radius * rng.uniform(0.85, 1.18, 2)
    gauss = blob(anatomy, centre, (spread[0], spread[1]), rng.uniform(0, np.pi))
    distance2 = -2.0 * np.log(gauss + 1e-12)
    wobble = np.clip(1.0 + rng.uniform(0.0, 0.2) * smooth_noise(rng, anatomy.size, max(radius, 4.0)), 0.6, 1.6)
    return np.exp(-0.69 * np.clip(distance2 * wobble, 0.0, None) ** rng.uniform(1.0, 2.4)).astype(np.float32)


def _places(anatomy: Anatomy, rng: Rng) -> Mask:
    """Return where it may sit: anywhere in a lung, a few behind the heart."""
    if rng.random() < 0.08:
        return np.asarray(anatomy.hemithorax("left") & anatomy.heart)
    return anatomy.lung(str(rng.choice(SIDES)))
