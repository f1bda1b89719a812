"""Search by meaning: Chroma collections of the passages' vectors, embedded or on a server.

It knows Chroma. One collection an audience: a filter inside a collection is slow (32 ms over 20,000 passages against
1.4 ms without it, measured), and the audience is all that is ever filtered by. Rows are the ids.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from chatcad.errors import ModelMissing, SearchFailed, in_one_line
from chatcad.types import Audience

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

AUDIENCES: tuple[Audience, ...] = get_args(Audience)
HNSW: Any = {"hnsw": {"space": "cosine", "ef_construction": 128, "ef_search": 1536, "max_neighbors": 24}}
"""Much wider than Chroma's defaults: with 128 candidates ``eval retrieval_speed`` found 74% of the ten true neighbours
among 100,000 passages, with these it finds 93%."""
SAME = 1e-4  # what a stored vector may differ from the one that was written

_REMEDY = "start ChatCAD again, which builds a damaged one anew; where CHATCAD_CHROMA_URL is set, start that server"

SEARCH_SECONDS = 1.5
"""A Chroma server that takes longer for one request is down: somebody waits for an answer."""

Hit = tuple[int, float]
Vector = NDArray[np.float32]


class IndexDamaged(Exception):
    """An index is incomplete or unreadable; it never leaves this package, whose answer is a rebuild."""


@dataclass(frozen=True)
class DenseIndex:
    """The collections of one index; read-only, safe to share between threads."""

    client: ClientAPI
    collections: dict[str, Any]

    def nearest(self, vector: Sequence[float] | Vector, audiences: Collection[str], n: int) -> list[Hit]:
        """Return up to ``n`` (row, cosine similarity) nearest to ``vector``, best first.

        Raises
        ------
        SearchFailed
            The database is gone or damaged, or its server doesn't answer in time.
        """
        from chromadb.errors import ChromaError
        from httpx import HTTPError

        query = np.asarray(vector, dtype=np.float32)
        hits: list[Hit] = []
        try:
            for audience in audiences:
                if (collection := self.collections.get(audience)) is not None:
                    found = collection.query(query_embeddings=[query], n_results=n, include=["distances"])
                    hits += [(int(i), 1.0 - d) for i, d in zip(found["ids"][0], found["distances"][0], strict=True)]
        except (ChromaError, HTTPError, OSError) as error:
            raise SearchFailed(f"the guideline index failed ({in_one_line(error)}): {_REMEDY}") from error
        return sorted(hits, key=lambda hit: -hit[1])[:n]

    def probe(self, rows: dict[str, list[int]], vectors: Vector) -> None:
        """Ask each collection for the last of its rows, and for a neighbour; it passes when both can be read.

        The graph of neighbours is approximate by nature, so a row that isn't found by its own vector is no damage.

        Raises
        ------
        IndexDamaged
            A collection is missing, of another size, or holds another vector.
        """
        for audience, own in rows.items():
            collection = self.collections.get(audience)
            count = 0 if collection is None else collection.count()
            if count != len(own):
                raise IndexDamaged(f"{audience}: {count} vectors for {len(own)} records")
            if collection is None or not own:
                continue
            stored = collection.get(ids=[str(own[-1])], include=["embeddings"])["embeddings"]
            if not len(stored) or np.abs(np.asarray(stored[0]) - vectors[own[-1]]).max() > SAME:
                raise IndexDamaged(f"{audience}: record {own[-1]} has another vector")
            if not self.nearest(vectors[own[-1]], {audience}, 1):
                raise IndexDamaged(f"{audience}: no neighbour is found")

    def close(self) -> None:
        """Release the database, so that its folder can be replaced."""
        self.client.close()


def write(client: ClientAPI, name: str, rows: dict[str, list[int]], vectors: Vector) -> None:
    """Store ``vectors`` in new collections called ``name``, one for each audience that has rows."""
    remove(client, name)
    size = client.get_max_batch_size()
    for audience, own in rows.items():
        if not own:
            continue
        collection = client.create_collection(f"{name}-{audience}", embedding_function=None, configuration=HNSW)
        for start in range(0, len(own), size):
            batch = own[start : start + size]
            collection.add(ids=[str(row) for row in batch], embeddings=vectors[batch])


def remove(client: ClientAPI, name: str) -> None:
    """Remove the collections called ``name``, where there are any."""
    there = {c.name for c in client.list_collections()}
    for collection in there & {f"{name}-{audience}" for audience in AUDIENCES}:
        client.delete_collection(collection)


def open_dense(client: ClientAPI, name: str) -> DenseIndex:
    """Return the collections called ``name``; `DenseIndex.probe` says whether they are whole."""
    there = {c.name for c in client.list_collections()}
    wanted: dict[str, str] = {audience: f"{name}-{audience}" for audience in AUDIENCES}
    collections = {a: client.get_collection(c, embedding_function=None) for a, c in wanted.items() if c in there}
    return DenseIndex(client, collections)


def embedded(folder: Path) -> ClientAPI:
    """Return a client of the database in ``folder``."""
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))


def server(url: str, seconds: float | None = None) -> ClientAPI:
    """Return a client of the Chroma server at ``url``, which waits ``seconds`` for an answer, or for ever.

    Raises
    ------
    ModelMissing
        ``url`` is no http(s) address, or nothing answers there.
    """
    import chromadb
    import httpx
    from chromadb.config import Settings
    from chromadb.errors import ChromaError

    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ModelMissing(f"CHATCAD_CHROMA_URL={url} is no address: give one like http://127.0.0.1:8000")
    secure = parts.scheme == "https"
    try:
        client = chromadb.HttpClient(
            parts.hostname,
            parts.port or (443 if secure else 8000),
            ssl=secure,
            settings=Settings(anonymized_telemetry=False),
        )
    except (ValueError, ChromaError, httpx.HTTPError) as error:
        raise ModelMissing(f"no Chroma server answers at {url}: start it, or unset CHATCAD_CHROMA_URL") from error
    client._server._session.timeout = seconds  # Chroma has no setting for it
    return client
