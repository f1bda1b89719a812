"""Wordings of planned statements from the frames of ``prompts/phrases.yaml``.

A statement is read back through its own template (``prompts/wording.yaml``) into its kind and slots, and said again in
another frame of that kind. Every fifth frame of a kind is held out: training never uses it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import yaml

from chatcad.config import ROOT
from chatcad.types import Intent, Mode
from chatcad.vocabulary import terms

Split = Literal["train", "held_out"]
EVERY = 5
"""One frame in so many is held out."""

OPENED = 0.3
"""Share of wordings that begin with a few words on the film or the question."""

_SLOTS = {
    "probability": r"(?:above |below )?\d\.\d\d",
    "threshold": r"\d\.\d\d",
    "where": r"|  ?on (?:both sides|the (?:left|right) side)(?:, (?:upper|mid|lower) zone)?",
    "value": r"\d+(?:\.\d+)?(?: mm)?",
    "low": r"\d+(?:\.\d+)?",
    "high": r"\d+(?:\.\d+)?",
    "caveat": r".+",
}
_CAUSE = {
    "clinician": r"(?P<cause>.+) is a possible cause(?P<source> \(.+\)|)\.",
    "patient": r"It may come from (?P<cause>.+)\.",
}
_UNOPENED = re.compile(r"cause|caveat|measurement withheld")
_NAMES_FILM = re.compile(r"\b(?:film|picture|x-ray|radiograph|here)\b|\{[Pp]lace\}", re.IGNORECASE)
_PLACE = re.compile(r"on (?:(both) sides|the (left|right) side)(?:, (upper|mid|lower) zone)?")
_KEEPS_CAPITAL = re.compile(r"(?:AP|PA|TB|CT|X-ray)\b|[A-Z]{2}|I\b")


@dataclass(frozen=True, slots=True)
class Said:
    """A statement read back: the path of its frames in ``phrases.yaml``, and what fills them."""

    kind: str
    frames: tuple[str, ...]
    label: str | None = None
    slots: dict[str, str] = field(default_factory=dict)


@lru_cache(maxsize=1)
def phrases() -> dict[str, Any]:
    """Return the grammar."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "prompts" / "phrases.yaml").read_text(encoding="utf-8"))
    return loaded


def read_back(text: str, mode: Mode) -> Said | None:
    """Return what a planned statement says, or ``None`` for one that no template of ours makes, such as a quotation."""
    if text in phrases()["caveats"]:
        return Said("caveat", tuple(phrases()["caveats"][text]))
    for kind, pattern, frames in _patterns(mode):
        if match := pattern.fullmatch(text):
            slots = {k: v for k, v in match.groupdict().items() if v is not None}
            name = slots.pop("Name", slots.pop("plain", None))
            return Said(kind, frames, _labels()[name.lower()] if name else None, slots)
    return None


def split_of(frames: tuple[str, ...], split: Split) -> tuple[str, ...]:
    """Return a kind's frames for training, or those held out."""
    return tuple(f for i, f in enumerate(frames) if (i % EVERY == EVERY - 1) is (split == "held_out"))


def word(said: Said, mode: Mode, intent: Intent, rng: random.Random, split: Split = "train") -> str:
    """Return one wording of what was read back, in a frame drawn from a split."""
    places = _places(said.slots.get("where", ""), mode)
    fitting = [f for f in split_of(said.frames, split) if places or not re.search(r"\{[Pp]lace\}", f)]
    # With a place, no frame may leave it out.
    frame = rng.choice([f for f in fitting if not places or re.search(r"\{(?:where|[Pp]lace)\}", f)] or fitting)
    place = rng.choice(places) if places else ""
    slots = said.slots | _noun(said.label, mode, rng) | {"where": f" {place}" if place else "", "place": place}
    text = fill(frame, slots | _named(said.slots))
    if rng.random() < OPENED and not _UNOPENED.match(said.kind) and not _NAMES_FILM.search(frame + text):
        text = open_with(rng.choice(_openings(mode, intent)), text)
    return text


def fill(frame: str, slots: dict[str, str]) -> str:
    """Return a frame with its slots filled; a slot with a capital begins with one."""
    if slots.get("is") == "are":
        frame = re.sub(r"\{it\}(?= (?:\{is\}|\{was\}|can))", "they", frame)
    capital = {k.capitalize(): v[:1].upper() + v[1:] for k, v in slots.items()}
    return frame.format(**(capital | slots)).replace(",,", ",").replace(",.", ".").replace(",:", ":")


