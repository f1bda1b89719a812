"""The segmentation network: right lung, left lung and heart on a square film.

It knows the network's layers and how to run it. It doesn't know what a plausible heart looks like
(``cad_models.anatomy``) or how it was trained (``cad_models.training.segmenter``). Its ``Encoder`` is the body of
the classifier too, and its pooled features feed the gate and the view head.

Layout after U-Net (Ronneberger et al. 2015, arXiv 1505.04597) with a stride-4 stem and a sub-pixel head (Shi et
al. 2016, arXiv 1609.05158): dense convolutions at low resolution are what a CPU does well.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from cad_models.weights_io import read_weights
from chatcad.types import FloatImage

SIZE = 256
STRUCTURES = ("right_lung", "left_lung", "heart")
WIDTHS = (48, 80, 128, 160)
STEM_STRIDE = 4


def conv_block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Return a 3×3 convolution with batch normalisation and a rectifier."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Encoder(nn.Module):
    """Feature maps of a square film at strides 4, 8, 16 and 32.

    Parameters
    ----------
    channels
        Of the input: 1 for a film.
    widths
        Channels of the four maps.
    """

    def __init__(self, channels: int = 1, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.widths = widths
        # Folding 4×4 pixels into channels loses nothing and leaves the costly full-resolution convolutions out.
        self.fold = nn.PixelUnshuffle(STEM_STRIDE)
        self.stem = nn.Sequential(conv_block(channels * STEM_STRIDE**2, widths[0]), conv_block(widths[0], widths[0]))
        self.stages = nn.ModuleList(
            nn.Sequential(conv_block(a, b, stride=2), conv_block(b, b)) for a, b in pairwise(widths)
        )

    def forward(self, film: Tensor) -> list[Tensor]:
        """Return the maps, finest first.

        Parameters
        ----------
        film
            ``(n, channels, side, side)`` in ``[0, 1]``; the side is a multiple of 32.
        """
        maps = [self.stem(self.fold(film * 2 - 1))]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        return maps


class Decoder(nn.Module):
    """Climbs from the coarsest map to stride 4, joining the finer maps on the way."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.joins = nn.ModuleList(conv_block(deep + fine, fine) for fine, deep in reversed(list(pairwise(widths))))

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Return the joined map at stride 4, ``widths[0]`` channels."""
        x = maps[-1]
        for join, fine in zip(self.joins, reversed(maps[:-1]), strict=True):
            x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = join(torch.cat((x, fine), dim=1))
        return x


class Segmenter(nn.Module):
    """U-Net from a film (or, for the shape network, from two lung masks) to one logit a structure and pixel.

    Parameters
    ----------
    channels
        Of the input.
    structures
        Number of output maps.
    widths
        See `Encoder`.
    """

    def __init__(self, channels: int = 1, structures: int = len(STRUCTURES), widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.encoder = Encoder(channels, widths)
        self.decoder = Decoder(widths)
        self.head = nn.Sequential(nn.Conv2d(widths[0], structures * STEM_STRIDE**2, 1), nn.PixelShuffle(STEM_STRIDE))

    def forward(self, film: Tensor) -> Tensor:
        """Return logits ``(n, structures, side, side)``."""
        return self.decode(self.encoder(film))

    def decode(self, maps: list[Tensor]) -> Tensor:
        """Return the logits of maps that the encoder has already made."""
        logits: Tensor = self.head(self.decoder(maps))
        return logits


def pooled_features(maps: list[Tensor]) -> Tensor:
    """Return the means of the stride-32 and stride-16 maps side by side: what the gate and the view head read."""
    return torch.cat((maps[-1].mean(dim=(2, 3)), maps[-2].mean(dim=(2, 3))), dim=1)


def load(file: Path) -> Segmenter:
    """Return the trained network of a weight file, ready for use."""
    network = Segmenter()
    network.load_state_dict(read_weights(file))
    # The layout that a CPU's convolutions like best: 13% less time for one film, 23% for eight.
    return network.to(memory_format=torch.channels_last).eval()


def run(network: Segmenter, squares: FloatImage) -> tuple[Tensor, list[Tensor], Tensor]:
    """Run the network on one film or several.

    Parameters
    ----------
    network
        In evaluation mode.
    squares
        ``(256, 256)`` or ``(n, 256, 256)`` float32 from `cad_models.preprocess.to_square`.

    Returns
    -------
    film, maps, logits
        ``(n, 1, 256, 256)`` in ``[0, 1]``, the encoder's maps, and ``(n, 3, 256, 256)``.
    """
    with torch.inference_mode():
        film = torch.from_numpy(np.ascontiguousarray(squares)).reshape(-1, 1, *squares.shape[-2:])
        maps = network.encoder(film)
        return film, maps, network.decode(maps)
