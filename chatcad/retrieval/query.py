"""From a question and the film's findings to what is searched: mended words, labels asked after, labels denied.

It knows how a question names and denies findings. It doesn't know the passages.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatcad.retrieval.lexical import terms
from chatcad.retrieval.terms import label_words, other_words, topics_in
from chatcad.vocabulary import Mention, find_mentions

_CLAUSE_END = re.compile(r"[.;:!?]|\b(?:but|however|just|only|although|though)\b", re.IGNORECASE)
# NegEx (Chapman 2001, J Biomed Inform 34:301): a cue before the finding, a few words between. "Rule out" asks.
_DENIAL = re.compile(
    r"\b(?:no|without|denies|neither|nor|never|(?:not|n[o']t) (?:have|show|see|find)|negative for|absence of|free of)\b"
    r"(?:\s+(?:a|an|any|the|sign|signs|evidence|of|new|acute|large|small|right|left|sided|or|and)|[\s,])*$",
    re.IGNORECASE,
)
_ASKS_WHETHER = re.compile(r"^\W*(?:is|are|was|were|does|do|did|can|could|why|how)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Query:
    """What a question searches for.

    Parameters
    ----------
    question
        Its words, mended, without the findings that it denies where others are left.
    text
        These words with the names of ``labels`` and other words for what they speak of: the words that are searched.
    labels, denied
        The findings asked after, and those said to be absent.
    topics
        Kinds of passage wanted.
    vague
        It has no subject of its own ("what next?"): only ``labels`` give it one.
    """

    question: str
    text: str
    labels: tuple[str, ...]
    denied: frozenset[str]
    topics: frozenset[str]
    vague: bool

    @property
    def meant(self) -> str:
        """What is embedded: the question alone, since names of findings beside it would hide what it asks."""
        return self.text if self.vague else self.question


def understand(question: str, labels: Sequence[str] = (), topics: Sequence[str] = ()) -> Query:
    """Return what ``question`` searches for.

    Parameters
    ----------
    question
        In the reader's words, mended.
    labels
        The film's positive findings, or those of the turn before: the question's own go before them.
    topics
        Kinds of passage wanted; the question's own wording adds to them.
    """
    mentions = find_mentions(question)
    denials = [m for m in mentions if _denied(question, m, mentions)]
    denied = frozenset(m.label for m in denials)
    named = tuple(dict.fromkeys(m.label for m in mentions if m.label not in denied))
    asked = named or tuple(label for label in labels if label not in denied)
    rest = _without(question, denials)
    words = rest if named or _subjects(rest) else question
    wanted = frozenset((*topics, *topics_in(question)))
    text = " ".join(part for part in (words, label_words(asked, beside=words), other_words(words)) if part)
    vague = bool(asked) and not named and len(_subjects(words)) < 2
    return Query(words, text, asked, denied, wanted, vague)


def _subjects(text: str) -> list[str]:
    return [t for t in terms(text) if not topics_in(t)]


def _denied(question: str, mention: Mention, mentions: Sequence[Mention]) -> bool:
    if mention.meaning == "denied":
        return True
    before = question[: mention.start]
    # A list shares its "no": the findings before this one are taken out.
    for other in reversed([m for m in mentions if m.end <= mention.start]):
        before = before[: other.start] + " or " + before[other.end :]
    clause = _CLAUSE_END.split(before)[-1]
    cue = _DENIAL.search(clause)
    # "Is there no effusion?" asks after it.
    return cue is not None and not _ASKS_WHETHER.match(clause)


def _without(question: str, mentions: Sequence[Mention]) -> str:
    for mention in reversed(mentions):
        head = _DENIAL.sub(" ", question[: mention.start])
        question = head + " " + question[mention.end :]
    return " ".join(question.split())
