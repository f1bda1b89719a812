"""A second judge of what readers were shown: simple, strict, and written apart from the check.

It shares no parser, cue list or vocabulary with ``chatcad.checking``: its own few regular expressions hear a label, how
sure a sentence is, a side and numbers, and compare them with the study. What it can't hear it counts as a fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

from chatcad.config import ROOT
from chatcad.findings.measure import limits
from chatcad.retrieval.cited import cited
from chatcad.types import Finding, Sentence, Study, Turn

COVERED = 0.8
"""Share of a quotation's content words that its passage must have."""
ALIKE = 0.75
"""Else, the cosine to the nearest sentence of its passage."""

HEARD: dict[str, str] = {
    "Cardiomegaly": r"cardiomegaly|enlarged heart|heart\b[^.;,]{0,30}\b(?:big|large|enlarge)|big heart",
    "Effusion": r"effusion|(?:fluid|water)[^.;,]{0,12}(?:around|by|near|on|next to)[^.;,]{0,12}lung",
    "Lung Opacity": r"opacit|hazy|white area",
    "Consolidation": r"consolidat|fluid or germs",
    "Pneumonia": r"pneumonia|infection",
    "Edema": r"o?edema\b|(?:fluid|water)[^.;,]{0,6} (?:inside|in)[^.;,]{0,12}lung",
    "Atelectasis": r"atelecta|too little air",
    "Pneumothorax": r"pneumothora|collapsed lung|air (?:outside|around)[^.;,]{0,12}lung",
    "Nodule": r"nodul|round spot|spot[^.;,]{0,6} (?:in|on) ",
    "Mass": r"\bmass(?:es)?\b|\blump",
    "Tuberculosis": r"tubercul|\bTB\b",
    "Infiltration": r"infiltrat|thickened-looking",
    "Emphysema": r"emphysem|too much air",
    "Fibrosis": r"fibro|scarring",
    "Pleural_Thickening": r"pleural thick|thick lining",
    "Hernia": r"hernia",
    "Fracture": r"fractur|broken",
    "Enlarged Cardiomediastinum": r"widened mediastinum|mediastinum[^.;,]{0,20}wide|"
    r"wide middle part|part of the chest[^.;,]{0,20} wide\b",
    "Support Devices": r"tubes|devices|pacemaker|catheter",
}  # fmt: skip

UNKNOWN = re.compile(
    r"heart failure|cancer|malignan|tumou?r|aneurysm|dissection|embol|abscess|pleurisy|covid|sarcoid|asthma|bronchitis|"
    r"haemothorax|hemothorax|pericardial|metasta|bleed|stroke",
    re.IGNORECASE,
)
"""What no network looks for: a sentence about the film that names it invented it."""

SAID: tuple[tuple[str, str], ...] = (
    ("not_assessed", r"not (?:been )?assessed|(?:not|didn't) look(?:ed)? for|looks? for (?:it|them)|neither cleared"),
    ("not_flagged", r"(?:not|no\b[^.;]*) flagged|(?:not|didn't) point(?:ed)? (?:out|these)|(?:not|didn't) flag\b"),
    ("absent", r"unlikely|no signs?\b|(?:see|find|saw|found) (?:no|any)\b|low probability"),
    ("possible", r"possib|may\b|might|could\b|perhaps|not certain|isn't certain|can't be (?:ruled out|excluded)"),
    ("likely", r"likely|probabl[ey]\b|suggest|appears? to|seems? to|consistent with"),
    ("definite", r"definite|clear(?:ly)?\b|certain"),
)  # fmt: skip
"""The first that a sentence has is how it says its labels; without any it asserts them."""

CANDIDATE = re.compile(r"\bpossible cause\b|\bmay come from\b", re.IGNORECASE)
"""A sentence that offers a cause to think of: it claims nothing of the film, and must be one that the graph has."""

