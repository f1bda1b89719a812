"""``knowledge add | remove | search | list | lint``: the guideline store, and the reports' with ``--reports``."""

from __future__ import annotations

import argparse
import json
import sys

from chatcad.config import Settings

NOTHING_ADDED = 2
PROBLEMS_FOUND = 2


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one of the actions."""
    actions = {"add": _add, "remove": _remove, "search": _search, "list": _list, "lint": _lint}
    return actions[arguments.action](arguments, settings)


def _add(arguments: argparse.Namespace, settings: Settings) -> int:
    from chatcad.retrieval.store import add, open_retriever

    if arguments.reports:
        return _add_reports(arguments, settings)
    told = {name: getattr(arguments, name) for name in ("title", "source", "url", "year", "audience")}
    report = add(arguments.paths, settings, told)
    print(report)
    if report.added:
        open_retriever(settings)  # so that the next question doesn't wait for the index
    return 0 if report.added or report.unchanged else NOTHING_ADDED


def _remove(arguments: argparse.Namespace, settings: Settings) -> int:
    from chatcad import cases
    from chatcad.retrieval.store import remove

    for name in arguments.names:
        if arguments.reports or name.startswith("case:"):
            print(f"{name}: {cases.remove(name, settings)} reports removed")
        else:
            print(f"{name}: {remove(name, settings)} passages removed")
    return 0


def _add_reports(arguments: argparse.Namespace, settings: Settings) -> int:
    from chatcad import cases

    outcome = cases.add(arguments.paths, settings)
    print(outcome)
    return 0 if outcome.added or outcome.unchanged else NOTHING_ADDED


def _list_reports(arguments: argparse.Namespace, settings: Settings) -> int:
    from chatcad import cases

    reports = cases.listed(settings)
    if arguments.json:
        print(json.dumps([{"id": r.key, "origin": r.origin, "text": r.text} for r in reports], indent=1))
        return 0
    for r in reports:
        print(f"{r.key}  {r.origin:9}  {r.text}")
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
        print(f"{p.id} {p.score:.2f} {p.title} ({p.where})\n   {p.text}")
    if not passages:
        print("No passage fits this query well enough.")
    return 0


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    from chatcad.retrieval.store import list_passages, list_superseded
    from chatcad.serialise import passage_to_json

    if arguments.reports:
        return _list_reports(arguments, settings)
    listed = [(p, False) for p in list_passages(settings)] + [(p, True) for p in list_superseded(settings)]
    if arguments.json:
        print(json.dumps([passage_to_json(p) | {"superseded": old} for p, old in listed], indent=1))
        return 0
    for p, old in listed:
        print(f"{p.key:44} {p.audience:9} {p.year}  {p.title} ({p.where}){' superseded' if old else ''}")
    return 0


def _lint(_: argparse.Namespace, settings: Settings) -> int:
    from chatcad.config import ROOT
    from chatcad.retrieval.lint import lint

    report = lint(settings.knowledge, ROOT / "evaluation" / "questions" / "retrieval.jsonl")
    for problem in report.problems:
        print(problem, file=sys.stderr)
    if report.problems:
        return PROBLEMS_FOUND
    print(report.table)
    return 0
