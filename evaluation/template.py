"""``python -m chatcad eval template``: the template writer by itself, against the degenerate writers."""

from __future__ import annotations

from typing import Any

from chatcad.config import Settings
from evaluation.reporter import compare


def run(settings: Settings) -> dict[str, Any]:
    """Compare the template with the degenerate writers."""
    return compare(settings, ("template",))
