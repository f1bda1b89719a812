"""``feedback export | erase``: the judgements that readers stored on this machine."""

from __future__ import annotations

import argparse

from chatcad import feedback
from chatcad.config import Settings


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Run one of the actions."""
    if arguments.action == "export":
        print(f"{arguments.out}: {feedback.export(arguments.out, settings)} judgements")
    else:
        print("erased" if feedback.erase(settings) else "there was nothing to erase")
