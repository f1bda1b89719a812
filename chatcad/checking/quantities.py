"""Numbers with their units and what they are numbers of, in digits or in words.

It knows how numbers are written. Which number is true of a film is not its business.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from chatcad.checking.cues import NUMBER

_DIGIT = "zero|one|two|three|four|five|six|seven|eight|nine"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_TENTHS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_WORDS = {word: n for n, word in enumerate(f"{_DIGIT}|{_TEENS}".split("|"))}
_TENS = {word: 10 * n for n, word in enumerate(_TENTHS.split("|"), start=2)}
_UNIT = r"(?:second|minute|hour|day|week|month|year)s?"
_POINT = re.compile(rf"\b({_DIGIT}|{_TEENS}|{_TENTHS}) point ((?:(?:{_DIGIT})\b ?)+)", re.IGNORECASE)
# "one" stands for a thing as often as for a number ("no sign of one"): it counts before a unit only.
_WORD = re.compile(
    rf"\b(?:({_TENTHS})(?:[- ]({_DIGIT}))?|({'|'.join(w for w in _WORDS if w != 'one')})|one(?= {_UNIT}\b))\b",
    re.IGNORECASE,
)
_JOINS = re.compile(r"\s*(?:to|-|–)\s*", re.IGNORECASE)
_ROLES = (
    ("reference", r"reference|limit|cut-?off"),
    ("operating point", r"operating point|threshold"),
    ("probability", r"probability|chance"),
    ("auroc", r"auroc|area under"),
    ("interval", r"interval"),
    ("measured", r"ratio|ctr|width|diameter|wide|measures?|measured"),
)
_ROLE = re.compile("|".join(rf"(?P<r{i}>\b(?:{p})\b)" for i, (_, p) in enumerate(_ROLES)), re.IGNORECASE)
_SAME_UNIT = {
    "percent": "%", "millimet": "mm", "centimet": "cm", "inch": "inch", "litre": "l", "second": "second",
    "minute": "minute", "hour": "hour", "day": "day", "week": "week", "month": "month", "year": "year",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written, with its unit; percentages are scaled to ``[0, 1]``."""

    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number or a range ("6 to 8 mm") with its unit, and the noun that says what it is, where there is one."""

    values: tuple[float, ...]
    unit: str
    role: str | None


def in_digits(text: str) -> str:
    """Write number words as digits: "zero point six" → "0.6", "six weeks" → "6 weeks", ".5" → "0.5"."""
    text = re.sub(r"(?<![\w.])\.(?=\d)", "0.", text)
    text = _POINT.sub(lambda m: f"{_value(m[1])}.{''.join(str(_WORDS[d.lower()]) for d in m[2].split())} ", text)
    return _WORD.sub(lambda m: str(_tens(m) if m[1] else _value(m[3] or "one")), text)


def parse_numbers(text: str) -> tuple[Number, ...]:
    """Return the numbers of a text with their units, in order."""
    return tuple(Number(*_number(m)) for m in NUMBER.finditer(in_digits(text)))


def parse_quantities(text: str) -> tuple[Quantity, ...]:
    """Return the quantities of a text in order; a range is one quantity, and its unit is the last one's."""
    text = in_digits(text)
    found: list[list[re.Match[str]]] = []
    for match in NUMBER.finditer(text):
        if found and _JOINS.fullmatch(text[found[-1][-1].end() : match.start()]):
            found[-1].append(match)
        else:
            found.append([match])
    return tuple(_quantity(text, group) for group in found)


def differ(draft: str, statement: str) -> bool:
    """Return whether two texts give different numbers, or give the same ones to other things.

    Numbers may change places where a unit or a noun tells them apart ("above the reference of 0.50, the ratio is
    0.57"); a number whose noun is another one's in the statement differs.
    """
    said, meant = parse_quantities(draft), parse_quantities(statement)
    if Counter((q.values, q.unit) for q in said) != Counter((q.values, q.unit) for q in meant):
        return True
    if [q.values for q in said] == [q.values for q in meant]:
        return any(a.role and b.role and a.role != b.role for a, b in zip(said, meant, strict=True))
    by_name = [{q.unit or q.role: q.values for q in part} for part in (said, meant)]
    return by_name[0] != by_name[1] or len(by_name[1]) < len(meant)


def _quantity(text: str, group: list[re.Match[str]]) -> Quantity:
    numbers = [_number(m) for m in group]
    *_, before = [None, *_ROLE.finditer(text[: group[0].start()])]
    nearest = _ROLE.match(text[group[-1].end() :].lstrip()) or before
    role = None if nearest is None else _ROLES[int(str(nearest.lastgroup)[1:])][0]
    return Quantity(tuple(v for v, _ in numbers), numbers[-1][1], role)


def _number(match: re.Match[str]) -> tuple[float, str]:
    value, unit = float(match[1].replace(",", ".")), (match[2] or "").lower()
    unit = next((short for long, short in _SAME_UNIT.items() if unit.startswith(long)), unit)
    return (round(value / 100, 4), "") if unit == "%" else (value, unit)


def _tens(match: re.Match[str]) -> int:
    return _TENS[match[1].lower()] + (_WORDS[match[2].lower()] if match[2] else 0)


def _value(word: str) -> int:
    word = word.lower()
    return _TENS[word] if word in _TENS else _WORDS[word]
