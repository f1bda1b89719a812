"""The index on disk: built once for a given content, opened fast, rebuilt when it is damaged.

It knows Chroma and the folder that an index lives in. It doesn't know where records come from, nor how
the two lists of hits become one.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from chatcad.retrieval.lexical import LexicalIndex, terms
from chatcad.retrieval.passages import Record

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings

SCHEMA = 2  # raise it when the way that records are made or embedded changes
COLLECTION = "guidelines"
BATCH = 32
KEPT_INDEXES = 3

Hit = tuple[int, float]
Vector = NDArray[np.float32]


class IndexDamaged(Exception):
    """An index folder is incomplete or unreadable; it never leaves this package, whose answer is a rebuild."""


@dataclass(frozen=True)
class GuidelineIndex:
    """Records with a dense and a lexical index over them; read-only, safe to share between threads."""

    records: tuple[Record, ...]
    store: Chroma
    client: ClientAPI

    @cached_property
    def lexical(self) -> LexicalIndex:
        """BM25 over the same texts; rebuilt at opening, which is faster than reading it back."""
        return LexicalIndex([searched_text(r) for r in self.records])

    @cached_property
    def own_terms(self) -> frozenset[str]:
        """The terms of the project's and the user's passages: what the store has words for."""
        return frozenset(t for r in self.records if r.origin != "medquad" for t in terms(searched_text(r)))

    def nearest(self, vector: Sequence[float], audiences: Collection[str], n: int) -> list[Hit]:
        """Return up to ``n`` (row, cosine similarity) nearest to ``vector``, best first."""
        wanted: Any = {"audience": {"$in": sorted(audiences)}}  # typed too narrowly by langchain_chroma
        hits = self.store.similarity_search_by_vector_with_relevance_scores(list(vector), k=n, filter=wanted)
        return [(int(document.metadata["row"]), 1.0 - distance) for document, distance in hits]

    def matching(self, text: str, audiences: Collection[str], n: int) -> list[Hit]:
        """Return up to ``n`` (row, BM25 score) that share a term with ``text``, best first."""
        scores = self.lexical.scores(text)
        allowed = np.array([r.audience in audiences for r in self.records])
        scores = np.where(allowed, scores, 0.0)
        order = np.argsort(-scores, kind="stable")[:n]
        return [(int(i), float(scores[i])) for i in order if scores[i] > 0]

    def close(self) -> None:
        """Release the database, so that its folder can be replaced."""
        self.client.close()


def searched_text(record: Record) -> str:
    """Return what is embedded and matched of a record."""
    return f"{record.title}. {record.text}"


def fingerprint(contents: Sequence[Path], model: str) -> str:
    """Return the name of the index over these files with that embedding model: 20 hex digits."""
    digest = hashlib.sha256(f"{SCHEMA}|{model}".encode())
    for path in sorted(contents):
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:20]


def build(records: Sequence[Record], folder: Path, embeddings: Embeddings, model: str) -> None:
    """Embed ``records`` into a new index at ``folder``; nothing is seen there before it is whole.

    Texts that an older index of the same model holds are not embedded again.

    Parameters
    ----------
    records
        At least one.
    folder
        Its name is the fingerprint; an older index of that name is replaced.
    embeddings
        Its vectors have unit length.
    model
        The embedding model's name, as it went into the fingerprint.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=".part-", dir=folder.parent))
    try:
        vectors = _vectors([searched_text(r) for r in records], embeddings, _known_vectors(folder.parent, model))
        # Chroma keeps opened databases by path: a name of its own for each build never meets a stale one.
        store = f"chroma-{uuid4().hex}"
        _write_store(records, vectors, part / store)
        _write_records(records, vectors, part, {"schema": SCHEMA, "model": model, "store": store})
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _forget_old(folder)


def _vectors(texts: Sequence[str], embeddings: Embeddings, known: dict[str, Vector]) -> NDArray[np.float32]:
    from tqdm import tqdm

    # Texts of like length share a batch, so that little of it is padding.
    missing = sorted({t for t in texts if t not in known}, key=len)
    with tqdm(total=len(missing), desc="indexing guidelines", unit="passage", leave=False) as bar:
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            known |= zip(batch, np.asarray(embeddings.embed_documents(batch), dtype=np.float32), strict=True)
            bar.update(len(batch))
    return np.stack([known[t] for t in texts])


