"""The index of the store: records, the vectors and words by which they are found, and how it is opened.

It knows the parts of an index's folder. It doesn't know how they are made (``indexing``), nor how lists of hits become
one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatcad.errors import SearchFailed
from chatcad.retrieval import dense
from chatcad.retrieval.asked import Asked
from chatcad.retrieval.dense import DenseIndex, Hit, IndexDamaged, Vector
from chatcad.retrieval.lexical import LexicalIndex
from chatcad.retrieval.passages import Record, Records


@dataclass(frozen=True)
class GuidelineIndex:
    """Records with a dense and a lexical index over them; read-only, safe to share between threads.

    ``rows`` are the records of each audience; ``vectors`` those of the records, of unit length; ``newer`` maps a row
    to the rows whose passages supersede it.
    """

    records: Sequence[Record]
    dense: DenseIndex
    lexical: LexicalIndex
    asked: Asked
    vectors: Vector
    rows: dict[str, list[int]]
    newer: dict[int, list[int]]
    _masks: dict[frozenset[str], NDArray[np.bool_]] = field(default_factory=dict)

    def nearest(self, vector: Sequence[float] | Vector, audiences: Collection[str], n: int) -> list[Hit]:
        """Return up to ``n`` (row, cosine similarity) nearest to ``vector``, best first."""
        return self.dense.nearest(vector, audiences, n)

    def asked_alike(self, alike: Vector, audiences: Collection[str], n: int) -> list[Hit]:
        """Return up to ``n`` (row, mean cosine) whose example questions are nearest by ``asked.alike``, best first."""
        return self.asked.nearest(alike, self._mask(frozenset(audiences)), n)

    def matching(self, text: str, audiences: Collection[str], n: int) -> list[Hit]:
        """Return up to ``n`` (row, BM25 score) that share a term with ``text``, best first."""
        scores = np.where(self._mask(frozenset(audiences)), self.lexical.scores(text), 0.0)
        best = np.argpartition(-scores, n)[:n] if n < len(scores) else np.arange(len(scores))
        best = best[np.lexsort((best, -scores[best]))]
        return [(int(i), float(scores[i])) for i in best if scores[i] > 0]

    def _mask(self, audiences: frozenset[str]) -> NDArray[np.bool_]:
        if audiences not in self._masks:
            mask = np.zeros(len(self.records), dtype=np.bool_)
            mask[[row for a in audiences for row in self.rows[a]]] = True
            self._masks[audiences] = mask
        return self._masks[audiences]

    def close(self) -> None:
        """Release the database, so that its folder can be replaced."""
        self.dense.close()


def searched_text(record: Record) -> str:
    """Return what is embedded of a record."""
    return f"{record.title}. {record.section}{'. ' if record.section else ''}{record.text}"


def matched_text(record: Record) -> str:
    """Return what is matched word by word of a record: its title counts twice."""
    return " ".join((f"{record.title}. {searched_text(record)}", *record.asks))


def open_index(folder: Path, url: str = "") -> GuidelineIndex:
    """Open the index at ``folder``, whose vectors are on the Chroma server at ``url`` where one is given.

    Raises
    ------
    IndexDamaged
        It is absent, incomplete or unreadable.
    ModelMissing
        The server doesn't answer.
    """
    from chromadb.errors import ChromaError
    from httpx import HTTPError

    client = dense.server(url, dense.SEARCH_SECONDS) if url else None
    try:
        manifest = read_manifest(folder)
        records = read_records(folder, manifest)
        vectors = np.load(folder / "vectors.npy", allow_pickle=False, mmap_mode="r")
        newer = {int(row): rows for row, rows in manifest["newer"].items()}
        client = client or dense.embedded(folder / manifest["store"])
        index = GuidelineIndex(
            records,
            dense.open_dense(client, manifest["store"]),
            LexicalIndex.open(folder),
            Asked.open(folder),
            vectors,
            manifest["rows"],
            newer,
        )
        _probe(index)
    except (ChromaError, HTTPError, OSError, ValueError, KeyError, IndexDamaged, SearchFailed) as error:
        if client is not None:
            client.close()
        raise IndexDamaged(f"{folder}: {error}") from error
    return index


def _probe(index: GuidelineIndex) -> None:
    sizes = {len(index.records), len(index.vectors), index.lexical.size}
    if len(sizes) > 1:
        raise IndexDamaged(f"its parts have different sizes: {sizes}")
    index.dense.probe(index.rows, index.vectors)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return what an index says of itself.

    Raises
    ------
    IndexDamaged
        There is no such thing in ``folder``.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise IndexDamaged(f"{folder}: {error}") from error
    return dict(manifest)


def read_records(folder: Path, manifest: dict[str, Any]) -> Records:
    """Return the records of an index.

    Raises
    ------
    IndexDamaged
        They aren't what was written.
    """
    try:
        lines = (folder / "records.jsonl").read_bytes()
    except OSError as error:
        raise IndexDamaged(f"{folder}: {error}") from error
    if hashlib.sha256(lines).hexdigest() != manifest.get("sha256"):
        raise IndexDamaged(f"{folder}: records.jsonl isn't what was written")
    return Records(lines.splitlines())
