"""``replay RECORD.json IMAGE``: hold a recorded conversation again, and tell whether it is the same."""

from __future__ import annotations

import argparse

from chatcad import imaging, record
from chatcad.config import Settings


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print what differs; exit code 1 where anything does."""
    from chatcad.pipeline import ChatCAD

    recorded = record.read(arguments.record)
    for path in filter(None, (arguments.image, arguments.prior)):
        imaging.must_be_there(path)
    chatcad = ChatCAD.open(record.settings_of(recorded, settings))
    made = record.replay(recorded, chatcad, arguments.image, arguments.prior)
    found = list(record.differences(recorded, made))
    print("\n".join(found) or f"identical: {len(made['turns'])} answers, word for word")
    return int(bool(found))
