"""What a model is told of a long talk: a summary made of facts, and the last turns word by word, as far as they fit.

No model writes the summary: each line comes from what earlier turns asked and which facts and passages their sentences
rest on. There are no more lines than labels and kinds of question, so a talk of 500 turns is summed up like one of 50.
Who asks what was said gets stored sentences, not this summary (``chatcad.planning.recall``).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from chatcad.findings.measure import shown
from chatcad.findings.wording import clause
from chatcad.prompting.neutral import neutral
from chatcad.types import Study, Turn
from chatcad.vocabulary import terms

VERBATIM = 2
"""Turns that are kept word by word: what "it" and "that" refer to."""

OTHER_FILMS = "similar"
"""The kind of question whose answers quote other films: no part of this film's story."""


def remember(turns: Sequence[Turn], study: Study, fits: Callable[[str], bool]) -> str:
    """Return earlier turns within a budget: as many word by word as fit, the others as facts.

    Parameters
    ----------
    turns
        The whole talk so far, oldest first.
    study
        The film's facts: a summary says what is true of them now, not what a sentence once said.
    fits
        Whether a text still fits; of a summary, the lines that were spoken of longest ago go first.
    """
    own = [t for t in turns if t.intent != OTHER_FILMS]
    for kept in range(min(VERBATIM, len(own)), -1, -1):
        recent = own[len(own) - kept :]
        told = [f"Q: {neutral(t.question)} A: {neutral(t.answer)}" for t in recent]
        if kept and not fits("\n".join(told)):
            continue
        lines = summarise(own[: len(own) - kept], study)
        # By halves: counting a prompt's tokens takes milliseconds.
        tries = [lines[dropped:] for dropped in range(len(lines))]
        dropped = bisect_left(tries, True, key=lambda kept: fits("\n".join([*kept, *told])))
        return "\n".join([*lines[dropped:], *told])
    return ""


def summarise(turns: Sequence[Turn], study: Study) -> list[str]:
    """Return what turns were about, one line a subject, the subject spoken of last at the end."""
    lines: dict[str, None] = {}
    for subject in _subjects(turns, study):
        lines[_line(subject, turns, study)] = None
    return list(lines)


def _subjects(turns: Sequence[Turn], study: Study) -> list[str | None]:
    """Return each label and measurement spoken of, by its last turn; ``None`` is the film as a whole."""
    last: dict[str | None, int] = {}
    for number, turn in enumerate(turns):
        measured = [m.name for m in study.measurements if m.id in _support(turn)]
        for subject in (*(turn.labels or (None,)), *measured):
            last[subject] = number
    return sorted(last, key=lambda subject: last[subject])


def _line(subject: str | None, turns: Sequence[Turn], study: Study) -> str:
    measurement = study.measurement(subject) if subject is not None else None
    if measurement is not None:
        return f"told: {measurement.name.replace('_', ' ')} {shown(measurement)}"
    about = [t for t in turns if (subject in t.labels if subject is not None else not t.labels)]
    kinds = ", ".join(dict.fromkeys(t.intent.replace("_", " ") for t in about))
    line = f"asked about {_named(subject, study)}: {kinds}"
    cited = dict.fromkeys(p.title for t in about for p in t.citations if subject is None or subject in p.findings)
    return f"{line}; cited {neutral(next(reversed(cited)))}" if cited else line


def _named(label: str | None, study: Study) -> str:
    if label is None:
        return "the film as a whole"
    finding = study.finding(label)
    return terms()[label].name if finding is None else clause(finding, "clinician")


def _support(turn: Turn) -> set[str]:
    return {i for s in turn.sentences for i in s.support}
