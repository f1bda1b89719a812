"""How statements are made: from a finding, a measurement, a passage, or a fixed reply."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from chatcad.checking import rules
from chatcad.checking.draft import split_sentences
from chatcad.findings.wording import describe, describe_group, describe_measurement, describe_unseen
from chatcad.language import decimal, table
from chatcad.types import Finding, Measurement, Mode, Passage, State, Statement, Study

FLAGGED = frozenset({"present", "uncertain"})
HOW_TO_LOOK = frozenset({"limits", "appearance", "measurement"})
"""The topics that are worth quoting on a finding that nobody flagged: how it would be found."""
NUMBER = re.compile(r"\d+\.\d+")
HOW_DIAGNOSED = re.compile(r"\bdiagnos(?:e|es|ed|ing)\b.{0,60}\b(?:based on|by|with|from|using)\b", re.IGNORECASE)
"""A sentence on how an illness is diagnosed describes a doctor's work, and is no next step."""
MEDQUAD = "medquad:"


def replies(key: str, mode: Mode, support: tuple[str, ...] = (), **values: str) -> list[Statement]:
    """Return the fixed sentences of ``prompts/replies.yaml`` under a key; shown as they stand.

    Values that are fixed words themselves ("left", "first") are said in the language spoken, and numbers written in it.
    """
    texts, words = table("replies")[key][mode], table("replies").get("words", {})
    values = {k: decimal(v) if NUMBER.fullmatch(v) else words.get(v, v) for k, v in values.items()}
    source = "image" if support else "general"
    listed = [texts] if isinstance(texts, str) else texts
    return [Statement(t.format(**values), support, source, reword=False) for t in listed]  # type: ignore[arg-type]


def say_finding(finding: Finding, mode: Mode) -> Statement:
    """Return the statement of one finding."""
    return Statement(describe(finding, mode), (finding.id,), "image")


def say_group(findings: Sequence[Finding], state: str, mode: Mode) -> list[Statement]:
    """Return one statement for several findings of one state, or none for no findings."""
    if not findings:
        return []
    text = describe_group(findings, state, mode)
    return [Statement(text, tuple(f.id for f in findings), "image", reword=False)]


def say_unseen(study: Study, mode: Mode) -> list[Statement]:
    """Return the statement that findings were not assessed, or none where all were."""
    unseen = [f for f in study.findings if f.state == "not_assessed"]
    text = describe_unseen(unseen, mode)
    return [Statement(text, tuple(f.id for f in unseen), "image", reword=False)] if unseen else []


def say_measurements(measurements: Iterable[Measurement], mode: Mode) -> list[Statement]:
    """Return the statements of measurements, each with its caveat."""
    return [Statement(text, (m.id,), "image") for m in measurements for text in describe_measurement(m, mode)]


def guideline(
    passages: Iterable[Passage],
    findings: Sequence[Finding],
    mode: Mode,
    *,
    most: int,
    whatever_state: bool = False,
    first: frozenset[str] = frozenset(),
    barring: re.Pattern[str] | None = None,
) -> list[Statement]:
    """Return quotations from the passages that fit the findings shown, one sentence each.

    Advice on a finding belongs in an answer only where that finding is flagged; for one that is absent it would
    suggest what the film doesn't carry, and for one that nobody flagged or looked for, only how it is found is quoted.
    ``whatever_state`` is for questions after a term's meaning; passages on one of the topics ``first`` come before the
    others, and of those the ones on these findings alone; no sentence of the form ``barring`` is quoted. A quotation is
    shown as it stands: a model can garble a guideline with the guideline's own words, and the check understands no word
    order.
    """
    states = {f.label: f.state for f in findings}
    chosen: list[Statement] = []
    for passage in sorted(passages, key=lambda p: (not first & set(p.topics), bool(set(p.findings) - set(states)))):
        if first and not passage.findings and not first & set(passage.topics):
            continue  # advice for everybody ("bring a toy") answers only the kind of question that it is about
        about = {label: states[label] for label in passage.findings if label in states}
        if passage.findings and not (about and (whatever_state or _fits(passage, about))):
            continue
        if mode == "patient" and passage.audience == "clinician":
            continue
        sentences = (s for s in split_sentences(passage.text) if barring is None or not barring.search(s))
        quotable = (s for s in sentences if rules.policy(s) is None)
        if (sentence := next(quotable, None)) is not None:
            chosen.append(Statement(sentence, (passage.id,), "guideline", reword=False))
        if len(chosen) == most:
            break
    return chosen


def of_another_illness(passage: Passage) -> bool:
    """Return whether a passage is from a document on one illness that no label stands for."""
    return passage.key.startswith(MEDQUAD) and not passage.findings


def _fits(passage: Passage, states: Mapping[str, State]) -> bool:
    """Return whether a passage fits findings in these states; of one that nobody flagged, one of its own is wanted."""
    looks = set(states.values()) - {"absent"} and HOW_TO_LOOK & set(passage.topics) and passage.findings[0] in states
    return bool(set(states.values()) & FLAGGED or looks)
