"""Making an index: embed what isn't embedded yet, write all of it beside the old ones, and put it in place.

It knows in which order an index is written, so that a half-built one is never seen.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from chatcad.retrieval import asked, dense
from chatcad.retrieval.dense import AUDIENCES, IndexDamaged, Vector
from chatcad.retrieval.index import matched_text, read_manifest, read_records, searched_text
from chatcad.retrieval.lexical import LexicalIndex
from chatcad.retrieval.passages import Record
from chatcad.retrieval.question_model import Embed

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

SCHEMA = 7  # raise it when the way that records are made, embedded or stored changes
BATCH = 32
TEXT, TITLE, ASKS = 0.7, 0.3, 0.7  # shares of a passage's vector
KEPT_INDEXES = 3


def fingerprint(contents: Sequence[Path], model: str, url: str = "") -> str:
    """Return the name of the index over these files with that embedding model and server: 20 hex digits."""
    digest = hashlib.sha256(f"{SCHEMA}|{model}|{url}".encode())
    for path in sorted(contents):
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:20]


def build(
    records: Sequence[Record],
    folder: Path,
    embeddings: Embeddings,
    model: str,
    url: str = "",
    *,
    outside: Sequence[str] = (),
    embed_questions: Embed | None = None,
) -> None:
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
        The embeddings' name, as it went into the fingerprint.
    url
        Of the Chroma server that holds the vectors; by default they are in the folder.
    outside
        Questions that no record answers.
    embed_questions
        Of the example questions, as those that are searched for are embedded; by default as records are.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    listed = asked.examples(records, outside)
    known, questions = _known_vectors(folder.parent, model)
    statements = embedded(
        {text for record in records if _all_of(record) not in known for text in said_of(record)},
        embeddings.embed_documents,
    )
    asked_new = {text for _, text in listed} - questions.keys()
    questions |= embedded(asked_new, embed_questions or embeddings.embed_documents)
    vectors = np.stack([known[_all_of(r)] if _all_of(r) in known else mixed(r, statements, questions) for r in records])
    write_index(records, vectors, folder, model, url, questions=[(row, text, questions[text]) for row, text in listed])


def write_index(
    records: Sequence[Record],
    vectors: Vector,
    folder: Path,
    model: str,
    url: str = "",
    *,
    questions: Sequence[tuple[int, str, Vector]] = (),
) -> None:
    """Write the index of ``records``, whose ``vectors`` are known, to ``folder``, with example questions and theirs."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=".part-", dir=folder.parent))
    try:
        # Chroma keeps opened databases by path: a name of its own for each build never meets a stale one.
        store = f"chroma-{uuid4().hex}"
        client = dense.server(url) if url else dense.embedded(part / store)
        dense.write(client, store, _rows(records), vectors)
        client.close()
        LexicalIndex.build([matched_text(r) for r in records]).save(part)
        of_questions = np.array([v for *_, v in questions], dtype=np.float32).reshape(-1, vectors.shape[1])
        asked.save(part, [(row, text) for row, text, _ in questions], of_questions)
        _write_records(records, vectors, part, {"schema": SCHEMA, "model": model, "store": store, "url": url})
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _forget_old(folder, url)


def _rows(records: Sequence[Record]) -> dict[str, list[int]]:
    return {a: [row for row, r in enumerate(records) if r.audience == a] for a in AUDIENCES}


def _newer(records: Sequence[Record]) -> dict[int, list[int]]:
    row_of = {r.key: row for row, r in enumerate(records)}
    newer: dict[int, list[int]] = {}
    for row, record in enumerate(records):
        for key in record.supersedes:
            if key in row_of:
                newer.setdefault(row_of[key], []).append(row)
    return newer


def mixed(record: Record, statements: Mapping[str, Vector], questions: Mapping[str, Vector]) -> Vector:
    """Return a passage's vector: its title is what it is about in few words, its questions are nearer still.

    Parameters
    ----------
    statements, questions
        The vectors of `said_of` the record, and of its questions.
    """
    views = [
        (TEXT, [statements[searched_text(record)]]),
        (TITLE, [statements[record.title]]),
        (ASKS, [questions[text] for text in record.asks]),
    ]
    sums = sum(share * np.mean(vectors, axis=0) for share, vectors in views if vectors)
    return np.asarray(sums / np.linalg.norm(sums), dtype=np.float32)


def said_of(record: Record) -> tuple[str, str]:
    """Return what is embedded of a record beside the questions that it answers."""
    return searched_text(record), record.title


def _all_of(record: Record) -> str:
    return "\n".join((*said_of(record), *record.asks))


def embedded(texts: Collection[str], embed: Embed) -> dict[str, Vector]:
    """Return the vector of each text, with a bar while it takes long."""
    from tqdm import tqdm

    done: dict[str, Vector] = {}
    waiting = sorted(texts, key=len)  # texts of like length share a batch, so that little of it is padding
    with tqdm(total=len(waiting), desc="indexing guidelines", unit="text", leave=False) as bar:
        for start in range(0, len(waiting), BATCH):
            batch = waiting[start : start + BATCH]
            done |= zip(batch, np.asarray(embed(batch), dtype=np.float32), strict=True)
            bar.update(len(batch))
    return done


def _known_vectors(indexes: Path, model: str) -> tuple[dict[str, Vector], dict[str, Vector]]:
    """Return the vectors that older indexes of the model hold: by what is said of passages, and by questions."""
    known: dict[str, Vector] = {}
    questions: dict[str, Vector] = {}
    for folder in _whole(indexes):
        try:
            manifest = read_manifest(folder)
            if (manifest["model"], manifest["schema"]) == (model, SCHEMA):
                texts = [_all_of(r) for r in read_records(folder, manifest)]
                known |= zip(texts, np.load(folder / "vectors.npy", allow_pickle=False), strict=True)
                questions |= asked.known_vectors(folder)
        except (IndexDamaged, OSError, ValueError, KeyError):
            continue  # a damaged index has nothing to give
    return known, questions


def _write_records(records: Sequence[Record], vectors: Vector, folder: Path, about: dict[str, Any]) -> None:
    np.save(folder / "vectors.npy", vectors, allow_pickle=False)
    lines = "\n".join(r.model_dump_json() for r in records).encode()
    (folder / "records.jsonl").write_bytes(lines)
    manifest = about | {
        "sha256": hashlib.sha256(lines).hexdigest(),
        "rows": _rows(records),
        "newer": _newer(records),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _whole(indexes: Path) -> list[Path]:
    """Return the finished indexes, newest first."""
    folders = [p for p in indexes.iterdir() if p.is_dir() and not p.name.startswith(".")]
    return sorted(folders, key=lambda p: p.stat().st_mtime, reverse=True)


def _forget_old(folder: Path, url: str) -> None:
    for old in _whole(folder.parent)[KEPT_INDEXES:]:
        if url:
            _forget_collections(old, url)
        shutil.rmtree(old, ignore_errors=True)


def _forget_collections(folder: Path, url: str) -> None:
    try:
        manifest = read_manifest(folder)
    except IndexDamaged:
        return
    if manifest.get("url") == url:
        client = dense.server(url)
        dense.remove(client, manifest["store"])
        client.close()
