"""``models list | get | use``: the CAD networks, each with licence, size, figures and state."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from cad_models import choice, local, registry
from chatcad.config import Settings
from chatcad.errors import ModelMissing, UsageError


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Run one of the three actions."""
    {"list": _list, "get": _get, "use": _use}[arguments.action](arguments, settings)


def _list(_: argparse.Namespace, settings: Settings) -> None:
    in_use = set(choice.chosen(settings.cache).values())
    for network in registry.entries():
        print("\n".join(describe(network, in_use=network.name in in_use)))
    print(
        "* in use. Figures with 95% intervals were measured here on patients never trained on; all of them:"
        " cad_models/cards/. Figures of others were not."
    )


def describe(network: registry.Network, *, in_use: bool) -> Iterator[str]:
    """Yield the lines that tell of one network."""
    state, size = registry.state(network), f"{network.bytes / 2**20:7.1f} MiB"
    yield f"{'*' if in_use else ' '} {network.name:28} {network.task:11} {state:8} {size}"
    yield f"    licence  {network.licence}"
    for what, (value, low, high) in network.figures.items():
        yield f"    {value:.2f} [{low:.2f}, {high:.2f}]  {what}"
    if network.embedded:
        return
    yield f"    source   {network.source}"
    yield f"    cite     {network.citation}"
    if network.published:
        yield f"    figures  published by others and not measured here ({network.published_in}):"
    for what, published in network.published.items():
        yield f"        {published:.2f}  {what}"
    if state != "ready":
        yield f"    get it   {how_to_get(network)}"
    elif network.task == "classifier" and not local.is_calibrated(network.name):
        yield f"    {UNCALIBRATED.format(name=network.name)}"


UNCALIBRATED = (
    "not calibrated: it says 'possible' or 'not flagged' and no probability;"
    " `python -m chatcad calibrate {name} --manifest CSV`"
)


def how_to_get(network: registry.Network) -> str:
    """Return the command that brings a network's weights."""
    if network.embedded:
        return "git checkout -- cad_models/weights"
    return f"python -m chatcad models get {network.name}   (from {network.url})"


def _get(arguments: argparse.Namespace, _: Settings) -> None:
    network = registry.get(arguments.name)
    if network.embedded:
        if arguments.file is not None:
            raise UsageError(f"{network.name!r} ships with the project: `--file` is for public networks")
        if (state := registry.state(network)) != "ready":
            raise ModelMissing(f"the weights of {network.name!r} are {state}: `{how_to_get(network)}`")
    elif arguments.file is not None or registry.state(network) != "ready":
        from cad_models.public import fetch

        trust = fetch.get(network, arguments.file)
        network = registry.get(network.name)
        if trust == "first use":
            published = registry.read_record(network.name)["published_sha256"]
            print(f"its owner states no checksum: this first file is trusted and recorded, sha256 {published}")
    print(f"{network.name}: ready, sha256 {network.sha256}")
    if not network.embedded:
        print(f"use it with `python -m chatcad models use {network.name}`; licence: {network.licence}")


def _use(arguments: argparse.Namespace, settings: Settings) -> None:
    network = choice.choose(arguments.name, settings.cache)
    print(f"{network.name} is now used for: {network.task}")
    if network.task == "classifier" and not network.embedded and not local.is_calibrated(network.name):
        print(UNCALIBRATED.format(name=network.name))
