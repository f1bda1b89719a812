"""``doctor``: what is installed, which networks and backends can be used, what is missing and how to get it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING

from chatcad.config import Settings

if TYPE_CHECKING:
    from cad_models.registry import Network

PACKAGES = (
    "torch", "torchxrayvision", "transformers", "gradio", "langchain", "chromadb", "sentence-transformers", "pydicom",
)  # fmt: skip


def run(_: argparse.Namespace, settings: Settings) -> None:
    """Print the state of this installation, one line a thing."""
    parts = (_packages(), _networks(), _backends(settings), _memory(), _knowledge(settings))
    for state, name, detail in (line for part in parts for line in part):
        print(f"{state:8} {name:36} {detail}")


def _packages() -> Iterator[tuple[str, str, str]]:
    for name in PACKAGES:
        try:
            yield "ok", name, metadata.version(name)
        except metadata.PackageNotFoundError:
            yield "missing", name, "make setup"


def _networks() -> Iterator[tuple[str, str, str]]:
    from cad_models import registry

    states = [(n, registry.state(n)) for n in registry.entries()]
    for network, state in states:
        word = "ok" if state == "ready" else state if network.embedded or state == "corrupt" else "optional"
        yield word, f"network {network.name}", _detail(network, state)
    if not any(state == "ready" for network, state in states if not network.embedded):
        hint = "the embedded detectors are weak; others publish stronger ones: the optional networks above"
        yield "hint", "stronger networks", hint


def _detail(network: Network, state: str) -> str:
    from cad_models import local
    from chatcad.commands.models import how_to_get

    if state != "ready":
        return f"{how_to_get(network)}; {network.task}, {network.bytes / 2**20:.0f} MiB"
    if network.task != "classifier":
        return "verified"
    if local.is_calibrated(network.name):
        return f"verified, calibrated here ({local.calibration_file(network.name)})"
    command = f"python -m chatcad calibrate {network.name} --manifest CSV"
    if local.calibrated_for(network.name):
        return f"verified; the calibration here is of other weights and not used: {command}"
    return "verified" if network.embedded else f"verified, not calibrated, so without probabilities: {command}"


def _backends(settings: Settings) -> Iterator[tuple[str, str, str]]:
    from chatcad.llm import registry

    for name in registry.names():
        status = registry.status(name, settings)
        chosen = " (chosen)" if name == settings.backend else ""
        detail = status.detail if status.usable else f"{status.detail}; {status.remedy}"
        yield ("ok" if status.usable else "missing"), f"language model {name}{chosen}", detail
    if settings.backend not in registry.names():
        words = f"there is none of that name: set CHATCAD_BACKEND to {', '.join(registry.names())}"
        yield "missing", f"language model {settings.backend} (chosen)", words
    if settings.backend == "openai":
        spare = "the embedded model takes over, and the answer says so" if settings.fallback else "CHATCAD_FALLBACK=off"
        yield "ok", "when the server fails", spare


def _memory() -> Iterator[tuple[str, str, str]]:
    """Say what this machine can hold, and which models fit common cards."""
    from chatcad.llm import catalogue, device, memory

    place, dtype = device.pick()
    yield "ok", "local language models run", f"on {place} in {str(dtype).removeprefix('torch.')}"
    gpu = memory.free_gpu()
    where = f"{memory.free_here() / memory.GIB:.1f} GiB here; "
    yield "ok", "free memory", where + ("no GPU" if gpu is None else f"{gpu / memory.GIB:.1f} GiB on the GPU")
    if find_spec("bitsandbytes") is None:
        yield "optional", "4-bit", "where bf16 doesn't fit a GPU: pip install -r requirements/gpu.txt"
    else:
        yield "ok", "4-bit", "bitsandbytes, used where bf16 doesn't fit a GPU"
    for card in catalogue.CARDS:
        models = "; ".join(f"{s.id} in {p} ({s.licence})" for s, p in catalogue.largest(card))
        yield "hint", f"for a GPU of {card} GB", f"{models}: by their size, not run by us"


def _knowledge(settings: Settings) -> Iterator[tuple[str, str, str]]:
    own = len(list((settings.knowledge / "passages").glob("*.md")))
    yield "ok", "guideline passages", f"{own} topics in {settings.knowledge / 'passages'}"
    medquad = settings.data / "medquad" / "medquad_chest.jsonl"
    found = medquad.is_file()
    yield (
        ("ok" if found else "absent"),
        "MedQuAD",
        str(medquad) if found else "optional: set CHATCAD_DATA to its folder",
    )
