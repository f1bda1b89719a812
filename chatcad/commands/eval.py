"""``eval NAME``: run a benchmark of ``evaluation/`` and store what it measured."""

from __future__ import annotations

import argparse
import importlib

from chatcad.config import ROOT, Settings
from chatcad.errors import UsageError


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Run ``evaluation/<name>.py`` and write ``evaluation/results/<name>.json``."""
    from evaluation.figures import store

    names = benchmarks()
    if arguments.name not in names:
        raise UsageError(f"no benchmark is called {arguments.name!r}: choose from {', '.join(names)}")
    result = importlib.import_module(f"evaluation.{arguments.name}").run(settings)
    path = store(arguments.name, result)
    print(f"written: {path.relative_to(ROOT)}")


def benchmarks() -> tuple[str, ...]:
    """Return the names of the benchmarks: the modules and packages of ``evaluation`` with ``run``."""
    folder = ROOT / "evaluation"
    files = [(f.stem, f) for f in folder.glob("*.py")] + [(f.parent.name, f) for f in folder.glob("*/__init__.py")]
    return tuple(name for name, f in sorted(files) if "\ndef run(" in f.read_text(encoding="utf-8"))
