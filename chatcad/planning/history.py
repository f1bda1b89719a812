"""What was told of the patient, in an answer: which passages it calls for, what it adds, and what to ask after.

A history is never a fact about the film: every sentence on it begins with "The history given".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chatcad.checking.draft import split_sentences
from chatcad.context.words import read_words
from chatcad.language import spoken
from chatcad.planning.case import Case
from chatcad.planning.causes import name_of, sayable
from chatcad.planning.comparing import MOST_POSITIVES
from chatcad.planning.differential import Differential
from chatcad.planning.requests import NO_ANSWER
from chatcad.planning.settling import CANDIDATES, Search, carriers
from chatcad.planning.statements import guideline, replies, say_finding
from chatcad.planning.subjects import labels_meant
from chatcad.planning.understand import ALARMS, ASKS, TOPICS, Asked, last_on_the_film
from chatcad.retrieval.graph import finding_graph
from chatcad.retrieval.orders import without_orders
from chatcad.types import Context, Intent, Mode, Passage, Statement, Turn

CHANGES: frozenset[Intent] = frozenset({"finding", "summary", "next_step", "cause", "urgency"})
"""Kinds of question whose answer a history can change."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a history calls for: a query of its own, and which passages fit it by kind, words and findings."""

    query: str
    topics: frozenset[str]
    fits: re.Pattern[str]
    about: frozenset[str] = frozenset()

    def takes(self, passage: Passage) -> bool:
        """Return whether a passage fits; advice on children is for children only."""
        about = bool(self.about & set(passage.findings)) if self.about else not passage.findings
        for_whom = self is CHILD or not CHILDREN.search(passage.text)
        return about and for_whom and bool(self.topics & set(passage.topics)) and bool(self.fits.search(passage.text))


CHILDREN = re.compile(r"\b(?:child|children|infants?)\b", re.IGNORECASE)
CHILD = Call(
    "Can a network for adults read a child's chest film?",
    frozenset({"limits", "safety"}),
    # The dose of a child's film, and how to keep a child still, say nothing of the results.
    re.compile(rf"(?s)(?=.*\b(?:networks?|computers?|programs?|software|AI)\b).*{CHILDREN.pattern}", re.IGNORECASE),
)
PREGNANT = Call("Is a chest X-ray safe in pregnancy?", frozenset({"safety"}), re.compile(r"\bpregnan", re.IGNORECASE))
INJURY = Call(
    "What comes next after an injury to the chest?",
    frozenset({"next_step", "urgency"}),
    re.compile(r"\bafter (?:an? |minor |major |chest )*injury|\bhurt your chest", re.IGNORECASE),
    frozenset({"Fracture", "Pneumothorax", "Effusion"}),
)
CATCHING = Call(
    "How do tuberculosis and pneumonia spread to other people?",
    frozenset({"safety", "next_step", "cause", "urgency"}),
    re.compile(r"\bspread|\bisolation|\bcontacts\b", re.IGNORECASE),
    frozenset({"Tuberculosis", "Pneumonia"}),
)
INFECTION = Call(
    "How ill is a patient with suspected pneumonia, and which checks come next?",
    frozenset({"next_step", "urgency"}),
    re.compile(""),
    frozenset({"Pneumonia", "Infiltration", "Consolidation", "Lung Opacity"}),
)


def gather(search: Search, asked: Asked, labels: Sequence[str], mode: Mode, context: Context) -> tuple[Passage, ...]:
    """Return the passages for a question, and after them those for what its reasons and the history call for.

    Parameters
    ----------
    search
        The retriever's.
    asked, labels
        The question understood; without topics there is nothing to look up.
    mode, context
        Who reads, and what was told of the patient.
    """
    if asked.recalled is not None:
        return asked.recalled.passages
    if not asked.topics:
        return search(asked.question, labels=labels, topics=(), mode=mode, k=0)
    found = list(without_orders(search(asked.question, labels=labels, topics=asked.topics, mode=mode, k=CANDIDATES)))
    young = context.child or CHILDREN.search(asked.question)
    found = [p for p in found if young or not CHILDREN.search(split_sentences(p.text)[0])]
    more = carriers(search, _unsettled(asked, labels[:MOST_POSITIVES], found), mode)
    for call in _called_for(asked, context):
        called = without_orders(search(call.query, labels=(), topics=(), mode=mode, k=CANDIDATES))
        more += [p for p in called if call.takes(p) and p.key not in {f.key for f in found}][:2]
    unique = {p.key: p for p in (*found, *more)}
    return tuple(replace(p, id=f"P{i}") for i, p in enumerate(unique.values(), start=1))


