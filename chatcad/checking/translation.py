"""Settle sentences in another language: planned ones stand as they are, guidelines are translated where a model can.

The rewording check parses English. So in another language every sentence that planning made is shown as planned, and a
guideline's English sentence is shown in translation only if that agrees with it in findings, numbers, negations,
sides, certainty and conditions, by words; else in English, with one line that says why.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Protocol

from chatcad.checking import rules
from chatcad.checking.facts import Facts
from chatcad.checking.settle import NoWording, settle
from chatcad.language import language_of, table
from chatcad.types import Checked, Language, Mode, Sentence, Statement
from chatcad.vocabulary import find_mentions

GROUPS = ("possible", "urgent", "condition", "left", "right")
LONGER = 1.9
"""German and Spanish run longer than English; a translation that is nearly twice as long says more."""

Mentions = Callable[[str, Language], tuple[tuple[int, int, str], ...]]


class Write(Protocol):
    """What words a statement, and may be able to translate one."""

    def __call__(self, statement: Statement, objection: str | None) -> str:
        """Return a wording, or a translation where the prompt asks for one."""
        ...

    def translates(self, language: Language) -> bool:
        """Return whether the model that writes now may translate into a language."""
        ...

    def learn(self, statement: Statement, shown: Sentence) -> None:
        """Remember a wording that passed."""
        ...


def settled(
    statements: Iterable[Statement], facts: Facts, write: Write, *, language: Language, mode: Mode, mentions: Mentions
) -> Iterator[Sentence]:
    """Yield the sentences that a reader may see, each after its check.

    Parameters
    ----------
    statements
        The plan's, in the language that answers are given in; guidelines in English.
    facts, write
        What a wording is checked against, and the model.
    language, mode
        Of the answer.
    mentions
        Finds the labels that a text in that language names.
    """
    if language == "en":
        for statement in statements:
            sentence = settle(statement, facts, write)
            write.learn(statement, sentence)
            yield sentence
        return
    said: set[str] = set()
    for statement in statements:
        if statement.source != "guideline" or not _is_english(statement.text, facts, language):
            yield Sentence(statement.text, statement.support, statement.source, "kept")
            continue
        sentence = _translated(statement, write, language, mentions)
        yield sentence
        why = "english_only" if not write.translates(language) else "not_translated"
        if sentence.text == statement.text and why not in said:
            said.add(why)
            yield Sentence(table("replies", language)[why][mode], (), "general", "kept")


def _is_english(text: str, facts: Facts, language: Language) -> bool:
    """Tell a quotation from what planning said of a passage in the language of the answer."""
    quoted = any(text in " ".join(p.text.split()) for p in facts.passages)
    return quoted or language_of(text, language) == "en"


def _translated(statement: Statement, write: Write, language: Language, mentions: Mentions) -> Sentence:
    objection: str | None = None
    if not write.translates(language):
        return Sentence(statement.text, statement.support, statement.source, "kept", "not translated")
    try:
        tries: tuple[Checked, ...] = ("kept", "rewritten")
        for checked in tries:
            draft = write(statement, objection).strip()
            earlier, objection = objection, objection_to_translation(draft, statement.text, language, mentions)
            if objection is None:
                return Sentence(draft, statement.support, statement.source, checked, earlier)
    except NoWording as silence:
        objection = objection or str(silence)
    return Sentence(statement.text, statement.support, statement.source, "replaced", objection)


def objection_to_translation(draft: str, english: str, language: Language, mentions: Mentions) -> str | None:
    """Return why a translation may not be shown, or ``None``.

    Parameters
    ----------
    draft, english
        One sentence, and what it translates.
    language, mentions
        Of the draft, and how its labels are found.
    """
    if why := rules.shape(draft, draft) or rules.policy(draft, english):
        return why
    named, meant = Counter(m[2] for m in mentions(draft, language)), Counter(m.label for m in find_mentions(english))
    said_not, meant_not = (
        len(_cues("negation", of).findall(text)) for text, of in ((draft, language), (english, "en"))
    )
    wrong = (
        (language_of(draft, "en") != language, "it is not written in that language"),
        (len(draft) > LONGER * len(english) + 20, "it is much longer than the sentence"),
        (_numbers(draft, language) != _numbers(english, "en"), "the numbers differ"),
        (named != meant, "it names other findings than the sentence"),
        (said_not != meant_not, "it says 'not' more or less often"),
        *(
            (bool(_cues(g, language).search(draft)) != bool(_cues(g, "en").search(english)), f"'{g}' differs")
            for g in GROUPS
        ),
    )
    return next((why for fails, why in wrong if fails), None)


@lru_cache(maxsize=32)
def _cues(group: str, language: Language) -> re.Pattern[str]:
    return re.compile(table("translation", "en")[group][language], re.IGNORECASE)


def _numbers(text: str, language: Language) -> list[str]:
    """Return the numbers of a text in order, one spelling for all languages."""
    words: dict[str, int] = table("translation", "en")["number_words"][language]
    text = re.sub(r"[^\W\d_]+", lambda m: str(words.get(m[0].lower(), m[0])), text)
    text = re.sub(r"(?<=\d)[,.\s](?=\d{3}\b)" if language != "en" else r"(?<=\d),(?=\d{3}\b)", "", text)
    return [n.replace(",", ".") for n in re.findall(r"\d+(?:[.,]\d+)?", text)]
