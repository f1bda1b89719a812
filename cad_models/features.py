"""What the gate and the view head read of a film: numbers that the segmenter has already computed.

It knows how to pool the segmenter's maps, its masks' places and a few grey statistics into one vector. It decides
nothing.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from cad_models.segmenter import STRUCTURES, WIDTHS, pooled_features
from cad_models.weights_io import read_weights

MASK_NUMBERS = 6  # a structure: area, centre (x, y), spread (x, y), decidedness
GREY_NUMBERS = 12
N_FEATURES = WIDTHS[-1] + WIDTHS[-2] + MASK_NUMBERS * len(STRUCTURES) + GREY_NUMBERS


def film_features(film: Tensor, maps: list[Tensor], logits: Tensor) -> Tensor:
    """Return ``(n, N_FEATURES)`` numbers of films that the segmenter has seen.

    Parameters
    ----------
    film
        ``(n, 1, side, side)`` in ``[0, 1]``.
    maps, logits
        The segmenter's, of the same films.
    """
    return torch.cat((pooled_features(maps), mask_numbers(logits.sigmoid()), grey_numbers(film)), dim=1)


def mask_numbers(probability: Tensor) -> Tensor:
    """Return area, centre, spread and decidedness of each structure: where a chest's anatomy would be."""
    side = probability.shape[-1]
    axis = torch.linspace(-1, 1, side)
    area = probability.mean(dim=(2, 3))
    share_x = probability.sum(dim=2) / (probability.sum(dim=(2, 3)).unsqueeze(-1) + 1)
    share_y = probability.sum(dim=3) / (probability.sum(dim=(2, 3)).unsqueeze(-1) + 1)
    x, y = share_x @ axis, share_y @ axis
    spread_x, spread_y = (share_x @ axis**2 - x**2).clamp(min=0).sqrt(), (share_y @ axis**2 - y**2).clamp(min=0).sqrt()
    decided = ((probability - 0.5).abs() * 2).mean(dim=(2, 3))
    return torch.cat((area, x, y, spread_x, spread_y, decided), dim=1)


def grey_numbers(film: Tensor) -> Tensor:
    """Return mean, spread and roughness, and the means of a 3×3 grid of the film: bright middle, dark lungs, air."""
    roughness = (film[..., 1:, :] - film[..., :-1, :]).abs().mean(dim=(1, 2, 3))
    grid = nn.functional.adaptive_avg_pool2d(film, 3).flatten(1)
    return torch.cat((film.mean(dim=(1, 2, 3))[:, None], film.std(dim=(1, 2, 3))[:, None], roughness[:, None], grid), 1)


class LinearHead(nn.Module):
    """Standardised features to logits: small enough that its training set can't be learnt by heart.

    Parameters
    ----------
    classes
        Number of logits.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(N_FEATURES))
        self.register_buffer("scale", torch.ones(N_FEATURES))
        self.register_buffer("threshold", torch.tensor(0.5))
        self.linear = nn.Linear(N_FEATURES, classes)

    def forward(self, features: Tensor) -> Tensor:
        """Return logits ``(n, classes)``; features are cut at five standard deviations."""
        standard = ((features - self.get_buffer("mean")) / self.get_buffer("scale")).clamp(-5, 5)
        logits: Tensor = self.linear(standard)
        return logits

    def standardise(self, features: Tensor) -> None:
        """Take mean and spread from training features."""
        self.get_buffer("mean").copy_(features.mean(dim=0))
        self.get_buffer("scale").copy_(features.std(dim=0).clamp(min=1e-4))


def load_head(file: Path, classes: int) -> LinearHead:
    """Return the head of a weight file, ready for use."""
    head = LinearHead(classes)
    head.load_state_dict(read_weights(file))
    return head.eval()
