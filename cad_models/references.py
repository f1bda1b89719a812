"""Reference ranges of measurements, as the evaluation measured them on films without a finding.

It knows one small file, which ``python -m chatcad eval segmenter`` writes. It doesn't know how a measurement is made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from cad_models.weights_io import WEIGHTS
from chatcad.errors import ModelMissing

FILE = WEIGHTS / "references.json"


@dataclass(frozen=True, slots=True)
class Reference:
    """The central 95% of a measurement on ``n`` films without a finding, outlined by the segmenter of that sha256."""

    low: float
    high: float
    n: int
    films: str
    segmenter_sha256: str


@cache
def read_references(file: Path = FILE) -> Mapping[str, Reference]:
    """Return the reference range of each measurement, by its name.

    Raises
    ------
    ModelMissing
        The file is missing.
    """
    if not file.is_file():
        raise ModelMissing(f"{file} is missing: restore it with `git checkout -- cad_models/weights`")
    return {name: Reference(**facts) for name, facts in json.loads(file.read_text(encoding="utf-8")).items()}


def write_references(references: Mapping[str, Reference], file: Path = FILE) -> None:
    """Write the ranges, over all former ones."""
    facts = {name: asdict(reference) for name, reference in references.items()}
    file.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    read_references.cache_clear()
