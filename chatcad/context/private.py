"""Drop what could name a person: labelled identifiers, dates, titles with names, and every word that no list knows.

The last step does the work: a word stays only if the project's own medical and plain vocabulary has it in small
letters. A name that is no such word can't get through, whatever its shape.
"""

from __future__ import annotations

import re
from functools import lru_cache

from chatcad.config import ROOT
from chatcad.prompting.neutral import neutral
from chatcad.retrieval.glossary import glossary
from chatcad.retrieval.graph import finding_graph
from chatcad.vocabulary import terms

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_IDENTIFIERS = re.compile(
    r"\b(?:(?:sur|first |last |full )?name|mrn|nhs|ssn|dob|born|birth ?date|date of birth|address|phone|tel|mobile|"
    r"e-?mail|accession|hospital|insurance|(?:patient|case|record) (?=id|no|number))\b\.?"
    r"\s*(?:id|no\.?|number|#|is|on)*\s*[:#=]?\s*"
    r"(?-i:[\w@.+-]*[\d@A-Z][\w@.+/-]*(?:(?<![.,;])\s+[\w@.+-]*[\d@A-Z][\w@.+/-]*)*)|"
    r"\S+@\S+|https?://\S+|www\.\S+|"
    r"\b\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b|"
    rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?:,?\s*\d{{2,4}})?\b|\b{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s*\d{{4}})?\b|"
    rf"\b{_MONTH}\s+\d{{4}}\b|\+?\d[\d\s()/-]{{6,}}\d",
    re.IGNORECASE,
)
# The next ones need capitals: "Dr White" is a name, "dr" or "white" alone is not.
TITLED = re.compile(
    r"\b(?:(?i:drs?|mrs|prof)|[Mm]r|[Mm]s|Miss|Mister|Doctor|Professor|Sir|Nurse|Sister)\b\.?(?:\s+[A-Z](?:\.|[\w'’-]*))+"
)
"""A title with initials and names, such as "Dr. J. White" or "DR WHITE": a surname may be a word of our own lists.
"MR" and "MS" in capitals are no titles: they are mitral regurgitation and multiple sclerosis as well."""

_NAMES = re.compile(r"\b[A-Z][a-z'’-]+(?:\s+(?:[A-Z]\.\s*)?[A-Z][a-z'’-]+)+")
_TOKEN = re.compile(r"[A-Za-z][A-Za-z'’-]*|\d+(?:[.,]\d+)?%?|[,;:.()/+?-]")
_COUNTED = re.compile(r"(?:hour|day|night|week|month|year|pack|pillow|time)s?(?:-years?)?", re.IGNORECASE)
_KEPT_MARKS = frozenset(",;.?")


def without_identity(text: str) -> str:
    """Return a text without identifiers, dates and names; its other words, numbers and marks still stand.

    Parameters
    ----------
    text
        Untrusted; control tokens and angle brackets are taken out as well.
    """
    text = TITLED.sub(" ", _IDENTIFIERS.sub(" ", neutral(text)))
    return " ".join(_NAMES.sub(_unless_known, text).split())


def known_words_only(text: str) -> str:
    """Return a text's known words, short numbers, commas and full stops: what may stand in a prompt."""
    tokens = _TOKEN.findall(text)
    kept = [t for t, after in zip(tokens, [*tokens[1:], ""], strict=False) if _stays(t, after)]
    joined = re.sub(r"\s+([,;.?])", r"\1", " ".join(kept))
    return re.sub(r"(?:[,;.?]\s*)+([,;.?])", r"\1", joined).strip(" ,;")


def _stays(token: str, after: str) -> bool:
    if token in _KEPT_MARKS:
        return True
    if token[0].isdigit():
        # A bare number may be a house or a bed; one that counts time or packs is a history.
        return len(token) <= 3 and _COUNTED.fullmatch(after) is not None
    word = token.replace("’", "'").removesuffix("'s")
    return word in abbreviations() or word.lower() in known_words()


def _unless_known(match: re.Match[str]) -> str:
    # "Heart Failure" stays; "Rose White" goes, since a run of capitals with one unknown word is a name.
    return match[0] if all(w.lower() in known_words() for w in re.findall(r"[A-Za-z'’-]+", match[0])) else " "


@lru_cache(maxsize=1)
def known_words() -> frozenset[str]:
    """Return every word that a context may keep, in small letters."""
    graph, folder = finding_graph(), ROOT / "knowledge"
    parts = [(folder / name).read_text(encoding="utf-8") for name in ("plain_words.txt", "history_words.txt")]
    parts += [_bodies(path.read_text(encoding="utf-8")) for path in sorted((folder / "passages").glob("*.md"))]
    parts += [f"{c.name} {c.plain}" for c in graph.causes.values()] + [
        f"{s.name} {s.plain}" for s in graph.signs.values()
    ]
    parts += [f"{t.name} {t.plain}" for t in terms().values()]
    parts += [f"{form} {entry.plain}" for entry in glossary().entries for form in entry.forms]
    comments_off = "\n".join(line for part in parts for line in part.splitlines() if not line.startswith("#"))
    # Small letters only: what a text of ours writes with a capital may be a name.
    return frozenset(re.findall(r"(?<![\w'-])[a-z][a-z'-]*(?![\w'-])", comments_off))


@lru_cache(maxsize=1)
def abbreviations() -> frozenset[str]:
    """Return the terms that are written in capitals, such as COPD."""
    return frozenset(form for entry in glossary().entries for form in entry.forms if form.isupper())


def _bodies(markdown: str) -> str:
    # Header lines hold publishers and authors.
    return "\n".join(line for line in markdown.splitlines() if not re.match(r"[a-z_]+: |#|---", line))
