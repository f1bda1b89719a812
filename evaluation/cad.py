"""``python -m chatcad eval cad``: every embedded network's benchmark, one after the other, in one file."""

from __future__ import annotations

import importlib
from typing import Any

from chatcad.config import Settings

NETWORKS = ("segmenter", "gate", "view", "classifier", "reporter", "template")


def run(settings: Settings) -> dict[str, Any]:
    """Run the benchmarks of all networks and return their figures by network."""
    return {name: importlib.import_module(f"evaluation.{name}").run(settings) for name in NETWORKS}
