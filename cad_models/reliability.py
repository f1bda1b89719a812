"""Reliability curves: of the films that were given a probability, how many had the finding.

It knows one small file, which ``python -m chatcad eval reliability`` writes for the embedded classifier. A curve holds
for the weights that it was measured with, and for the calibration that they came with.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cad_models.weights_io import WEIGHTS
from chatcad.errors import ModelMissing

FILE = WEIGHTS / "reliability.json"
BINS = 8
Z = 1.959964  # of a two-sided 95% interval


@dataclass(frozen=True, slots=True)
class Bin:
    """Films of like probability.

    Parameters
    ----------
    predicted
        Their mean calibrated probability, from maps that were fitted on other patients.
    observed, low, high
        The share of them with the finding, and Wilson's 95% interval (Wilson 1927, J Am Stat Assoc 22:209) for as many
        independent films as there are patients, since films of one patient are alike.
    n, patients
        How many films, of how many patients.
    """

    predicted: float
    observed: float
    low: float
    high: float
    n: int
    patients: int


def bins_of(
    probability: NDArray[np.float64], truth: NDArray[np.bool_], patients: NDArray[np.str_], bins: int = BINS
) -> tuple[Bin, ...]:
    """Return films in bins of equal count, lowest probabilities first.

    Parameters
    ----------
    probability, truth, patients
        ``(n,)`` each.
    bins
        How many; films at the edge of two bins stay in their order.
    """
    order = np.argsort(probability, kind="stable")
    return tuple(_bin(probability[part], truth[part], patients[part]) for part in np.array_split(order, bins))


def _bin(probability: NDArray[np.float64], truth: NDArray[np.bool_], patients: NDArray[np.str_]) -> Bin:
    observed, independent = float(truth.mean()), len(set(patients.tolist()))
    low, high = wilson(observed, independent)
    predicted, observed, low, high = (round(v, 4) for v in (float(probability.mean()), observed, low, high))
    return Bin(predicted, observed, low, high, len(truth), independent)


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return Wilson's 95% interval of a share among ``n``."""
    centre, scale = share + Z**2 / (2 * n), 1 + Z**2 / n
    half = Z * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def curve_of(label: str, weights_sha256: Mapping[str, str], file: Path = FILE) -> tuple[Bin, ...]:
    """Return the curve of a label for the networks that read a film; empty where none was measured for them.

    Parameters
    ----------
    label
        As torchxrayvision spells it.
    weights_sha256
        Of the run: another classifier, or probabilities calibrated on this installation, have no curve here.
    """
    classifier, curves = _read(file)
    if "calibration" in weights_sha256 or weights_sha256.get("classifier") != classifier:
        return ()
    return curves.get(label, ())


@cache
def _read(file: Path) -> tuple[str, Mapping[str, tuple[Bin, ...]]]:
    if not file.is_file():
        raise ModelMissing(f"{file} is missing: restore it with `git checkout -- cad_models/weights`")
    stored = json.loads(file.read_text(encoding="utf-8"))
    curves = {label: tuple(Bin(**entry) for entry in entries) for label, entries in stored["labels"].items()}
    return str(stored["classifier_sha256"]), curves


def write_curves(curves: Mapping[str, tuple[Bin, ...]], classifier_sha256: str, note: str, file: Path = FILE) -> None:
    """Write the curves of one classifier, over all former ones."""
    labels = {label: [asdict(b) for b in bins] for label, bins in curves.items()}
    stored = {"note": note, "classifier_sha256": classifier_sha256, "labels": labels}
    file.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    _read.cache_clear()
