"""What goes in and out, as the OpenAPI document tells it; ``serialise`` makes the answers, tests hold both together."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from chatcad.types import (
    Band,
    Checked,
    Intent,
    Language,
    Mode,
    PromptDesign,
    Reliability,
    SentenceSource,
    Sex,
    Side,
    State,
    Structure,
    View,
    Zone,
)

Fraction = Annotated[float, Field(ge=0, le=1)]

LONGEST_QUESTION = 500
LONGEST_REPORT = 20_000


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Ask(_Shape):
    """A question about a study; earlier questions about it are its conversation."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"question": "How large is the heart, and what next?", "mode": "clinician"},
                {"question": "What is here?", "region": [0.1, 0.55, 0.4, 0.9]},
            ]
        },
    )

    question: str = Field(min_length=1, max_length=LONGEST_QUESTION)
    mode: Mode = "clinician"
    context: str | dict[str, Any] = Field(
        "",
        description="Age and complaint in words, or one FHIR resource. No fact about the film; names are dropped.",
    )
    language: Language = "en"
    design: PromptDesign | None = None
    prior: str | None = Field(None, description="The id of an earlier film's study, to compare with.")
    region: list[Fraction] | None = Field(
        None,
        min_length=2,
        max_length=4,
        description="A marked part that the question is about: left, upper, right and lower edge of a box, or x and y "
        "of a point, as fractions of the film's width and height (left on the picture, not the patient's).",
    )


class EditedReport(_Shape):
    """A report that somebody edited, to be judged sentence by sentence."""

    text: str = Field(min_length=1, max_length=LONGEST_REPORT)


class Image(_Shape):
    """The film: no pixel, no name."""

    width: int
    height: int
    view: View
    spacing_mm: list[float] | None
    sha256: str
    age_band: str | None
    sex: Sex
    warnings: list[str]


class GateResult(_Shape):
    """Whether it may be read as a frontal chest film."""

    accepted: bool
    score: float
    reason: str | None


class FindingResult(_Shape):
    """One label. ``not_flagged`` and ``not_assessed`` are not ``absent``."""

    id: str
    label: str
    state: State
    reliability: Reliability | None
    probability: float | None
    band: Band | None
    side: Side | None
    zone: Zone | None
    network: str | None
    threshold: float | None
    held_out_auroc: float | None
    held_out_auroc_interval: list[float] | None


class MeasurementResult(_Shape):
    """One measured quantity; no value where it was withheld."""

    id: str
    name: str
    value: float | None
    unit: str
    reference: str
    caveat: str | None


class Run(_Shape):
    """What produced the study."""

    versions: dict[str, str]
    weights_sha256: dict[str, str]
    timings_ms: dict[str, float]


class StudyResult(_Shape):
    """What ``analyse --json`` prints, with the id that it is kept under and the line that goes with every answer."""

    # What a later version adds to `analyse --json` comes through as it is.
    model_config = ConfigDict(extra="allow")

    id: str
    disclaimer: str
    image: Image
    gate: GateResult
    findings: list[FindingResult]
    measurements: list[MeasurementResult]
    draft_report: str
    run: Run
    missing: list[str]


class SentenceResult(_Shape):
    """One checked sentence; ``support`` are the ids that carry it."""

    text: str
    support: list[str]
    source: SentenceSource
    checked: Checked
    reason: str | None


class RegionResult(_Shape):
    """What is known of the marked part; ``heat`` and ``scores`` hold flagged findings only."""

    id: str
    box: list[float]
    side: Side | None
    zone: Zone | None
    shares: dict[Structure, float]
    area: float
    heat: dict[str, float]
    concentrated: list[str]
    scores: dict[str, list[float]]
    like_brightness: list[list[float]]


class TurnResult(BaseModel):
    """What ``ask --json`` prints of one turn."""

    model_config = ConfigDict(extra="allow")

    disclaimer: str
    question: str
    answer: str
    sentences: list[SentenceResult]
    citations: list[dict[str, Any]]
    intent: Intent
    mode: Mode
    urgent: bool
    prompt_sha256: str
    timings_ms: dict[str, float]
    region: RegionResult | None
    missing: list[str]


class ProblemResult(_Shape):
    """An error (RFC 9457): ``title`` is its class, ``detail`` its cause and remedy in one line."""

    type: str
    title: str
    status: int
    detail: str
