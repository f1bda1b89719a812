"""``prepare``: what set-up does once, so that the first start is quick."""

from __future__ import annotations

import argparse

from chatcad.config import Settings


def run(_: argparse.Namespace, settings: Settings) -> None:
    """Convert the embedded language model and build the knowledge index; quick when both are there."""
    from chatcad.llm import embedded
    from chatcad.retrieval.store import open_retriever

    embedded.prepare(settings)
    open_retriever(settings)
