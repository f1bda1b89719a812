"""``analyse IMAGE``: what the networks found, as text or JSON, and the overlay."""

from __future__ import annotations

import argparse
import json

from chatcad import DISCLAIMER
from chatcad.config import Settings
from chatcad.findings.wording import measurement_line
from chatcad.types import Study


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Read one film and print its facts."""
    from cad_models.choice import chosen
    from cad_models.reader import CadReader
    from chatcad.pipeline import read_film
    from chatcad.serialise import study_to_json

    study = read_film(arguments.image, CadReader(chosen(settings.cache)), settings)
    print(json.dumps(study_to_json(study), indent=1) if arguments.json else as_text(study))
    if arguments.overlay is not None:
        from chatcad.ui.overlay import save_overlay

        save_overlay(study, arguments.overlay)


def as_text(study: Study) -> str:
    """Return a study as a short readable text."""
    film = study.radiograph
    lines = [
        f"{film.width} × {film.height} · view {study.view} · gate {study.gate.score:.2f}",
        *(f"note: {w}" for w in film.warnings),
        "",
        study.draft_report,
        "",
        *(measurement_line(m) for m in study.measurements),
        "",
        "times (ms): " + ", ".join(f"{k} {v:.0f}" for k, v in study.run.timings_ms.items()),
        DISCLAIMER,
    ]
    return "\n".join(lines)
