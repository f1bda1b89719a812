"""``audit verify | show``: whether the audit log is whole, and what is in it."""

from __future__ import annotations

import argparse
from itertools import islice

from chatcad.config import Settings
from chatcad.observe.audit import Audit, path_of


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one of the actions; a log that was changed gives exit code 1."""
    audit = Audit(path_of(settings))
    if arguments.action == "show":
        for record in islice(reversed(audit.records()), arguments.n):
            print("  ".join((record["time"], record["owner"], record["action"], record["kind"], record["film"][:12])))
        return 0
    found = audit.verify()
    for line in (*found.faults, *found.remarks):
        print(line)
    state = "changed" if found.faults else "whole"
    print(f"{audit.path}: {state}, {found.lines} lines, head {found.head}")
    return 1 if found.faults else 0
