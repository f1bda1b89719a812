"""``models list | get | use``: the CAD networks, each with licence, size, figures and state."""

from __future__ import annotations

import argparse

from cad_models import choice, registry
from chatcad.config import Settings
from chatcad.errors import ModelMissing


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Run one of the three actions."""
    {"list": _list, "get": _get, "use": _use}[arguments.action](arguments, settings)


def _list(_: argparse.Namespace, settings: Settings) -> None:
    in_use = set(choice.chosen(settings.cache).values())
    for network in registry.entries():
        mark = "*" if network.name in in_use else " "
        print(
            f"{mark} {network.name:12} {network.task:11} {registry.state(network):8} {network.bytes / 2**20:5.1f} MiB"
        )
        print(f"    licence  {network.licence}")
        for what, (value, low, high) in network.figures.items():
            print(f"    {value:.2f} [{low:.2f}, {high:.2f}]  {what}")
    print("* in use. Figures with 95% intervals on patients never trained on; all of them: cad_models/cards/")


def _get(arguments: argparse.Namespace, _: Settings) -> None:
    network = registry.get(arguments.name)
    state = registry.state(network)
    if state != "ready":
        raise ModelMissing(
            f"the weights of {network.name!r} are {state}: they ship with the project,"
            " so restore them with `git checkout -- cad_models/weights`"
        )
    print(f"{network.name}: ready, sha256 {network.sha256}")


def _use(arguments: argparse.Namespace, settings: Settings) -> None:
    network = choice.choose(arguments.name, settings.cache)
    print(f"{network.name} is now used for: {network.task}")
