"""The door of this stage: free text, a FHIR resource as JSON, or a file of one, become a ``Context``.

It knows which of the three it was given. What is told is never a fact about the film: see ``planning.history``.
"""

from __future__ import annotations

import datetime
import re
from pathlib import Path

from chatcad.context import fhir
from chatcad.context.words import read_words
from chatcad.errors import ContextRefused
from chatcad.types import Context, Lab

LONGEST_TEXT = 4000
LONGEST_JSON = 2_000_000
"""Characters; a record of years fits, and a bomb does not."""


def parse(given: str, today: datetime.date | None = None) -> Context:
    """Return what a text or a FHIR resource tells of the patient.

    Parameters
    ----------
    given
        Free text in English, or JSON of one FHIR resource (R4 or R5; a Bundle of them).
    today
        What an age is reckoned from (default: today).

    Raises
    ------
    ContextRefused
        Too long, or JSON that is no such resource.
    """
    if given.lstrip()[:1] in {"{", "["}:
        if len(given) > LONGEST_JSON:
            raise ContextRefused(f"the context is longer than {LONGEST_JSON:,} characters: give fewer resources")
        return fhir.read_resources(given, today or datetime.date.today())
    if len(given) > LONGEST_TEXT:
        raise ContextRefused(f"the context is longer than {LONGEST_TEXT:,} characters: shorten it")
    return read_words(given)


def load(argument: str, today: datetime.date | None = None) -> Context:
    """Return the context of a command-line argument: a text, or the path of a file with a text or FHIR JSON.

    Raises
    ------
    ContextRefused
        The file can't be read, or its content is refused.
    """
    if not re.fullmatch(r"\S+\.(?:json|txt)", argument.strip(), re.IGNORECASE) and not _is_file(argument):
        return parse(argument, today)
    path = Path(argument.strip())
    try:
        if path.stat().st_size > 4 * LONGEST_JSON:
            raise ContextRefused(f"{path.name} is too large for a context: give fewer resources")
        return parse(path.read_text(encoding="utf-8-sig"), today)
    except OSError as error:
        raise ContextRefused(f"can't read the context {path.name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ContextRefused(f"the context {path.name} is not UTF-8 text: save it as JSON or text") from error


def _is_file(argument: str) -> bool:
    return len(argument) < 1000 and "\n" not in argument and "\0" not in argument and Path(argument).is_file()


def in_words(context: Context) -> str:
    """Return a context as the one line that a prompt may show, ``""`` for an empty one."""
    parts = [f"age {context.age_band}" if context.age_band else "", {"F": "female", "M": "male"}.get(context.sex, "")]
    parts += ["child" if context.child else "", "pregnant" if context.pregnant else "", context.text]
    parts += [_lab(lab) for lab in context.labs]
    parts += [f"takes {', '.join(context.medicines)}"] if context.medicines else []
    return "; ".join(part for part in parts if part)


def _lab(lab: Lab) -> str:
    return f"{lab.name} {lab.value:g} {lab.unit}".rstrip() + (f" ({lab.flag})" if lab.flag else "")
