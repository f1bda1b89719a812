"""Questions about the talk itself: what was asked, what was said, and where; answered from the stored turns.

No model remembers anything here. A sentence that was shown before is shown again only where the film's facts still
carry it; otherwise its facts are said anew. Turn and sentence are found by labels and by the ids of their support.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from chatcad.checking import rules
from chatcad.checking.claims import parse_claims
from chatcad.checking.facts import contradiction
from chatcad.checking.quantities import parse_numbers
from chatcad.findings.measure import NAMES
from chatcad.findings.wording import describe, describe_measurement, name_in_list
from chatcad.language import spoken, table
from chatcad.planning.statements import replies, say_finding, say_group, say_measurements
from chatcad.prompting.neutral import neutral
from chatcad.types import Finding, Language, Measurement, Mode, Passage, Sentence, Statement, Study, Turn
from chatcad.vocabulary import terms

What = Literal["question", "answer", "finding", "topics"]
ORDINALS = ("first", "second", "third")
MOST_SENTENCES = 6
LONGEST_QUOTE = 200
MEASURES = {
    "cardiothoracic_ratio": "Cardiomegaly",
    "heart_width_mm": "Cardiomegaly",
    "mediastinal_width_ratio": "Enlarged Cardiomediastinum",
}
"""The label that a measurement speaks of."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What of a talk is asked for.

    Parameters
    ----------
    what
        A question, an answer, a finding by the order in which it was named, or what was spoken of.
    number, turn
        The turn meant, counted from 1; ``None`` where no earlier turn fits.
    labels
        The labels whose sentences are wanted; none, the whole answer.
    turns
        The whole talk.
    """

    what: What
    number: int
    turn: Turn | None
    labels: tuple[str, ...]
    turns: tuple[Turn, ...]

    @property
    def passages(self) -> tuple[Passage, ...]:
        """The passages that the turn cited, numbered anew for this answer."""
        cited = [] if self.turn is None or self.what != "answer" else self.turn.citations
        return tuple(replace(p, id=f"P{i}") for i, p in enumerate(cited, start=1))


def recall(question: str, labels: tuple[str, ...], turns: Sequence[Turn], language: Language) -> Recalled | None:
    """Return what of the talk a question asks back for, ``None`` where it asks for something else.

    Parameters
    ----------
    question, language
        As typed, and the language that it is written in.
    labels
        Those that it names or means.
    turns
        The talk so far.
    """
    heard = _heard(question, language)
    if not turns or heard is None:
        return None
    nth = _nth(question, language)
    if heard == "finding":
        named = _named_findings(turns)
        chosen = nth if nth >= 0 else len(named) + nth
        found = named[chosen : chosen + 1]
        return Recalled("finding", chosen + 1, turns[0], tuple(found), tuple(turns))
    fitting = list(enumerate(turns, start=1))
    if heard == "answer" and labels:
        fitting = [(n, t) for n, t in fitting if t.intent != "recall" and any(_about(s, labels) for s in t.sentences)]
        nth = nth if _ordered(question, language) else -1
    number, turn = fitting[nth] if -len(fitting) <= nth < len(fitting) else (0, None)
    return Recalled(heard, number, turn, labels, tuple(turns))


def _heard(question: str, language: Language) -> What | None:
    patterns = _patterns(language)
    kinds: tuple[What, ...] = ("topics", "question", "answer")
    if found := next((what for what in kinds if patterns[what].search(question)), None):
        return found
    return "finding" if patterns["finding"].search(question) and patterns["again"].search(question) else None


def _ordered(question: str, language: Language) -> bool:
    return any(_patterns(language)[word].search(question) for word in (*ORDINALS, "last"))


def _nth(question: str, language: Language) -> int:
    """Return the index that a question's ordinal names: the first where it has none."""
    patterns = _patterns(language)
    if patterns["last"].search(question):
        return -1
    return next((i for i, word in enumerate(ORDINALS) if i and patterns[word].search(question)), 0)


@lru_cache(maxsize=3)
def _patterns(language: Language) -> dict[str, re.Pattern[str]]:
    return {name: re.compile(text, re.IGNORECASE) for name, text in table("recall", "en")[language].items()}


@lru_cache(maxsize=1)
def _label_of() -> dict[str, str]:
    """Return the label of each id that a sentence may rest on: a label has the same id on every film."""
    by_id = {f"F{number}": label for number, label in enumerate(terms(), start=1)}
    return by_id | {f"M{number}": MEASURES[name] for number, name in enumerate(NAMES, start=1) if name in MEASURES}


def _about(sentence: Sentence, labels: Collection[str]) -> bool:
    return any(_label_of().get(i, "") in labels for i in sentence.support)


