"""``users add | list | remove``: who may log in on the page (``CHATCAD_AUTH=basic``)."""

from __future__ import annotations

import argparse
import getpass
import sys

from chatcad.access.users import Users
from chatcad.config import Settings
from chatcad.errors import UsageError


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Run one of the actions; the password is asked for, or read from a pipe's first line."""
    users = Users.of(settings)
    if arguments.action == "add":
        users.add(arguments.name, _password())
        print(f"{arguments.name}: added")
    elif arguments.action == "remove":
        users.names.remove(arguments.name)
        print(f"{arguments.name}: removed; a login that is open ends with its next request")
    else:
        print("\n".join(users.names.all()) or "no user yet: `python -m chatcad users add NAME`")


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise UsageError("the two passwords differ: try again")
    return password
