"""The public networks' architectures, as torchxrayvision has them, without their downloads.

It knows how each is built empty, the grid and grey values that it was trained on, which layer a heat map is taken
from, and how its raw logits are got: the library's own outputs are rescaled about an operating point
(``torchxrayvision.models.op_norm``) and are no probabilities, so they are never used.
"""

from __future__ import annotations

import json
import math
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Architecture:
    """One public network.

    Parameters
    ----------
    build
        Makes it with random weights, in evaluation mode.
    size
        Side of the square that it reads.
    outputs
        Of the network and ``(n, 1, size, size)`` in ``[-1024, 1024]``: raw logits, ``(n, labels)`` or maps.
    layer
        The last feature map.
    thresholds
        The publisher's operating points on the sigmoid of the logit, by label; where there is none the network
        wasn't trained on the label.
    """

    build: Callable[[], nn.Module]
    size: int
    outputs: Callable[[nn.Module, Tensor], Tensor]
    layer: Callable[[nn.Module], nn.Module]
    thresholds: Callable[[], Mapping[str, float]]


@contextmanager
def _left_alone() -> Iterator[None]:
    """Keep ``sys.path`` and the warning filters: torchxrayvision changes both when it is imported."""
    path = list(sys.path)
    with warnings.catch_warnings():
        yield
    sys.path[:] = path


def _densenet() -> nn.Module:
    with _left_alone():
        from torchxrayvision.models import DenseNet
    network: nn.Module = DenseNet().eval()
    return network


def _resnet() -> nn.Module:
    from torchvision.models import resnet50

    network: Any = resnet50(num_classes=18, weights=None)
    network.conv1 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
    return network.eval()


def _jfhealthcare() -> nn.Module:
    with _left_alone():
        from torchxrayvision.baseline_models import jfhealthcare
    settings = json.loads((Path(jfhealthcare.__file__).parent / "config" / "example.json").read_text(encoding="utf-8"))
    # "pretrained" would download ImageNet weights, only to overwrite them.
    network: nn.Module = jfhealthcare.classifier.Classifier(types.SimpleNamespace(**{**settings, "pretrained": False}))
    return network.eval()


def _pspnet() -> nn.Module:
    with _left_alone():
        from torchxrayvision.baseline_models.chestx_det import pspnet
    network: nn.Module = pspnet(14)
    return network.eval()


def _first(network: nn.Module, film: Tensor) -> Tensor:
    logits: Tensor = network(film)
    return logits


def _jfhealthcare_outputs(network: nn.Module, film: Tensor) -> Tensor:
    logits, _ = network(film.repeat(1, 3, 1, 1) / 512)
    return torch.cat(logits, 1)


def _pspnet_outputs(network: nn.Module, film: Tensor) -> Tensor:
    mean, spread = (torch.tensor(v).view(1, 3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it upsamples by a name that torch has deprecated
        maps: Tensor = network((((film + 1024) / 2048).repeat(1, 3, 1, 1) - mean) / spread)
    return maps


def _published(weights: str) -> Mapping[str, float]:
    with _left_alone():
        from torchxrayvision.models import model_urls
    entry = model_urls[weights]
    pairs = zip(entry["labels"], entry["op_threshs"], strict=True)
    return {label: float(value) for label, value in pairs if not math.isnan(value)}  # NaN: never trained


def _jfhealthcare_thresholds() -> Mapping[str, float]:
    # Its authors state none; theirs is a plain sigmoid, so one half.
    with _left_alone():
        from torchxrayvision.baseline_models.jfhealthcare import DenseNet
    return dict.fromkeys(DenseNet.targets, 0.5)


ARCHITECTURES: Mapping[str, Architecture] = {
    "densenet121-res224-all": Architecture(
        _densenet, 224, _first, lambda n: n.get_submodule("features"), lambda: _published("densenet121-res224-all")
    ),
    "resnet50-res512-all": Architecture(
        _resnet, 512, _first, lambda n: n.get_submodule("layer4"), lambda: _published("resnet50-res512-all")
    ),
    "jfhealthcare": Architecture(
        _jfhealthcare, 512, _jfhealthcare_outputs, lambda n: n.get_submodule("backbone"), _jfhealthcare_thresholds
    ),
    "pspnet-chestx-det": Architecture(
        _pspnet, 512, _pspnet_outputs, lambda n: n.get_submodule("cbr_final"), lambda: {}
    ),
}
