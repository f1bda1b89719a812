"""``analyse IMAGE``: what the networks found, as text or JSON, and the overlay."""

from __future__ import annotations

import argparse
import json
import sys

from chatcad import DISCLAIMER
from chatcad.config import Settings
from chatcad.errors import ModelMissing
from chatcad.findings.wording import measurement_line
from chatcad.scale import open_networks
from chatcad.types import Study


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Read one film and print its facts; exit code 4 where a network failed, and the rest is printed."""
    from chatcad.pipeline import read_film
    from chatcad.serialise import study_to_json

    study = read_film(arguments.image, open_networks(settings, lenient=True), settings)
    print(json.dumps(study_to_json(study), indent=1) if arguments.json else as_text(study))
    if arguments.overlay is not None:
        from chatcad.ui.overlay import save_overlay

        save_overlay(study, arguments.overlay)
    return tell_missing(study)


def tell_missing(study: Study) -> int:
    """Print on standard error what a study lacks; return the exit code."""
    for remark in study.missing:
        print(f"chatcad: {remark}", file=sys.stderr)
    return ModelMissing.exit_code if study.missing else 0


def as_text(study: Study) -> str:
    """Return a study as a short readable text."""
    film = study.radiograph
    lines = [
        f"{film.width} × {film.height} · view {study.view} · gate {study.gate.score:.2f}",
        *(f"note: {w}" for w in (*study.missing, *film.warnings)),
        "",
        study.draft_report,
        "",
        *(measurement_line(m) for m in study.measurements),
        "",
        "times (ms): " + ", ".join(f"{k} {v:.0f}" for k, v in study.run.timings_ms.items()),
        DISCLAIMER,
    ]
    return "\n".join(lines)
