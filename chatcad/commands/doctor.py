"""``doctor``: what is installed, which networks and backends can be used, what is missing and how to get it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib import metadata

from chatcad.config import Settings

PACKAGES = ("torch", "transformers", "gradio", "langchain", "chromadb", "sentence-transformers", "pydicom")


def run(_: argparse.Namespace, settings: Settings) -> None:
    """Print the state of this installation, one line a thing."""
    for state, name, detail in (*_packages(), *_networks(), *_backends(settings), *_knowledge(settings)):
        print(f"{state:8} {name:28} {detail}")


def _packages() -> Iterator[tuple[str, str, str]]:
    for name in PACKAGES:
        try:
            yield "ok", name, metadata.version(name)
        except metadata.PackageNotFoundError:
            yield "missing", name, "make setup"


def _networks() -> Iterator[tuple[str, str, str]]:
    from cad_models import registry

    for network in registry.entries():
        state = registry.state(network)
        yield ("ok" if state == "ready" else state), f"network {network.name}", _remedy(network.name, state)


def _remedy(name: str, state: str) -> str:
    return "verified" if state == "ready" else f"python -m chatcad models get {name}"


def _backends(settings: Settings) -> Iterator[tuple[str, str, str]]:
    from chatcad.llm import registry

    for name in registry.names():
        status = registry.status(name, settings)
        chosen = " (chosen)" if name == settings.backend else ""
        detail = status.detail if status.usable else f"{status.detail}; {status.remedy}"
        yield ("ok" if status.usable else "missing"), f"language model {name}{chosen}", detail


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