def _known_vectors(indexes: Path, model: str) -> dict[str, Vector]:
    known: dict[str, Vector] = {}
    for folder in _whole(indexes):
        try:
            manifest = _manifest(folder)
            if manifest["model"] == model:
                texts = [searched_text(r) for r in _read_records(folder, manifest)]
                known |= zip(texts, np.load(folder / "vectors.npy", allow_pickle=False), strict=True)
        except (IndexDamaged, OSError, ValueError, KeyError):
            continue  # a damaged index has nothing to give
    return known


def _write_store(records: Sequence[Record], vectors: NDArray[np.float32], folder: Path) -> None:
    client = _client(folder)
    collection = client.create_collection(COLLECTION, embedding_function=None, metadata={"hnsw:space": "cosine"})
    size = client.get_max_batch_size()
    for start in range(0, len(records), size):
        batch = records[start : start + size]
        collection.add(
            ids=[r.key for r in batch],
            embeddings=vectors[start : start + size],
            documents=[searched_text(r) for r in batch],
            metadatas=[{"row": i, "audience": r.audience} for i, r in enumerate(batch, start)],
        )
    client.close()


def open_index(folder: Path) -> GuidelineIndex:
    """Open the index at ``folder``.

    Raises
    ------
    IndexDamaged
        It is absent, incomplete or unreadable.
    """
    from chromadb.errors import ChromaError
    from langchain_chroma import Chroma

    manifest = _manifest(folder)
    records = _read_records(folder, manifest)
    client = None
    try:
        client = _client(folder / manifest["store"])
        store = Chroma(COLLECTION, client=client, create_collection_if_not_exists=False)
        index = GuidelineIndex(records, store, client)
        _probe(index)
    except (ChromaError, OSError, ValueError, KeyError, IndexDamaged) as error:
        if client is not None:
            client.close()
        raise IndexDamaged(f"{folder}: {error}") from error
    return index


def _probe(index: GuidelineIndex) -> None:
    """Ask the last record's own vector for itself: it passes only when SQLite and the graph are both sound."""
    last = index.records[-1]
    stored = index.store.get(ids=[last.key], include=["embeddings"])["embeddings"]
    count = len(index.store.get(include=[])["ids"])
    if count != len(index.records) or len(stored) != 1:
        raise IndexDamaged(f"holds {count} vectors for {len(index.records)} records")
    row, similarity = index.nearest(stored[0].tolist(), {last.audience}, 1)[0]
    if similarity < 0.99:
        raise IndexDamaged(f"record {row} answers for {len(index.records) - 1}")


def _client(folder: Path) -> ClientAPI:
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))


def _write_records(
    records: Sequence[Record], vectors: NDArray[np.float32], folder: Path, about: dict[str, Any]
) -> None:
    np.save(folder / "vectors.npy", vectors, allow_pickle=False)
    lines = "\n".join(r.model_dump_json() for r in records).encode()
    (folder / "records.jsonl").write_bytes(lines)
    manifest = about | {"sha256": hashlib.sha256(lines).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise IndexDamaged(f"{folder}: {error}") from error
    return dict(manifest)


def _read_records(folder: Path, manifest: dict[str, Any]) -> tuple[Record, ...]:
    try:
        lines = (folder / "records.jsonl").read_bytes()
    except OSError as error:
        raise IndexDamaged(f"{folder}: {error}") from error
    if hashlib.sha256(lines).hexdigest() != manifest.get("sha256"):
        raise IndexDamaged(f"{folder}: records.jsonl isn't what was written")
    return tuple(Record.model_validate_json(line) for line in lines.splitlines())


def _whole(indexes: Path) -> list[Path]:
    """Return the finished indexes, newest first."""
    folders = [p for p in indexes.iterdir() if p.is_dir() and not p.name.startswith(".")]
    return sorted(folders, key=lambda p: p.stat().st_mtime, reverse=True)


def _forget_old(folder: Path) -> None:
    for old in _whole(folder.parent)[KEPT_INDEXES:]:
        shutil.rmtree(old, ignore_errors=True)