def _unsettled(asked: Asked, labels: Sequence[str], found: Sequence[Passage]) -> list[str]:
    """Return the labels whose settling check is worth a search: asked for, or no passage found says what comes next."""
    if "grounds" in asked.wants:
        return list(labels)
    covered = {label for p in found if "next_step" in p.topics for label in p.findings}
    return [label for label in labels if label not in covered] if asked.intent == "next_step" else []


def _called_for(asked: Asked, context: Context) -> list[Call]:
    if asked.intent == "certainty":
        return [CHILD] if context.child else []
    if asked.intent not in CHANGES:
        return []
    infected = bool({"fever", "cough"} & set(context.told))
    if "catch" in asked.wants:
        return [CATCHING]
    holds = ((CHILD, context.child), (PREGNANT, context.pregnant), (INJURY, "injury" in context.told))
    called = [call for call, here in (*holds, (INFECTION, infected)) if here]
    # Who asks after one finding wants no advice on another.
    elsewhere = asked.labels if asked.intent == "finding" else ()
    return [c for c in called if not c.about or not elsewhere or c.about & set(elsewhere)]


def say_history(case: Case) -> list[Statement]:
    """Return what a history adds to an answer: that it was told, what it makes of the results, a passage for it.

    What was said and quoted for it in this talk before is not said again, but for a word on a child in each answer.
    """
    said, quoted = [], []
    for call in _called_for(case.asked, case.context):
        about = [*case.findings, *(f for label in sorted(call.about) if (f := case.study.finding(label)))]
        quoted += guideline([p for p in case.passages if call.takes(p)], about, case.mode, most=1)
        said += _remarks(call, case)
    quoted, new = case.unsaid(quoted), case.unsaid(said)
    again = case.reply("history_child_again") if case.context.child and len(new) < len(said) else []
    matters = new or quoted or case.asked.tells or case.asked.intent in {"cause", "next_step"}
    told = say_told(case.context, case.mode) if matters else []
    return [*(told if case.asked.tells else case.unsaid(told)), *new, *again, *quoted]


def _remarks(call: Call, case: Case) -> list[Statement]:
    said = case.reply("history_child") if call is CHILD else []
    said += case.reply("history_pregnant") if call is PREGNANT else []
    # After an injury a reader thinks of bones, whatever was asked.
    fracture = case.study.finding("Fracture") if call is INJURY else None
    told = {s.support for t in case.turns for s in t.sentences}
    return said + ([say_finding(fracture, case.mode)] if fracture and (fracture.id,) not in told else [])


def say_told(context: Context, mode: Mode) -> list[Statement]:
    """Return what was told and denied, as the history's words and not the film's; nothing where nothing was told."""
    names = [name_of(k, mode) for k in context.told] + [name_of(k, mode, denied=True) for k in context.denied]
    return replies("history_given", mode, names=", ".join(names)) if names else []


def closing_question(found: Differential, mode: Mode, context: Context) -> list[Statement]:
    """Return one question whose answer could change the order of the causes, or none: only where nothing was told.

    None in another language than English either: its answer would not be understood.
    """
    if context.told or context.denied or spoken() != "en":
        return []
    first = [c.key for c in sayable(found)]
    telling = []
    for sign in finding_graph().signs.values():
        asks = sign.asks if mode == "clinician" else sign.plain_asks
        favoured = [rank for rank, key in enumerate(first) if key in sign.favours]
        if asks and favoured and len(favoured) < len(first):
            telling.append((favoured, asks))
    if not telling:
        return []
    # What speaks for the first candidate comes first, then what speaks for most of them.
    telling.sort(key=lambda t: (t[0][0], -len(t[0])))
    favoured, asks = telling[0]
    # A second one only where it speaks for another candidate.
    other = next((more for ranks, more in telling[1:] if not set(ranks) & set(favoured)), None)
    text = f"{asks[:1].upper()}{asks[1:]}" + (f", or {other}?" if other else "?")
    return [Statement(text, (), "general", reword=False)]