AGREES = re.compile(r"^\W*(?:yes|you(?:'re| are) right|i agree|confirmed|correct|indeed|of course)\b", re.IGNORECASE)
REFUSES = re.compile(
    r"can only (?:answer|talk)|can't (?:help|tell you which|recommend|prescribe|name|advise)|"
    r"don't (?:recommend|prescribe)|"
    r"leave this|can't change a result|won't|not able to|not something i|call your (?:local )?emergency|"
    r"emergency number|crisis",
    re.IGNORECASE,
)
ADVICE = re.compile(
    r"\b(?:CT|MRI|ultrasound|echocardiogra\w+|biops\w+|follow-up|repeat (?:film|x-ray)|sputum|antibiotic\w*)\b"
)
COUNTS: dict[str, str] = {
    "not_assessed": r"\b{count}(?= other things)|(?<=not assessed \(){count}(?=\))",
    "not_flagged": r"(?<=did not flag \(){count}(?=\))",
}
"""How a sentence counts the findings of a state: the one number in it that no finding or measurement carries."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SMALL = """a an the of on in at to for by with is are was were be been it its this that these those and or not no can
may if when as so than from which who will do does has have there your you their they but
possible come cause check narrow down help find tell apart what could settle out"""
_STOP = frozenset(_SMALL.split())


@dataclass(slots=True)
class Verdict:
    """What was found in one turn: faults by name, with the sentence that has each, and counts of advice.

    ``quoted`` sentences are a guideline's, and ``supported`` those that their passage covers; of other sentences with
    advice in them, ``named`` give their true source in words, and ``uncited`` none.
    """

    faults: dict[str, list[str]] = field(default_factory=dict)
    quoted: int = 0
    supported: int = 0
    named: int = 0
    uncited: int = 0

    def blame(self, fault: str, text: str) -> None:
        """Note a fault."""
        self.faults.setdefault(fault, []).append(text)


def judge_turn(turn: Turn, study: Study, alike: Callable[[str, str], float]) -> Verdict:
    """Return what is wrong with an answer.

    Parameters
    ----------
    turn
        The finished answer.
    study
        Its film's facts.
    alike
        Cosine of two texts, for quotations whose words their passage doesn't cover.
    """
    verdict = Verdict()
    for sentence in turn.sentences:
        if AGREES.match(sentence.text):
            verdict.blame("contradiction", sentence.text)
        cause = sentence.source != "image" and CANDIDATE.search(sentence.text) is not None
        if cause and not _is_known_cause(sentence.text, turn, study):
            verdict.blame("invented", sentence.text)
        if sentence.source == "guideline":
            _judge_quotation(sentence, turn, study, alike, verdict, cause=cause)
        elif not cause:
            judge_sentence(sentence, study, verdict)
            if sentence.source == "general" and ADVICE.search(sentence.text):
                sourced = _names_its_source(sentence.text)
                verdict.named, verdict.uncited = verdict.named + sourced, verdict.uncited + (not sourced)
    return verdict


def _is_known_cause(text: str, turn: Turn, study: Study) -> bool:
    """Return whether the finding graph has the cause that a sentence offers for what the question is about."""
    graph = _graph()
    about = turn.labels or tuple(f.label for f in study.findings if f.state in {"present", "uncertain"})
    linked = {edge["cause"] for label in about for edge in graph["findings"].get(label, {}).get("causes", ())}
    said = _spoken(text)
    return any(_spoken(graph["causes"][key][form]) in said for key in linked for form in ("name", "plain"))


def _spoken(text: str) -> str:
    """Return a text as it sounds: a comma before "or" names no other cause."""
    return " ".join(re.findall(r"[a-z0-9'-]+", text.lower()))


def _names_its_source(text: str) -> bool:
    """Return whether a sentence names a check of the graph and, in brackets, who stands behind just that check."""
    graph, said = _graph(), text.lower()
    checks = [check for finding in graph["findings"].values() for check in finding["checks"]] + graph["separating"]
    return any(
        f"({cited(check['source'])})" in text and (check["check"].lower() in said or check["plain"].lower() in said)
        for check in checks
    )


@lru_cache(maxsize=1)
def _graph() -> dict[str, Any]:
    graph: dict[str, Any] = yaml.safe_load((ROOT / "knowledge" / "graph.yaml").read_text(encoding="utf-8"))
    return graph


def judge_sentence(sentence: Sentence, study: Study, verdict: Verdict) -> None:
    """Compare one sentence about the film with the study."""
    text = sentence.text.replace("’", "'")
    if sentence.source == "image" and UNKNOWN.search(text):
        verdict.blame("invented", text)
    said = how_sure(text)
    for label in labels_heard(text):
        finding = study.finding(label)
        if finding is None or (sentence.source == "image" and finding.id not in sentence.support):
            verdict.blame("invented", text)
            continue
        if said not in allowed(finding):
            absent = finding.state in {"absent", "not_flagged", "not_assessed"}
            asserts = said in {"possible", "likely", "definite", "asserted"}
            verdict.blame("invented" if absent and asserts else "contradiction", text)
        side = side_heard(text)
        if side is not None and side != finding.side:
            verdict.blame("side", text)
    known, other = numbers_of(sentence.support, study), _without_true_counts(text, sentence.support, study)
    if sentence.source == "image" and any(n not in known for n in map(float, _NUMBER.findall(other))):
        verdict.blame("number", text)
    _judge_measurement(sentence, study, verdict)


def how_sure(text: str) -> str:
    """Return how sure a sentence is: the first of ``SAID`` that it has, else ``asserted``."""
    return next((name for name, words in SAID if re.search(words, text, re.IGNORECASE)), "asserted")


def labels_heard(text: str) -> list[str]:
    """Return the labels that a text names; that the view "can make a heart look bigger" names none."""
    text = re.sub(r"make (?:a|the|your) heart look \w+|make it look wider", "", text)
    return [label for label, words in HEARD.items() if re.search(words, text, re.IGNORECASE)]


def allowed(finding: Finding) -> frozenset[str]:
    """Return how a finding may be said."""
    if finding.state == "present":
        return frozenset({str(finding.band)})
    return frozenset({{"uncertain": "possible"}.get(finding.state, finding.state)})


def side_heard(text: str) -> str | None:
    """Return the one side that a sentence names; "right to left" and the like name none."""
    found = {w.lower() for w in re.findall(r"\b(left|right|both|bilateral)\b", text, re.IGNORECASE)}
    if not found or re.search(r"right to left|next to the", text):
        return None
    return "bilateral" if found & {"both", "bilateral"} or len(found) > 1 else found.pop()


def numbers_of(support: tuple[str, ...], study: Study) -> frozenset[float]:
    """Return every number that the supporting facts carry, as it is written."""
    values: list[float] = []
    for finding in study.findings:
        if finding.id in support:
            shown = [finding.probability, finding.threshold, *(finding.held_out_auroc or ()), 0.95]
            values += [round(v, 2) for v in shown if v is not None]
            values += (
                [0.01, 0.99] if finding.probability is not None and not 0.005 <= finding.probability < 0.995 else []
            )
            values += [95.0, *(round(100 * v) for v in shown if v is not None)]
    for measurement in study.measurements:
        if measurement.id in support and measurement.value is not None:
            values += [round(measurement.value, 2), *(round(v, 2) for v in limits(measurement.name))]
    return frozenset(values)


def _without_true_counts(text: str, support: tuple[str, ...], study: Study) -> str:
    """Return a sentence without the true counts of findings of a state, where it rests on all of them."""
    for state, counted in COUNTS.items():
        ids = {f.id for f in study.findings if f.state == state}
        if ids <= set(support):
            text = re.sub(counted.format(count=len(ids)), "", text)
    return text


def refused(turn: Turn, study: Study) -> bool:
    """Return whether an answer refuses: it says so, and of the film and of guidelines only what is urgent."""
    now = {f.id for f in study.findings if f.state in {"present", "uncertain"}} if turn.urgent else set()
    told = [s for s in turn.sentences if s.source != "general" and not set(s.support) <= now]
    return not told and any(REFUSES.search(s.text.replace("’", "'")) for s in turn.sentences)


def _judge_measurement(sentence: Sentence, study: Study, verdict: Verdict) -> None:
    measured = [m for m in study.measurements if m.id in sentence.support and m.value is not None]
    if len(measured) != 1 or measured[0].value is None:
        return
    value, (low, high) = measured[0].value, limits(measured[0].name)
    place = "above" if value > high else "below" if value < low else "within"
    heard = re.search(r"\b(above|below|within|exceeds|wider than usual|narrower than usual)\b", sentence.text)
    if heard is None:
        return
    word = {"exceeds": "above", "wider than usual": "above", "narrower than usual": "below"}.get(heard[1], heard[1])
    if word != place:
        verdict.blame("contradiction", sentence.text)


def _judge_quotation(
    sentence: Sentence, turn: Turn, study: Study, alike: Callable[[str, str], float], verdict: Verdict, *, cause: bool
) -> None:
    verdict.quoted += 1
    cited = [p for p in turn.passages if p.id in sentence.support]
    if not cited:
        verdict.uncited += 1
        return
    text = " ".join(p.text for p in cited)
    words = _content(sentence.text)
    covered = len(words & _content(text)) >= COVERED * len(words)
    named = set(labels_heard(sentence.text))  # on an opacity, a passage's "edema" is "pulmonary edema"
    covered = covered or (cause and bool(named) and named <= set(labels_heard(text)))
    near = covered or any(alike(sentence.text, s) >= ALIKE for s in re.split(r"(?<=[.!?])\s+", text))
    about = {label for p in cited for label in p.findings}
    open_now = {f.label for f in study.findings if f.state in {"present", "uncertain"}} | set(turn.labels)
    numbers = set(_NUMBER.findall(sentence.text)) <= set(_NUMBER.findall(text))
    if near and numbers and (not about or about & open_now):
        verdict.supported += 1
    else:
        verdict.blame("citation", sentence.text)


def _content(text: str) -> set[str]:
    words = (w for w in re.findall(r"[a-z]{3,}", text.lower()) if w not in _STOP)
    return {w.removesuffix("s")[:6] for w in words}
