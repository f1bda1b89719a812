"""Stores of a few passages with an embedding made of words, so that ranking is tested without a network."""

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from langchain_core.embeddings import Embeddings

from chatcad.retrieval.index import open_index
from chatcad.retrieval.indexing import build
from chatcad.retrieval.lexical import terms
from chatcad.retrieval.passages import Record
from chatcad.retrieval.retriever import GuidelineRetriever

DIMENSIONS = 512


class WordEmbeddings(Embeddings):
    """Texts are near where they share words."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        rows = np.full((len(texts), DIMENSIONS), 1e-3)
        for row, text in zip(rows, texts, strict=True):
            for term in terms(text):
                row[zlib.crc32(term.encode()) % DIMENSIONS] += 1
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).tolist()

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def record(key: str, text: str, **changes: object) -> Record:
    values = {
        "key": key, "title": "Pleural drains", "text": text, "source": "A society", "url": "https://example.org",
        "year": 2010, "evidence": "guideline", "audience": "clinician", "findings": ["Effusion"],
    }  # fmt: skip
    return Record.model_validate(values | changes)


def retriever(
    folder: Path, records: Sequence[Record], outside: Sequence[str] = (), url: str = ""
) -> GuidelineRetriever:
    embeddings = WordEmbeddings()
    build(records, folder / "index", embeddings, "words", url, outside=outside)
    return GuidelineRetriever(index=open_index(folder / "index", url), embed=embeddings.embed_documents)
