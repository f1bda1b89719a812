"""Studies written in one line, and the statement that a row of a question file is about.

``AP; Cardiomegaly likely .82; Effusion possible .46 right lower; Nodule weak; cardiothoracic_ratio .57`` is a film.
A label that isn't named was not assessed. It knows this notation only; sentences come from ``findings.wording``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from chatcad.checking import Facts
from chatcad.errors import UsageError
from chatcad.findings.measure import AT_DETECTOR, LENGTHS, NAMES, NO_OUTLINES, ONLY_VISIBLE, WIDENED_BY_AP
from chatcad.findings.wording import describe, describe_group, describe_measurement
from chatcad.types import (
    Band,
    Finding,
    Gate,
    Measurement,
    Mode,
    Passage,
    Radiograph,
    Reliability,
    RunRecord,
    Side,
    State,
    Statement,
    Study,
    View,
    Zone,
)
from chatcad.vocabulary import terms

STATES: dict[str, tuple[State, Band | None, Reliability]] = {
    "definite": ("present", "definite", "assessed"),
    "likely": ("present", "likely", "assessed"),
    "possible": ("uncertain", "possible", "assessed"),
    "measured": ("uncertain", "possible", "assessed"),
    "weak": ("uncertain", "possible", "weak"),
    "absent": ("absent", "unlikely", "assessed"),
    "not_flagged": ("not_flagged", None, "weak"),
}
"""How the notation says a state; ``measured`` is *possible* because of the cardiothoracic ratio."""

SIDES = ("left", "right", "bilateral")
ZONES = ("upper", "mid", "lower")


def study_of(line: str) -> Study:
    """Return the study that one line writes.

    Raises
    ------
    UsageError
        A part of the line is neither a view, a label nor a measurement.
    """
    view, *parts = [p.strip() for p in line.split(";")]
    findings, values = _unassessed(), dict[str, float | None]()
    for part in parts:
        name, rest = _name(part)
        if name in NAMES:
            values[name] = None if rest == "withheld" else float(rest)
        else:
            findings[name] = _finding(findings[name].id, name, rest.split())
    return Study(
        radiograph=Radiograph(np.zeros((8, 8), dtype=np.float32), sha256="00" * 32, view=cast(View, view)),
        gate=Gate(True, 1.0),
        view=cast(View, view),
        findings=tuple(findings.values()),
        measurements=tuple(_measurement(i, n, v, cast(View, view)) for i, (n, v) in enumerate(values.items(), 1)),
        masks=None,
        draft_report="",
        run=RunRecord({}, {}, {}),
    )


def statement_of(says: str, study: Study, mode: Mode) -> tuple[Statement, Facts]:
    """Return the planned statement that a row is about, and the facts that it is checked against.

    Parameters
    ----------
    says
        A label, a measurement (``heart_width_mm 1`` is its second sentence), ``group STATE``,
        ``text: …`` for a fixed reply, or ``passage: … | Label, Label``.
    study, mode
        The film, and who reads.
    """
    kind, colon, text = says.partition(": ")
    if colon and kind == "text":
        return Statement(text, (), "general"), Facts(study)
    if colon and kind == "passage":
        quoted, _, about = text.partition(" | ")
        passage = _passage(quoted, [a for a in about.split(", ") if a])
        return Statement(quoted, ("P1",), "guideline"), Facts(study, (passage,))
    name, _, rest = says.partition(" ")
    if name == "group":
        group = [f for f in study.findings if f.state == rest]
        return Statement(describe_group(group, rest, mode), tuple(f.id for f in group), "image"), Facts(study)
    if measurement := study.measurement(name):
        said = describe_measurement(measurement, mode)[int(rest or 0)]
        return Statement(said, (measurement.id,), "image"), Facts(study)
    finding = study.finding(says)
    if finding is None:
        raise UsageError(f"{says!r} is nothing that a film says: name a label, a measurement, a group or a text")
    return Statement(describe(finding, mode), (finding.id,), "image"), Facts(study)


def _unassessed() -> dict[str, Finding]:
    return {label: Finding(f"F{i}", label, "not_assessed", "not_assessed") for i, label in enumerate(terms(), start=1)}


def _name(part: str) -> tuple[str, str]:
    for name in sorted((*terms(), *NAMES), key=len, reverse=True):
        if part.startswith(f"{name} "):
            return name, part.removeprefix(f"{name} ")
    raise UsageError(f"{part!r} names no label and no measurement")


def _finding(number: str, label: str, words: Sequence[str]) -> Finding:
    state, band, reliability = STATES[words[0]]
    numbers = [float(w) for w in words[1:] if w[0] in ".01"]
    probability = numbers[0] if numbers else None
    return Finding(
        id=number,
        label=label,
        state=state,
        reliability=reliability,
        probability=probability,
        band=band,
        side=cast(Side, next((w for w in words if w in SIDES), None)),
        zone=cast(Zone, next((w for w in words if w in ZONES), None)),
        threshold=0.1 if words[0] == "possible" else 0.5,
    )


def _measurement(number: int, name: str, value: float | None, view: View) -> Measurement:
    unit = "mm" if name in LENGTHS else "1"
    caveat = {"lung_area_ratio": ONLY_VISIBLE}.get(name, AT_DETECTOR if name in LENGTHS else None)
    if view == "AP" and name in WIDENED_BY_AP:
        caveat = f"this is an AP film, which {WIDENED_BY_AP[name]}, so confirm on a PA film"
    return Measurement(f"M{number}", name, value, unit, "", NO_OUTLINES if value is None else caveat)


def _passage(text: str, findings: Sequence[str]) -> Passage:
    return Passage("P1", "quoted", "Quoted", text, "A society", "https://example.org", 2024, "both", tuple(findings))
