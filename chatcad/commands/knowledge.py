"""``knowledge add | search | list``: the guideline store."""

from __future__ import annotations

import argparse
import json

from chatcad.config import Settings


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one of the three actions."""
    return {"add": _add, "search": _search, "list": _list}[arguments.action](arguments, settings)


def _add(arguments: argparse.Namespace, settings: Settings) -> int:
    from chatcad.retrieval.store import add

    report = add(arguments.paths, settings)
    print(report)
    return 0


def _search(arguments: argparse.Namespace, settings: Settings) -> int:
    from chatcad.retrieval.store import open_retriever
    from chatcad.serialise import passage_to_json

    passages = open_retriever(settings).search(arguments.query, mode=arguments.mode, k=arguments.k)
    if arguments.json:
        found = [passage_to_json(p) for p in passages]
        print(json.dumps({"passages": found, "abstained": not passages}, indent=1))
        return 0
    for p in passages:
        print(f"{p.id} {p.score:.2f} {p.title} ({p.source}, {p.year})\n   {p.text}")
    if not passages:
        print("No passage fits this query well enough.")
    return 0


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    from chatcad.retrieval.store import list_passages
    from chatcad.serialise import passage_to_json

    passages = list_passages(settings)
    if arguments.json:
        print(json.dumps([passage_to_json(p) for p in passages], indent=1))
        return 0
    for p in passages:
        print(f"{p.key:44} {p.audience:9} {p.year}  {p.title} ({p.source})")
    return 0
