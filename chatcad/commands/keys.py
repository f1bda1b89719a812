"""``keys add | list | revoke``: who may use the API."""

from __future__ import annotations

import argparse

from chatcad.access.keys import Keys
from chatcad.config import Settings


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Run one of the actions; a key is printed once and can't be shown again."""
    keys = Keys.of(settings)
    if arguments.action == "add":
        print(keys.add(arguments.name))
    elif arguments.action == "revoke":
        keys.names.remove(arguments.name)
        print(f"{arguments.name}: revoked")
    else:
        print("\n".join(keys.names.all()) or "no key yet: `python -m chatcad keys add NAME`")
