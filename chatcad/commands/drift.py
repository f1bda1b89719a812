"""``drift``: whether the scores of the films that this server read have moved away from the reference films' scores."""

from __future__ import annotations

import argparse

from chatcad.config import Settings
from chatcad.observe.drift import ALARM, LEAST_FILMS, Watch


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the index of each label; an alarm gives exit code 1."""
    watch = Watch.of(settings)
    drifts = watch.drifts(arguments.since)
    print(f"Scores of the last {arguments.since} days against {watch.reference.films} reference films, page and API.")
    for d in drifts:
        index = "" if d.verdict == "too few" else f"PSI {d.psi:.3f}"
        print(f"{d.label:<20} n={d.films:<6} {index:<10} {d.verdict}")
    print(f"An alarm is a PSI above {ALARM} over {LEAST_FILMS} films or more. It says that films differ, not why.")
    return int(any(d.verdict == "alarm" for d in drifts))