def _named_findings(turns: Sequence[Turn]) -> list[str]:
    """Return the labels of the findings in the order in which answers first named them."""
    ids = [i for t in turns for s in t.sentences if s.source == "image" for i in s.support if i.startswith("F")]
    return list(dict.fromkeys(_label_of()[i] for i in ids if i in _label_of()))


def say_recalled(asked: Recalled, study: Study, mode: Mode) -> list[Statement]:
    """Return what answers a question about the talk.

    Parameters
    ----------
    asked
        What is asked for.
    study
        The film's facts: what was said is checked against them once more.
    mode
        Who reads now; a sentence that was said to another reader is said anew.
    """
    if asked.what == "topics":
        return replies("recall_topics", mode, topics=", ".join(_topics(asked.turns, mode)))
    if asked.what == "finding":
        facts = [f for label in asked.labels if (f := study.finding(label))]
        return [say_finding(f, mode) for f in facts] or replies("recall_nothing", mode)
    if asked.turn is None:
        facts = [f for label in asked.labels if (f := study.finding(label))]
        return [*replies("recall_nothing", mode), *(say_finding(f, mode) for f in facts)]
    quote = neutral(asked.turn.question)[:LONGEST_QUOTE]
    said = replies("recall_question", mode, number=str(asked.number), question=quote)
    again = list(dict.fromkeys(_again(asked, study, mode)))[:MOST_SENTENCES]
    return [*said, *replies("recall_said", mode), *again] if again else said


def _topics(turns: Sequence[Turn], mode: Mode) -> list[str]:
    film = table("replies")["film"][mode]
    names = [name_in_list(label, mode) for t in turns for label in t.labels]
    return list(dict.fromkeys([*names, *([film] if any(not t.labels for t in turns) else [])]))


def _again(asked: Recalled, study: Study, mode: Mode) -> Iterator[Statement]:
    turn = asked.turn
    if turn is None:
        return
    keys = {p.key: p.id for p in asked.passages}
    new_ids = {p.id: keys[p.key] for p in turn.citations if p.key in keys}
    for sentence in turn.sentences:
        if turn.region is not None and sentence.support == (turn.region.id,):
            if (turn.mode, turn.language) == (mode, spoken()):  # read off this film, which is the same
                yield Statement(sentence.text, sentence.support, "image", reword=False)
        elif sentence.source == "image" and (not asked.labels or _about(sentence, asked.labels)):
            yield from _anew(sentence, turn, study, mode)
        elif sentence.source == "guideline" and all(i in new_ids for i in sentence.support):
            cited = [p for p in turn.citations if p.id in sentence.support]
            on = {label for p in cited for label in p.findings}
            # One cause of a list, without the others, would read as the cause.
            listed = turn.intent == "cause" and not any(sentence.text in " ".join(p.text.split()) for p in cited)
            if not listed and (not asked.labels or on & set(asked.labels)):
                support = tuple(new_ids[i] for i in sentence.support)
                yield Statement(sentence.text, support, "guideline", reword=False)


def _anew(sentence: Sentence, turn: Turn, study: Study, mode: Mode) -> list[Statement]:
    """Return a sentence that was shown, where the facts still carry it as it stands, else its facts said anew."""
    findings = [f for f in study.findings if f.id in sentence.support]
    measured = [m for m in study.measurements if m.id in sentence.support]
    if (turn.mode, turn.language) == (mode, spoken()) and _carried(sentence, findings, measured, study, mode):
        return [Statement(sentence.text, sentence.support, "image", reword=False)]
    states = {f.state for f in findings}
    if len(findings) > 1 and states <= {"not_flagged", "not_assessed"} and len(states) == 1:
        return say_group(findings, states.pop(), mode)
    return [*(say_finding(f, mode) for f in findings), *say_measurements(measured, mode)]


def _carried(
    sentence: Sentence, findings: Sequence[Finding], measured: Sequence[Measurement], study: Study, mode: Mode
) -> bool:
    told = [describe(f, mode) for f in findings] + [t for m in measured for t in describe_measurement(m, mode)]
    if sentence.text in told:
        return True
    if spoken() != "en" or len(findings) + len(measured) != 1:
        return False  # claims are parsed in English only, and a list was made for its own answer
    claims, known = parse_claims(sentence.text), set(parse_numbers(" ".join(told)))
    about = bool(claims) or bool(measured and rules.same_measures(sentence.text, told[0]) is None)
    return (
        about
        and all(contradiction(c, study) is None for c in claims)
        and {c.label for c in claims} <= {f.label for f in findings}
        and set(parse_numbers(sentence.text)) <= known
        and rules.policy(sentence.text, " ".join(told)) is None
    )
