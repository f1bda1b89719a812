"""A public classifier as the reader asks for it: labels with calibrated probabilities, or without any number.

It knows how a film becomes the square that torchxrayvision's networks were trained on, and what their scores may say.
Without a calibration on local films (``python -m chatcad calibrate``) a label is ``weak``: it fires at its publisher's
operating point, and no probability is given, for there is none. Heat is Grad-CAM (Selvaraju et al. 2017,
arXiv 1610.02391) by captum.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from cad_models import registry
from cad_models.anatomy import reliable_ratio
from cad_models.calibration import OperatingPoint
from cad_models.classifier import thorax_region
from cad_models.public.architectures import ARCHITECTURES, Architecture
from cad_models.saliency import HEAT_SIZE
from cad_models.weights_io import read_weights
from chatcad.types import Box, FloatImage, LabelReading, Masks, Radiograph, View
from chatcad.vocabulary import terms


def centre_square(pixels: FloatImage) -> tuple[FloatImage, Box]:
    """Return the middle square of a film, as torchxrayvision crops it, and where it lies."""
    height, width = pixels.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    box = (left / width, top / height, (left + side) / width, (top + side) / height)
    return pixels[top : top + side, left : left + side], box


def as_input(pixels: FloatImage, size: int) -> Tensor:
    """Return ``(1, 1, size, size)`` in ``[-1024, 1024]``, as torchxrayvision normalises."""
    film = torch.from_numpy(np.ascontiguousarray(pixels, dtype=np.float32))[None, None]
    small = nn.functional.interpolate(film, size=(size, size), mode="bilinear", antialias=True, align_corners=False)
    return small * 2048 - 1024


class PublicClassifier:
    """One public network with what may be said of each of its labels.

    Parameters
    ----------
    name
        In the registry.
    network
        In evaluation mode.
    labels
        Of its outputs, in order.
    points
        By label, from a calibration on local films; empty without one.
    """

    def __init__(
        self, name: str, network: nn.Module, labels: Sequence[str], points: Mapping[str, OperatingPoint] | None = None
    ) -> None:
        self.name = name
        self.network = network
        self.labels = tuple(labels)
        self.points = dict(points or {})
        self.architecture: Architecture = ARCHITECTURES[name]
        self.thresholds = self.architecture.thresholds()
        self._one_film = threading.Lock()  # captum hangs hooks on the network, which other threads would set off

    def scores(self, film: Radiograph) -> dict[str, float]:
        """Return the raw logit of each label that the network was trained on and the vocabulary has."""
        pixels, _ = centre_square(film.pixels)
        with torch.inference_mode(), self._one_film:
            logits = self.architecture.outputs(self.network, as_input(pixels, self.architecture.size))[0]
        pairs = zip(self.labels, logits.tolist(), strict=True)
        return {label: score for label, score in pairs if label in self.thresholds and label in terms()}

    def read_labels(self, film: Radiograph, masks: Masks, view: View) -> tuple[LabelReading, ...]:
        """Read every label that `scores` gives.

        Parameters
        ----------
        film
            The film as loaded.
        masks
            On any grid that covers the film; heat stays inside the thorax.
        view
            Not used.
        """
        ratio = reliable_ratio(masks)
        return tuple(self._reading(label, score, ratio, film, masks) for label, score in self.scores(film).items())

    def _reading(self, label: str, score: float, ratio: float | None, film: Radiograph, masks: Masks) -> LabelReading:
        heat = partial(self.heat, label, film, masks)
        if point := self.points.get(label):
            return point.reading(score, ratio, self.name, heat)
        fires = score >= math.log(self.thresholds[label] / (1 - self.thresholds[label]))
        return LabelReading(label, "weak", self.name, fires=fires, heat_map=heat() if fires else None)

    def heat(self, label: str, film: Radiograph, masks: Masks) -> FloatImage | None:
        """Return where one label's score comes from, ``None`` when nothing inside the thorax speaks for it."""
        from captum.attr import LayerGradCam

        pixels, box = centre_square(film.pixels)
        square = as_input(pixels, self.architecture.size)
        with self._one_film:
            cam = LayerGradCam(
                lambda x: self.architecture.outputs(self.network, x), self.architecture.layer(self.network)
            )
            maps = cam.attribute(square, target=self.labels.index(label), relu_attributions=True)
        return on_film(maps[0, 0].detach().numpy(), box, masks)


def on_film(evidence: NDArray[np.float32], box: Box, masks: Masks) -> FloatImage | None:
    """Lay a map of a part of the film over the whole of it, inside the thorax only, its maximum at 1."""
    left, top, right, bottom = (round(v * HEAT_SIZE) for v in box)
    part = Image.fromarray(evidence.astype(np.float32)).resize((right - left, bottom - top), Image.Resampling.BICUBIC)
    heat = np.zeros((HEAT_SIZE, HEAT_SIZE), np.float32)
    heat[top:bottom, left:right] = np.maximum(np.asarray(part), 0.0)
    heat *= thorax_region(masks.right_lung, masks.left_lung, HEAT_SIZE)
    highest = float(heat.max())
    return heat / highest if highest > 0 else None


def load(file: Path) -> PublicClassifier:
    """Return the classifier whose weights lie in the folder of its name."""
    name = file.parent.name
    network = ARCHITECTURES[name].build()
    network.load_state_dict(read_weights(file))
    return PublicClassifier(name, network, registry.get(name).labels)
