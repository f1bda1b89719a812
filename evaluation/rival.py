"""torchxrayvision's DenseNet121 and PSPNet with random weights: what the speed of our networks is compared with.

Their architectures and their own forward passes are used as they are; only the weights are random, which time does
not depend on.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import torch

from cad_models.preprocess import to_square
from chatcad.types import Radiograph

CLASSIFIER_SIZE, SEGMENTER_SIZE = 224, 512
LABELS, STRUCTURES = 18, 14
RANGE = 1024.0
"""torchxrayvision's networks take grey values from -1024 to 1024."""


def load_rival() -> Callable[[Radiograph], None]:
    """Return a function that reads one film with both networks, at the sizes that they were trained for."""
    import torchxrayvision
    from torchxrayvision.baseline_models import chestx_det

    classifier = torchxrayvision.models.DenseNet(weights=None, num_classes=LABELS).eval()
    segmenter = _random_pspnet(chestx_det)

    def read(film: Radiograph) -> None:
        with torch.inference_mode():
            classifier(_input(film, CLASSIFIER_SIZE))
            segmenter(_input(film, SEGMENTER_SIZE)).sigmoid()

    return read


def _random_pspnet(module: object) -> torch.nn.Module:
    """Return their PSPNet, which only loads from a file: here one of random weights in its released form."""
    random = module.pspnet(STRUCTURES)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        weights = {f"module.{k}": v for k, v in random.state_dict().items()}
        torch.save(weights, Path(folder) / "pspnet_chestxray_best_model_4.pth")
        network: torch.nn.Module = module.PSPNet(cache_dir=folder).eval()  # type: ignore[attr-defined]
    return network


def _input(film: Radiograph, size: int) -> torch.Tensor:
    return torch.from_numpy((to_square(film.pixels, size) * 2 - 1) * RANGE)[None, None]
