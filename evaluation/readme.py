"""Write the README's table of figures from the result files: ``python -m evaluation.readme``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from chatcad.config import ROOT

README, RESULTS = ROOT / "README.md", ROOT / "evaluation" / "results"
NETWORKS = ("segmenter", "gate", "view", "classifier", "template")
BETWEEN = re.compile(r"(<!-- figures -->\n).*?(<!-- /figures -->)", re.DOTALL)


def table() -> str:
    """Return the headline figures of every network and the latencies, as Markdown tables."""
    return "\n".join(
        [
            "| network | figure | films | n | value [95% interval] |",
            "|---|---|---|---|---|",
            *_network_rows(),
            "",
            "| waiting, 2 cores, embedded model | median | longest | n |",
            "|---|---|---|---|",
            *_latency_rows(),
            "",
        ]
    )


def _network_rows() -> Iterator[str]:
    for name in NETWORKS:
        for f in json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))["figures"]:
            if f["headline"]:
                value = f"{f['value']:.3f} [{f['low']:.3f}, {f['high']:.3f}]"
                yield f"| {name} | {f['what']} | {f['on']} | {f['n']} | {value} |"


def _latency_rows() -> Iterator[str]:
    figures = json.loads((RESULTS / "latency.json").read_text(encoding="utf-8"))["figures"]
    for name, f in figures.items():
        yield f"| {name} | {f['median_s']:.2f} s | {f['max_s']:.2f} s | {f['n']} |"


def filled(readme: str) -> str:
    """Return the README's text with its tables made anew."""
    return BETWEEN.sub(lambda m: m[1] + table() + m[2], readme)


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
