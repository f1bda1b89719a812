"""``examples``: fetch openly licensed films to try the page with, where there is internet."""

from __future__ import annotations

import argparse

from chatcad.config import Settings
from chatcad.errors import ExampleFailed


def run(_: argparse.Namespace, settings: Settings) -> None:
    """Fetch what is missing, and say of each film its licence and how far its checksum was known."""
    from chatcad.examples import folder, listed
    from chatcad.examples.fetch import fetch_all

    failed = []
    for outcome in fetch_all(listed(), settings.cache):
        if isinstance(outcome, ExampleFailed):
            failed.append(str(outcome))
            continue
        film, there = outcome.example, "already there" if outcome.before else "fetched"
        print(f"{film.key}: {there}; {film.what}; {film.licence}; {film.attribution}")
        if outcome.trust == "first use" and not outcome.before:
            print(f"  checksum not yet recorded: trusted at first use, sha256 {outcome.sha256}; look at the film")
    print(f"example films lie in {folder(settings.cache)}")
    if failed:
        raise ExampleFailed("; ".join(failed))
