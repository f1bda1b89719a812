"""Random changes to batches of films and their masks, on tensors.

It knows geometry and grey values that a film may come with: another angle, crop, exposure, marker, cable or
haze. It knows no labels; a change never mirrors a film, since the heart's side is what must be learnt.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def uniform(n: int, low: float, high: float, rng: torch.Generator) -> Tensor:
    """Return ``n`` numbers drawn evenly from ``[low, high)``."""
    return torch.rand(n, generator=rng) * (high - low) + low


def warp(films: Tensor, masks: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Rotate (±12°), stretch (each axis on its own), shift and shear films and masks alike.

    Parameters
    ----------
    films, masks
        ``(n, 1, s, s)`` and ``(n, k, s, s)``; what comes from outside the film is black and belongs to no structure.
    rng
        Source of the random numbers.
    """
    n = len(films)
    angle = uniform(n, -12, 12, rng) * (math.pi / 180)
    size = torch.exp(uniform(n, -0.22, 0.22, rng))
    aspect = torch.exp(uniform(n, -0.12, 0.12, rng))
    shear = uniform(n, -0.08, 0.08, rng)
    sx, sy = size * aspect, size / aspect
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = sx * angle.cos(), sx * (shear - angle.sin())
    theta[:, 1, 0], theta[:, 1, 1] = sy * angle.sin(), sy * angle.cos()
    theta[:, 0, 2], theta[:, 1, 2] = uniform(n, -0.12, 0.12, rng), uniform(n, -0.12, 0.12, rng)
    both = torch.cat((films, masks), dim=1)
    grid = functional.affine_grid(theta, list(both.shape), align_corners=False)
    both = functional.grid_sample(both, grid, padding_mode="zeros", align_corners=False)
    return both[:, :1], both[:, 1:]


def expose(films: Tensor, rng: torch.Generator) -> Tensor:
    """Change gamma, contrast, brightness, sharpness and noise, and lay a ramp over the film."""
    n, _, side, _ = films.shape

    def draw(low: float, high: float) -> Tensor:
        return uniform(n, low, high, rng).view(n, 1, 1, 1)

    films = films.clamp(0, 1) ** torch.exp(draw(-0.6, 0.6))
    films = (films - 0.5) * draw(0.6, 1.35) + 0.5 + draw(-0.15, 0.15)
    slope = torch.linspace(-1, 1, side)
    films = films + draw(-0.15, 0.15) * slope.view(1, 1, 1, side) + draw(-0.15, 0.15) * slope.view(1, 1, side, 1)
    coarse = functional.interpolate(films, scale_factor=0.25, mode="area")
    coarse = functional.interpolate(coarse, size=(side, side), mode="bilinear", align_corners=False)
    films = torch.lerp(films, coarse, (draw(-0.6, 1.0)).clamp(min=0))
    noise = torch.randn(films.shape, generator=rng) * draw(-0.04, 0.06).clamp(min=0)
    return (films + noise).clamp(0, 1)


def obscure(films: Tensor, rng: torch.Generator) -> Tensor:
    """Lay up to two soft opacities, a flat patch (marker, cut-out) and a thin line (cable) over some of the films."""
    side = films.shape[-1]
    axis = torch.linspace(-1, 1, side)
    films = films.clone()  # each film below is a view into it
    for film in films[:, 0]:
        for _ in range(int(torch.randint(0, 3, (1,), generator=rng))):
            x, y, w, h, strength = uniform(5, -1, 1, rng).tolist()
            blob = torch.outer(_bump(axis, y * 0.8, h), _bump(axis, x * 0.8, w))
            film.add_(blob * (0.1 + 0.5 * abs(strength)) * (1 - film))
        if torch.rand(1, generator=rng) < 0.4:
            place = uniform(4, 0, side, rng) * torch.tensor([0.9, 0.9, 0.25, 0.25])
            top, left, height, width = place.int().tolist()
            film[top : top + height, left : left + width] = float(torch.rand(1, generator=rng))
        if torch.rand(1, generator=rng) < 0.3:
            _draw_line(film, rng)
    return films.clamp(0, 1)


def _bump(axis: Tensor, centre: float, spread: float) -> Tensor:
    return torch.exp(-(((axis - centre) / (0.08 + 0.3 * abs(spread))) ** 2))


def _draw_line(film: Tensor, rng: torch.Generator) -> None:
    side = film.shape[-1]
    start, end, bow = uniform(3, 0, side - 1, rng).tolist()
    t = torch.linspace(0, 1, 2 * side)
    columns = (start + (end - start) * t + (bow - side / 2) * 0.5 * torch.sin(math.pi * t)).clamp(0, side - 1).long()
    rows = (t * (side - 1)).long()
    film[rows, columns] = 0.6 + 0.4 * float(torch.rand(1, generator=rng))