def hear(asked: Asked, turns: Sequence[Turn], context: Context) -> tuple[Asked, Context]:
    """Return a question and its context with what the reader told in this talk.

    Parameters
    ----------
    asked
        The question understood: where it only tells of the patient, it stands for the question before.
    turns
        Earlier turns.
    context
        What was told beside the conversation; what questions tell is added to it.
    """
    texts = (*(t.question for t in turns), asked.question)
    heard = [_heard(before, text) for before, text in zip((None, *turns), texts, strict=True)]
    beside = context
    for told in filter(None, heard):
        context = _added(context, told)
    if heard[-1] is None and asked.intent == "finding":
        # What an earlier question told needs no repeating beside each finding; that it is a child does.
        return asked, replace(beside, child=context.child, pregnant=context.pregnant)
    if heard[-1] is None or asked.intent in ALARMS:
        return asked, context
    asked, answers = replace(asked, tells=True), bool(turns) and _answers(turns[-1], asked.question)
    if not answers and not _only_tells(asked):
        return asked, context  # it tells and asks: "72F, breathless. Any edema?"
    last = turns[-1] if answers else last_on_the_film(turns)
    if not answers and last is not None and not last.labels:
        last = None  # nothing that has a name was spoken of: a case without a question asks what to do
    intent: Intent = "next_step" if last is None else last.intent
    labels = asked.labels if last is None else last.labels
    return replace(asked, intent=intent, labels=labels, topics=TOPICS.get(intent, ())), context


def _only_tells(asked: Asked) -> bool:
    """Return whether nothing is asked: no kind fits, or a finding that no word names."""
    if asked.intent in NO_ANSWER:
        return True
    nameless = asked.intent in {"finding", "urgency"} and not labels_meant(asked.question)
    return nameless and not any(map(_asks, _PARTS.split(asked.question)))


def _heard(before: Turn | None, text: str) -> Context | None:
    """Return what a question tells of the patient, ``None`` where it tells nothing."""
    if before is not None and _answers(before, text):
        return read_words(text)
    told = [part for part in _PARTS.split(text) if _CASE.search(part) and not _asks(part)]
    cases = [part for part in told if not _OF_THE_FILM.search(part)]
    heard = read_words(". ".join(cases))
    known = (
        heard
        if _KNOWN.search(" ".join(cases))
        else replace(heard, told=_signs(heard.told), denied=_signs(heard.denied))
    )
    # A child is one by its age here: who speaks of a daughter may be the patient.
    aged = read_words(". ".join(told))
    known = replace(known, child=aged.child and aged.age_band is not None)
    return known if known.told or known.denied or known.child or known.pregnant else None


def _answers(before: Turn, text: str) -> bool:
    # A cause or a next step depends on the history, so what is told after it is heard, asked back or not.
    is_open = before.intent in {"cause", "next_step"} or any(s.text.endswith("?") for s in before.sentences)
    if not is_open or _asks(text):
        return False
    heard = read_words(text)
    return bool(_signs((*heard.told, *heard.denied)))


def _added(context: Context, heard: Context) -> Context:
    told = [k for k in heard.told if k not in context.told]
    denied = [k for k in heard.denied if k not in context.denied]
    return replace(
        context,
        told=(*context.told, *told),
        denied=(*context.denied, *denied),
        child=context.child or heard.child,
        pregnant=context.pregnant or heard.pregnant,
    )


def _signs(keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(k for k in keys if k in finding_graph().signs)


def _asks(text: str) -> bool:
    return "?" in text or bool(_ORDERS.match(text) or ASKS.match(text.strip()))


_ORDERS = re.compile(r"\W*(?:please |can |could )*(?:explain|tell|describe|show|give)\b", re.IGNORECASE)
_PARTS = re.compile(rf"(?<=[.!?;\n])\s+|,?\s*(?=\?\w)|,\s+(?={ASKS.pattern})", re.IGNORECASE)
"""Where a case that is told ends and a question begins: "33M, cough, ?pneumonia", "I fell, is a rib broken?"."""
_CASE = re.compile(
    r"\b\d{1,3}\s?(?:[MF]|y/?o|y|years?|yrs?)\b|\b(?:patient|pt|he|she|i|i'm|he's|she's|my|his|her|known|history|hx|h/o|"
    r"presents?|presenting|presented|complain\w*|c/o|s/p|admitted)\b|\b(?:bnp|nt-?probnp|crp|wbc|d-?dimer)\b.{0,9}\d",
    re.IGNORECASE,
)
"""What marks words as a patient's case; "fever with an effusion" may be anybody's."""
_KNOWN = re.compile(r"\b(?:known|history of|hx|h/o|s/p)\b", re.IGNORECASE)
_OF_THE_FILM = re.compile(
    r"\b(?:film|picture|image|x-?ray|radiograph|scan|report|shows?|colleague|radiologist)\b", re.IGNORECASE
)
"""What marks words as a claim about the film ("a colleague diagnosed edema on it"), which is no history."""
