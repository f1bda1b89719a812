"""The door to the guideline store: open the retriever, add documents, list passages.

It knows which texts make up the store; the command line, the pipeline and the benchmarks call nothing else here.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatcad.config import Settings
from chatcad.errors import KnowledgeInvalid, ModelMissing
from chatcad.premises import keep_on_premises
from chatcad.retrieval.added import (
    AddReport,
    add_documents,
    added_folder,
    load_added,
    load_superseded,
    remove_documents,
    stored,
)
from chatcad.retrieval.asked import load_outside, outside_path
from chatcad.retrieval.embedding import embedder
from chatcad.retrieval.medquad import load_medquad, medquad_path
from chatcad.retrieval.passages import Record, asks_path, load_passages
from chatcad.retrieval.question_model import Embed, names, question_embedder
from chatcad.types import Passage

if TYPE_CHECKING:
    from chatcad.retrieval.index import GuidelineIndex
    from chatcad.retrieval.retriever import GuidelineRetriever

__all__ = ["AddReport", "add", "list_passages", "list_superseded", "open_retriever", "remove"]

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_open: dict[tuple[Settings, int], GuidelineRetriever] = {}


def open_retriever(settings: Settings) -> GuidelineRetriever:
    """Return the retriever over the whole store; the index is built first where it is missing or damaged.

    One a process for each settings; documents added meanwhile are seen at the next call.

    Raises
    ------
    KnowledgeInvalid
        A passage file breaks its format.
    ModelMissing
        The embedding model isn't on disk.
    """
    folder = added_folder(settings)
    key = (settings, folder.stat().st_mtime_ns if folder.is_dir() else 0)
    with _lock:
        if key not in _open:
            _open[key] = _retriever(settings)
        return _open[key]


def add(paths: Sequence[Path], settings: Settings, told: Mapping[str, Any] | None = None) -> AddReport:
    """Take the user's own guidelines (PDF, DOCX, HTML, Markdown, text; files or folders) into the store.

    Parameters
    ----------
    told
        ``title``, ``source``, ``url``, ``year`` and ``audience``, where the user gives them.

    Returns
    -------
    AddReport
        Each file is added, unchanged, or refused with its reason; one bad file doesn't stop the others.
    """
    with _lock:
        return add_documents(paths, settings, told)


def remove(name: str, settings: Settings) -> int:
    """Remove a document the user added, by its path or an id of its passages; return how many passages went.

    Raises
    ------
    KnowledgeInvalid
        Nothing of that name was added.
    """
    with _lock:
        return remove_documents(name, settings)


def list_passages(settings: Settings) -> tuple[Passage, ...]:
    """Return every passage of the store without opening the index: the project's, the user's, MedQuAD's."""
    return tuple(record.passage(f"P{n}") for n, record in enumerate(_records(settings), 1))


def list_superseded(settings: Settings) -> tuple[Passage, ...]:
    """Return the passages of older versions of the user's documents, which are not searched."""
    return tuple(record.passage(f"P{n}") for n, record in enumerate(load_superseded(settings), 1))


def _records(settings: Settings) -> tuple[Record, ...]:
    own = load_passages(settings.knowledge / "passages")
    if not own:
        raise KnowledgeInvalid(f"no passages in {settings.knowledge / 'passages'}: set CHATCAD_KNOWLEDGE")
    return own + load_added(settings) + load_medquad(settings.data)


def _contents(settings: Settings) -> list[Path]:
    own = sorted((settings.knowledge / "passages").glob("*.md"))
    examples = (asks_path(settings.knowledge / "passages"), outside_path(settings.knowledge))
    optional = (*examples, medquad_path(settings.data))
    return [*own, *(version.path for version in stored(settings)[0]), *(path for path in optional if path.is_file())]


def _retriever(settings: Settings) -> GuidelineRetriever:
    from chatcad.retrieval.rerank import reranker
    from chatcad.retrieval.retriever import GuidelineRetriever

    embed = question_embedder(settings)
    return GuidelineRetriever(index=_index(settings, embed), embed=embed, rerank=reranker(settings))


def _index(settings: Settings, embed_questions: Embed) -> GuidelineIndex:
    """Return the index of the whole store; it is built first where it is missing or damaged."""
    from chatcad.retrieval.dense import IndexDamaged, server
    from chatcad.retrieval.index import open_index
    from chatcad.retrieval.indexing import build, fingerprint

    model, url = names(settings), settings.chroma_url
    if url.startswith(("http://", "https://")):  # anything else is refused as no address
        keep_on_premises(url, "passages and questions' vectors", allow_remote=settings.allow_remote)
    folder = settings.cache / "index" / fingerprint(_contents(settings), model, url)
    if folder.exists():
        try:
            return open_index(folder, url)
        except IndexDamaged as error:
            _log.warning("the guideline index is damaged and is built again: %s", error)
    if url:
        server(url).close()  # before minutes of embedding, which end there
    records, outside = _records(settings), load_outside(settings.knowledge)
    try:
        build(records, folder, embedder(settings), model, url, outside=outside, embed_questions=embed_questions)
    except OSError as error:
        why = error.strerror or error
        raise ModelMissing(f"can't write the index {folder} ({why}): set CHATCAD_CACHE to where 60 MB fit") from error
    return open_index(folder, url)
