"""Laboratory values: which names and units are known, and where a free text gives one.

It judges no value: high and low are what the history itself says.
"""

from __future__ import annotations

import re
from typing import Literal

from chatcad.types import Lab

Flag = Literal["high", "low", "normal"]

NAMES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(rf"\b(?:{pattern})(?![\w-])", re.IGNORECASE))
    for name, pattern in (
        ("CRP", r"crp|c[- ]reactive protein"),
        ("white cells", r"wbc|wcc|white (?:blood )?cells?(?: count)?|leu[ck]ocytes"),
        ("procalcitonin", r"procalcitonin|pct"),
        ("NT-proBNP", r"nt[- ]?pro[- ]?bnp|n-terminal pro[- ]?(?:bnp|b-type natriuretic peptide)"),
        ("BNP", r"(?<!pro)(?<!pro-)(?<!pro )bnp|(?<!pro)(?<!pro )b-type natriuretic peptide|natriuretic peptide"),
        ("troponin", r"troponin(?: [it])?"),
        ("D-dimer", r"d[- ]?dimer"),
        ("haemoglobin", r"ha?emoglobin|hb|hgb"),
        ("creatinine", r"creatinine"),
        ("urea", r"urea(?: nitrogen)?|bun"),
        ("lactate", r"lactate"),
        ("ESR", r"esr|erythrocyte sedimentation rate"),
        ("oxygen saturation", r"(?:oxygen )?saturations?|o2 sats?|sats?|spo2|sao2"),
        ("temperature", r"(?:body )?temperature|temp"),
        ("breathing rate", r"respiratory rate|breathing rate|rr"),
        ("heart rate", r"heart rate|pulse|hr"),
    )
)
UNITS = re.compile(
    r"%|°?C\b|(?:(?:m|µ|u|n|p)?(?:g|mol)|I?U|mI?U|10\*?\^?[369]|x?10\^?9|cells)(?:/(?:mm3|[mdµu]?L|h))\b|/(?:min|mm3|[mdµu]?L)\b|mm/h|mmHg",
    re.IGNORECASE,
)
_FLAGS: dict[str, Flag] = {"high": "high", "raised": "high", "elevated": "high", "low": "low", "normal": "normal"}
_FLAG = "|".join(_FLAGS)
# A number of hours or days is when it was taken.
_VALUE = re.compile(
    rf"\s*(?:level|of|is|was|at|:|=|on air)*\s*(?P<first>{_FLAG})?\s*(?:at|of|,)?\s*[<>≥≤~]?\s*"
    r"(?P<value>\d{1,6}(?:[.,]\d{1,3})?)(?![\d/-]|[.,]\d)(?!\s*(?:hour|day|week|month|year)s?\b)"
    rf"\s*(?P<unit>(?!(?:{_FLAG})\b)[%°\w/*^µ]{{0,12}})\s*\(?(?P<then>{_FLAG})?",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"([1-9]\d*),(\d{3})")


def lab_name(text: str) -> str | None:
    """Return the known name of a laboratory value that a text names, or ``None``."""
    return next((name for name, pattern in NAMES if pattern.search(text)), None)


def known_unit(text: str) -> str:
    """Return a unit as written where it is one, else ``""``: a free field may hold anything."""
    return text.strip() if UNITS.fullmatch(text.strip()) else ""


def find_labs(text: str) -> tuple[tuple[Lab, ...], str]:
    """Return the laboratory values that a text gives, one for each name, and the text without them."""
    found: dict[str, Lab] = {}
    rest = text
    for name, pattern in NAMES:
        for match in pattern.finditer(text):
            if name in found or (value := _VALUE.match(text, match.end())) is None:
                continue
            flag = _FLAGS.get((value["first"] or value["then"] or "").lower())
            found[name] = Lab(name, _number(value["value"]), known_unit(value["unit"]), flag)
            rest = rest.replace(text[match.start() : value.end()], " ")
    return tuple(found.values()), rest


def _number(written: str) -> float:
    """Return a number; its comma parts thousands where three digits follow, else it is a decimal comma."""
    whole = _THOUSANDS.fullmatch(written)
    return float("".join(whole.groups()) if whole else written.replace(",", "."))
