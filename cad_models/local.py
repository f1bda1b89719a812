"""The classifier of this installation: a network with the operating points that were calibrated here, if there are any.

It knows where a local calibration lies (``python -m chatcad calibrate`` writes it) and for which weights it holds. It
is laid over what the network came with, label by label.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from cad_models import registry
from cad_models.calibration import read_points
from chatcad.errors import ModelMissing

FILE = "calibration.json"


def calibration_file(name: str) -> Path:
    """Return where the local calibration of a network lies."""
    return registry.local_folder(name) / FILE


def calibrated_for(name: str) -> str | None:
    """Return the sha256 of the weights that a network's local calibration was measured with, if there is one.

    Raises
    ------
    ModelMissing
        The calibration is damaged.
    """
    file = calibration_file(name)
    if not file.is_file():
        return None
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["weights_sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise ModelMissing(f"{file} is damaged: remove it, or run `python -m chatcad calibrate` again") from error


def is_calibrated(name: str) -> bool:
    """Return whether a network has a local calibration for its present weights."""
    return calibrated_for(name) == registry.get(name).sha256


def classifier(name: str) -> Any:
    """Return a classifier from the registry, with its local calibration where that fits its weights."""
    network = registry.load(name)
    if not is_calibrated(name):
        return network
    own = copy.copy(network)  # the registry's is shared, and stays as it came
    own.points = {**network.points, **read_points(calibration_file(name))}
    return own
