"""From a document to its records: short passages of whole sentences, each with its page and the heading above it.

It knows how text is cut. It doesn't know file formats or where records are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from chatcad.errors import KnowledgeInvalid
from chatcad.retrieval.documents import Document
from chatcad.retrieval.passages import Record
from chatcad.retrieval.terms import topics_in
from chatcad.vocabulary import labels_in

CHUNK_CHARACTERS = 360
SHORTEST = 20
_HEADING = re.compile(r"^#{1,6}\s+(\S.*)$", re.MULTILINE)
_MARKS = re.compile(r"^\s*(?:[-*+•▪]|\d{1,2}[.)])\s+", re.MULTILINE)


def records_of(document: Document, key: str, about: dict[str, Any]) -> list[Record]:
    """Return the passages of a document the user added.

    Parameters
    ----------
    document
        Its text.
    key
        What the ids of its passages begin with.
    about
        ``title``, ``source``, ``url``, ``year`` and ``audience`` of all of them.

    Raises
    ------
    KnowledgeInvalid
        A field has an impossible value, or there is no text.
    """
    shared = about | {"evidence": "local", "origin": "added"}
    try:
        records = [
            Record(
                key=f"{key}:{number}",
                text=text,
                section=section,
                page=page if document.paged else None,
                findings=labels_in(f"{about['title']}. {section}. {text}"),
                topics=topics_in(f"{section}. {text}"),
                **shared,
            )
            for number, (page, section, text) in enumerate(_chunks(document))
        ]
    except ValidationError as error:
        first = error.errors()[0]
        raise KnowledgeInvalid(f"field {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    if not records:
        raise KnowledgeInvalid("holds no text")
    return records


def _chunks(document: Document) -> Iterator[tuple[int, str, str]]:
    """Yield page, heading and text of each chunk."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        chunk_size=CHUNK_CHARACTERS, chunk_overlap=0, separators=["\n\n", ". ", "\n", " ", ""], keep_separator="end"
    )
    section = ""
    for number, page in enumerate(document.pages, 1):
        # Odd parts are the headings between the texts; a heading holds on over the end of a page.
        for index, part in enumerate(_HEADING.split(page)):
            if index % 2:
                section = " ".join(part.split())[:120]
                continue
            for chunk in splitter.split_text(_MARKS.sub("", part)):
                text = " ".join(chunk.split())
                if len(text) >= SHORTEST:
                    yield number, section, text