def open_with(opening: str, text: str) -> str:
    """Put an opening before a sentence, whose first letter becomes small where it is no name."""
    return opening + (text if _KEEPS_CAPITAL.match(text) else text[:1].lower() + text[1:])


def _openings(mode: Mode, intent: Intent) -> list[str]:
    listed: dict[str, list[str]] = phrases()["openings"][mode]
    return listed.get(intent, listed["any"])


def _noun(label: str | None, mode: Mode, rng: random.Random) -> dict[str, str]:
    if label is None:
        return {}
    noun = rng.choice(phrases()["nouns"][mode][label])
    words = noun.replace(",", "").split()
    if words[0] in phrases()["plural"]:
        return {"a": noun, "is": "are", "was": "were", "it": "them", "its": "their"}
    return {"a": noun, "is": "is", "was": "was", "it": "it", "its": "its"}


def _named(slots: dict[str, str]) -> dict[str, str]:
    """Return the names that a statement begins with as they stand within a sentence."""
    if "the" in slots:
        return {"the": f"the {slots['the']}"}
    return {"cause": open_with("", slots["cause"])} if "cause" in slots else {}


def _places(where: str, mode: Mode) -> tuple[str, ...]:
    match = _PLACE.search(where)
    if match is None:
        return ()
    both, side, zone = match.groups()
    if zone is None:
        plain = ("on both sides",) if both else (f"on the {side} side", f"on the {side}")
        return plain if mode == "clinician" or both else (*plain, f"on your {side} side")
    if both:
        return f"on both sides, {zone} zone", f"in the {zone} zone on both sides", f"in both {zone} zones"
    return (
        f"on the {side} side, {zone} zone",
        f"in the {zone} zone on the {side}",
        f"in the {side} {zone} zone",
        f"in the {zone} zone on the {side} side",
    )


@lru_cache(maxsize=1)
def _labels() -> dict[str, str]:
    return {name.lower(): t.label for t in terms().values() for name in (t.name, t.plain)}


@lru_cache(maxsize=2)
def _patterns(mode: Mode) -> tuple[tuple[str, re.Pattern[str], tuple[str, ...]], ...]:
    wording = yaml.safe_load((ROOT / "prompts" / "wording.yaml").read_text(encoding="utf-8"))
    return (
        *_finding_patterns(mode, wording),
        *_measurement_patterns(mode, wording["measurements"][mode]),
        ("cause", re.compile(_CAUSE[mode]), tuple(phrases()["causes"][mode])),
    )


def _finding_patterns(mode: Mode, wording: Any) -> Iterator[tuple[str, re.Pattern[str], tuple[str, ...]]]:
    for kind, frames in phrases()["findings"][mode].items():
        for template in (wording[mode][key] for key in (kind, f"{kind}_plural") if key in wording[mode]):
            yield kind, _pattern(template), tuple(frames)


def _measurement_patterns(mode: Mode, wording: Any) -> Iterator[tuple[str, re.Pattern[str], tuple[str, ...]]]:
    listed = phrases()["measurements"][mode]
    if mode == "clinician":
        for kind, frames in listed.items():
            said = r"is (?P<value>[\d.]+(?: mm)?), (?P<place>above|within|below) the reference of (?P<reference>.+)\."
            said = r"was withheld: (?P<caveat>.+)\." if kind == "withheld" else said.replace("above|within|below", kind)
            yield f"measurement {kind}", re.compile(rf"The (?P<the>.+?) {said}"), tuple(frames)
        return
    for name, states in wording.items():
        for state, template in states.items():
            if (frames := listed[name].get(state, listed[name].get("any"))) is not None and state != "caveat":
                yield f"measurement {state}", _pattern(template), tuple(frames)


def _pattern(template: str) -> re.Pattern[str]:
    """Return the pattern of the sentences that a template makes."""
    names = "|".join(re.escape(n) for n in sorted(_labels(), key=len, reverse=True))
    parts = re.split(r"\{(\w+)\}", template)
    texts = [
        re.escape(part) if i % 2 == 0 else f"(?P<{part}>{_SLOTS.get(part, f'(?i:{names})')})"
        for i, part in enumerate(parts)
    ]
    return re.compile("".join(texts))
