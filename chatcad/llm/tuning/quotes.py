"""Quoted guideline sentences said a little differently, by rules that can't change what they say.

A leading condition changes places with its main clause, one word stands for another (``prompts/phrases.yaml``), a few
words lead in. Whether a result may be used is the check's business.
"""

from __future__ import annotations

import random
import re

from chatcad.llm.tuning.phrases import open_with, phrases
from chatcad.types import Mode

VERBATIM = 0.35
"""Share of quotations whose target is the quotation: most sentences of a guideline gain little by another wording."""

_LEADS = r"(?:If|When|Where|Because|Since|Although|After|Before|During|On|In|At|With|For|Without|Below|From)"
_CONDITION_FIRST = re.compile(rf"({_LEADS} [^,;:]{{8,90}}), ([^,;:]{{15,160}})\.")
_CONDITION_LAST = re.compile(r"([A-Z][^,;:]{15,160}?),? ((?:if|when|where|because|since|although) [^,;:]{10,90})\.")
_VERB = r"\b(?:is|are|can|may|should|needs?|has|have|shows?|makes?|helps?|does|must|comes?)\b"
_TWO_CLAUSES = re.compile(
    rf"([A-Z][^,;:]{{15,140}}), and ((?:a|an|the|one|some|most|many|your)\b[^;:,]*{_VERB}[^;:,]*)\."
)
_REFERS = re.compile(r"^(?:it|they|this|these|that|he|she|its|their)\b")
_ASIDE = re.compile(r" \((?:an? |or )?[\w -]{2,24}\)")


def reworded(quote: str, mode: Mode, rng: random.Random) -> str:
    """Return a quotation in other words, or at times as it stands."""
    if rng.random() < VERBATIM:
        return quote
    text = _turned(quote) if rng.random() < 0.7 else quote
    swaps = phrases()["quotes"]["swaps"]
    for old, new in rng.sample(swaps, k=len(swaps)):
        if old in quote and old in text and rng.random() < 0.6:
            text = text.replace(old, new, 1)
    if rng.random() < 0.2:
        text = _ASIDE.sub("", text)
    return _opened(text, mode, rng) if rng.random() < (0.6 if text == quote else 0.15) else text


def _opened(text: str, mode: Mode, rng: random.Random) -> str:
    """Return a sentence with a few words before it; one that asks the reader to do something is asked kindly."""
    listed = phrases()["quotes"]
    asks = text.split(maxsplit=1)[0].lower().rstrip(",") in listed["asks"]
    return open_with(rng.choice(listed["openings"]["asking" if asks else mode]), text)


def _turned(text: str) -> str:
    """Return a sentence with its two parts in the other order, or as it stands where that would blur a pronoun."""
    if match := _CONDITION_FIRST.fullmatch(text):
        condition, main = match.groups()
        if not _REFERS.match(main):
            return f"{main[:1].upper()}{main[1:]} {open_with('', condition)}."
    elif match := _CONDITION_LAST.fullmatch(text):
        main, condition = match.groups()
        if not re.search(r"\b(?:it|they|them|its|their)\b", condition):
            return f"{condition[:1].upper()}{condition[1:]}, {open_with('', main)}."
    elif (match := _TWO_CLAUSES.fullmatch(text)) and " between " not in text:
        return f"{match[1]}; {match[2]}."
    return text
