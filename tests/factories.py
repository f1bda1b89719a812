"""Studies, passages and writers made for tests, without a network or a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from chatcad.checking.settle import NoWording
from chatcad.findings.bands import judge
from chatcad.types import (
    Finding,
    Gate,
    LabelReading,
    Masks,
    Measurement,
    Passage,
    Radiograph,
    RunRecord,
    Statement,
    Study,
)
from chatcad.vocabulary import terms

THRESHOLD: Mapping[str, float] = {"Consolidation": 0.1}

DESIGN_EXAMPLE: Mapping[str, tuple[str, float]] = {
    "Cardiomegaly": ("assessed", 0.82),
    "Effusion": ("assessed", 0.46),
    "Lung Opacity": ("weak", 0.10),
    "Tuberculosis": ("weak", 0.80),
    "Edema": ("assessed", 0.04),
}
"""The study of DESIGN.md, "What a good answer looks like"; all other labels are not assessed."""


def make_film() -> Radiograph:
    rows, columns = np.mgrid[0:64, 0:64].astype(np.float32) / 64
    return Radiograph(pixels=(0.5 * rows + 0.5 * columns).astype(np.float32), sha256="ab" * 32, view="AP")


def make_masks(size: int = 64) -> Masks:
    right, left, heart = (np.zeros((size, size), dtype=bool) for _ in range(3))
    right[8:52, 6:26] = True
    left[8:52, 38:58] = True
    heart[30:52, 22:48] = True
    return Masks(right, left, heart, quality=0.95)


def make_study(
    labels: Mapping[str, tuple[str, float]] = DESIGN_EXAMPLE,
    *,
    sides: Mapping[str, str] | None = None,
    ctr: float | None = 0.57,
    draft: str = "",
) -> Study:
    sides = {"Effusion": "right"} if sides is None else sides
    findings = []
    for number, label in enumerate(terms(), start=1):
        reliability, probability = labels.get(label, ("not_assessed", None))
        threshold = THRESHOLD.get(label, 0.5)
        reading = LabelReading(label, reliability, "net", probability, threshold)
        state, band = judge(reading)
        side = sides.get(label) if state in {"present", "uncertain"} else None
        findings.append(
            Finding(
                f"F{number}", label, state, reliability, probability, band, side, None, "net", threshold,
                None if reliability == "not_assessed" else (0.81, 0.74, 0.88),
            )
        )  # fmt: skip
    caveat = "this is an AP film, which magnifies the heart, so confirm on a PA film"
    if ctr is None:
        caveat = "the lungs or the heart could not be outlined reliably on this film"
    measurement = Measurement("M1", "cardiothoracic_ratio", ctr, "1", "<=0.50 on PA", caveat)
    return Study(
        radiograph=make_film(),
        gate=Gate(True, 0.99),
        view="AP",
        findings=tuple(findings),
        measurements=(measurement,),
        masks=make_masks(),
        draft_report=draft,
        run=RunRecord({}, {}, {}),
    )


def make_passage(number: int, text: str, *findings: str, **changes: object) -> Passage:
    values: dict[str, object] = {
        "id": f"P{number}", "key": f"key-{number}", "title": f"Title {number}", "text": text, "source": "A society",
        "url": "https://example.org", "year": 2023, "audience": "both", "findings": findings,
    }  # fmt: skip
    return Passage(**{**values, **changes})  # type: ignore[arg-type]


def say(*replies: str) -> Callable[[Statement, str | None], str]:
    """Return a writer that gives these wordings in turn, then none."""
    waiting = list(replies)

    def write(statement: Statement, objection: str | None) -> str:
        if not waiting:
            raise NoWording("no time was left for the model")
        return waiting.pop(0)

    return write


def echo(statement: Statement, objection: str | None) -> str:
    """Return the statement as it stands: a perfectly faithful model."""
    return statement.text
