"""Who stands behind a passage, by its id: read from the headers alone, so that a graph's edge can be cited at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from chatcad.config import ROOT
from chatcad.retrieval.graph import finding_graph
from chatcad.vocabulary import labels_in

LONGEST = 50
"""Characters of a publisher's name: what is longer is a title, and its journal is named instead."""

_HEADER = re.compile(
    r"^## (?P<key>[a-z0-9-]+): .*\nsource: (?P<source>.+)\n(?:\w+: .*\n)*?year: (?P<year>\d{4})$", re.MULTILINE
)
# The kind of a document ends its publisher's name: "ESC guidelines on …", "NICE CG163, …".
_KIND = re.compile(
    r"\s+(?:(?:clinical|consolidated|committee)\s+)?(?:guidelines?|statement|report|opinion|C?NG?\d+|CG\d+)\b|[:,]"
)


@dataclass(frozen=True, slots=True)
class Cited:
    """The publisher of a passage and its year."""

    key: str
    publisher: str
    year: int

    def __str__(self) -> str:
        return f"{self.publisher}, {self.year}"


@lru_cache(maxsize=1)
def _headers() -> dict[str, Cited]:
    found = {}
    for path in sorted((ROOT / "knowledge" / "passages").glob("*.md")):
        for m in _HEADER.finditer(path.read_text(encoding="utf-8")):
            found[m["key"]] = Cited(m["key"], publisher(m["source"].strip("'\"")), int(m["year"]))
    return found


def cited(key: str) -> Cited:
    """Return who stands behind the passage with an id."""
    return _headers()[key]


def publisher(source: str) -> str:
    """Return the short name of a source: its publisher, or its journal where a title comes first.

    A title may name a finding or a cause, which in a sentence would read as a claim.
    """
    first = _KIND.split(source)[0].strip()
    fits = len(first) <= LONGEST and not labels_in(first) and not finding_graph().causes_in(first)
    return first if fits else source.rsplit(",", maxsplit=1)[-1].strip()
