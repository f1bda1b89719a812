"""PSPNet anatomy of 14 structures, of which the reader uses the lungs and the heart.

It gives the same maps as the embedded segmenter, so that cleaning, quality and measurements are the same for both. The
gate and the view head go on reading the embedded segmenter, on whose features they were trained.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from cad_models import registry
from cad_models.public.architectures import ARCHITECTURES
from cad_models.public.classifier import as_input
from cad_models.segmenter import SIZE
from cad_models.weights_io import read_weights
from chatcad.types import Radiograph

USED = ("Right Lung", "Left Lung", "Heart")


class Anatomy:
    """The network with the numbers of the structures that are used."""

    def __init__(self, name: str, network: nn.Module, structures: tuple[str, ...]) -> None:
        self.architecture = ARCHITECTURES[name]
        self.network = network
        self.channels = [structures.index(s) for s in USED]

    def outline(self, film: Radiograph) -> NDArray[np.float32]:
        """Return ``(3, 256, 256)`` probabilities of right lung, left lung and heart.

        The film is squashed to a square, as the NIH films were on which the network was trained: so the maps cover all
        of it.
        """
        with torch.inference_mode():
            maps = self.architecture.outputs(self.network, as_input(film.pixels, self.architecture.size))
            chosen = maps[:, self.channels].sigmoid()
            small = nn.functional.interpolate(chosen, size=(SIZE, SIZE), mode="bilinear", antialias=True)
        return np.asarray(small[0].numpy(), dtype=np.float32)


def load(file: Path) -> Anatomy:
    """Return the network whose weights lie in the folder of its name."""
    name = file.parent.name
    network = ARCHITECTURES[name].build()
    network.load_state_dict(read_weights(file))
    return Anatomy(name, network, registry.get(name).labels)
