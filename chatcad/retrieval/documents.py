"""The user's documents as plain text: PDF, Word, HTML, Markdown and text files, with their title, year and pages.

It knows file formats and the limits of size and time. What a document says is data for an answer, never an
instruction. It doesn't know how text becomes passages or where they are kept.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chatcad.errors import KnowledgeInvalid
from chatcad.retrieval.document_child import CPU_SECONDS, READERS

PLAIN = frozenset({".md", ".markdown", ".txt"})
FORMATS = PLAIN | READERS.keys()
MAX_BYTES = 64 * 2**20
MAX_CHARACTERS = 4 * 2**20
LONGEST_FRONT_MATTER = 4000
"""Characters; it is parsed in this process, and YAML's parser takes a minute for a few megabytes."""
CHILD = Path(__file__).with_name("document_child.py")

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
# Control characters, and those by which text is hidden from a reader: zero width, direction marks, tags.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f]|[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\U000e0000-\U000e007f]"
)
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "\u00ad": "", "\u00a0": " "})


@dataclass(frozen=True, slots=True)
class Document:
    """A document's text, page by page, and what it says of itself; a document without pages is one page.

    ``about`` holds those of ``title``, ``year``, ``source``, ``url`` and ``audience`` that it states, and in ``made``
    the year of the file, where the file says that.
    """

    pages: tuple[str, ...]
    paged: bool
    about: dict[str, Any]


def read_bytes(path: Path) -> bytes:
    """Return the content of a file that may be taken in.

    Raises
    ------
    KnowledgeInvalid
        It is of another format, too large or not to be read.
    """
    if path.suffix.lower() not in FORMATS:
        raise KnowledgeInvalid(f"{path.suffix or 'no suffix'} isn't read: save it as PDF, DOCX, HTML, .md or .txt")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise KnowledgeInvalid(f"is larger than {MAX_BYTES // 2**20} MB: split it")
        return path.read_bytes()
    except OSError as error:
        raise KnowledgeInvalid(f"can't be read: {error.strerror}") from error


def parse(content: bytes, suffix: str) -> Document:
    """Return the text of a document.

    Parameters
    ----------
    content
        The whole file.
    suffix
        One of `FORMATS`.

    Raises
    ------
    KnowledgeInvalid
        It is damaged, encrypted, without text, or beyond a limit; the message says which, in one line.
    """
    document = _plain(content) if suffix in PLAIN else _in_child(content, suffix)
    if sum(map(len, document.pages)) > MAX_CHARACTERS:
        raise KnowledgeInvalid(f"holds more than {MAX_CHARACTERS:,} characters: split it")
    return document


def clean(text: str) -> str:
    """Return ``text`` without control characters and ligatures."""
    return _CONTROL.sub("", text.replace("\r\n", "\n")).translate(_LIGATURES)


def _plain(content: bytes) -> Document:
    try:
        text = clean(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise KnowledgeInvalid("isn't UTF-8 text: save it as UTF-8") from error
    about, body = _front_matter(text)
    heading = re.search(r"^#+\s+(\S.*)$", body, re.MULTILINE)
    return Document((body,), False, ({"title": heading[1].strip()} if heading else {}) | about)


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    match = _FRONT_MATTER.match(text[:LONGEST_FRONT_MATTER])
    if match is None:
        return {}, text
    try:
        front = yaml.safe_load(match[1])
    except (yaml.YAMLError, RecursionError) as error:
        raise KnowledgeInvalid("the front matter between --- lines isn't YAML: mend or remove it") from error
    given = front if isinstance(front, dict) else {}
    # A list would be written out in full, and nine levels of YAML's aliases are a billion words.
    known = (k for k in ("title", "source", "url", "year", "audience") if isinstance(given.get(k), (str, int)))
    return {k: given[k] for k in known if given[k]}, text[match.end() :]


def _in_child(content: bytes, suffix: str) -> Document:
    """Read in a process that may crash, hang or run out of memory alone."""
    kind = suffix.removeprefix(".").upper()
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and script
            [sys.executable, "-P", CHILD, suffix],
            input=content,
            capture_output=True,
            check=True,
            timeout=2 * CPU_SECONDS[suffix],
        )
    except subprocess.TimeoutExpired as error:
        raise KnowledgeInvalid("took too long to read: split it, or save it as text") from error
    except subprocess.CalledProcessError as error:
        raise KnowledgeInvalid(f"is damaged, or no {kind}: save it again, or as text") from error
    told = json.loads(done.stdout)
    if "refused" in told:
        raise KnowledgeInvalid(told["refused"])
    about = {k: clean(v) if isinstance(v, str) else v for k in ("title", "year", "made", "url") if (v := told[k])}
    if not str(about.get("url", "https://")).startswith(("http://", "https://")):
        del about["url"]
    return Document(tuple(clean(page) for page in told["pages"]), told["paged"], about)
