"""The frozen dataclasses that travel between the stages, and nothing else.

Every stage takes and returns these; no stage reaches into another one's internals. Arrays inside them are
read-only by convention: a stage that needs another array makes a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

View = Literal["PA", "AP", "unknown"]
Sex = Literal["F", "M", "unknown"]
State = Literal["present", "uncertain", "not_flagged", "absent", "not_assessed"]
Reliability = Literal["assessed", "weak", "not_assessed"]
Band = Literal["definite", "likely", "possible", "unlikely"]
Side = Literal["left", "right", "bilateral"]
Zone = Literal["upper", "mid", "lower"]
Mode = Literal["clinician", "patient"]
PromptDesign = Literal["P1", "P2", "P3"]
Language = Literal["en", "de", "es"]
SentenceSource = Literal["image", "guideline", "general"]
Checked = Literal["kept", "rewritten", "replaced"]
Audience = Literal["clinician", "patient", "both"]
Urgency = Literal["none", "soon", "now"]
Intent = Literal[
    "finding", "certainty", "location", "measurement", "next_step", "cause", "meaning", "summary",
    "comparison", "urgency", "system", "small_talk", "out_of_scope", "treatment", "doctor", "emergency", "self_harm",
    "pressure", "similar", "recall", "region", "unclear",
]  # fmt: skip

FloatImage = NDArray[np.float32]
Mask = NDArray[np.bool_]
Box = tuple[float, float, float, float]  # left, upper, right, lower in fractions of the film, left on the picture
Structure = Literal["right_lung", "left_lung", "heart", "outside"]


@dataclass(frozen=True, slots=True)
class Radiograph:
    """A film as the networks see it, with the allow-listed metadata and nothing else of its header.

    Parameters
    ----------
    pixels
        ``(height, width)`` float32 in ``[0, 1]``; bright is dense (MONOCHROME2 sense), VOI applied.
    sha256
        Of the file's bytes; names the film in run records without naming the patient.
    view, sex, age_band, modality
        Allow-listed header fields; ``age_band`` is a decade such as ``"50-59"`` (``"90+"`` at the end).
    spacing_mm
        Row and column spacing at the detector or in the patient, ``None`` when the header has none.
    warnings
        One-line remarks for the reader, such as an assumed window.
    grid
        Rows and columns of the film as it was read, where ``pixels`` are a smaller copy of it (``chatcad/sessions``).
    """

    pixels: FloatImage
    sha256: str
    view: View = "unknown"
    sex: Sex = "unknown"
    age_band: str | None = None
    modality: str | None = None
    spacing_mm: tuple[float, float] | None = None
    warnings: tuple[str, ...] = ()
    grid: tuple[int, int] | None = None

    @property
    def height(self) -> int:
        """Rows of the film as it was read."""
        return int(self.pixels.shape[0]) if self.grid is None else self.grid[0]

    @property
    def width(self) -> int:
        """Columns of the film as it was read."""
        return int(self.pixels.shape[1]) if self.grid is None else self.grid[1]


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether a picture may be read as a frontal chest film: ``score`` in ``[0, 1]``, reason when refused."""

    accepted: bool
    score: float
    reason: str | None = None


GOOD_MASKS = 0.5  # quality of masks below which nothing is measured, placed or aligned by them


@dataclass(frozen=True, slots=True)
class Masks:
    """Anatomy on the film's own grid; right and left are the patient's.

    ``quality`` in ``[0, 1]`` is low when the masks are anatomically implausible; measurements are withheld then.
    """

    right_lung: Mask
    left_lung: Mask
    heart: Mask
    quality: float

    @property
    def good(self) -> bool:
        """Whether they can be relied on."""
        return self.quality >= GOOD_MASKS


@dataclass(frozen=True, slots=True)
class LabelReading:
    """What one network says of one label before any wording.

    ``probability`` is calibrated and ``None`` when the label is not assessed; ``threshold`` is on the same
    scale. ``fires`` stands in for both where a network has no calibration: whether its publisher's operating point is
    reached. ``heat_map`` is ``(h, w)`` float32 in ``[0, 1]`` covering the whole film, at the network's own resolution.
    """

    label: str
    reliability: Reliability
    network: str | None = None
    probability: float | None = None
    threshold: float | None = None
    sensitivity: float | None = None
    specificity: float | None = None
    held_out_auroc: tuple[float, float, float] | None = None
    heat_map: FloatImage | None = None
    fires: bool | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything the networks said of one film: raw, without thresholds in words.

    ``warnings`` are one-line remarks on the film's framing and exposure; ``missing`` says what no network could say
    because one failed, and why.
    """

    gate: Gate
    view: View
    view_from: Literal["header", "network"]
    labels: tuple[LabelReading, ...]
    masks: Masks | None
    draft: str
    weights_sha256: Mapping[str, str]
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact about the film (``F1`` …): a label, its state, how sure, and where."""

    id: str
    label: str
    state: State
    reliability: Reliability
    probability: float | None = None
    band: Band | None = None
    side: Side | None = None
    zone: Zone | None = None
    network: str | None = None
    threshold: float | None = None
    held_out_auroc: tuple[float, float, float] | None = None
    heat_map: FloatImage | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured quantity (``M1`` …); ``value`` is ``None`` when it was withheld, and ``caveat`` says why."""

    id: str
    name: str
    value: float | None
    unit: str
    reference: str
    caveat: str | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What produced a study: versions, weights, times."""

    versions: Mapping[str, str]
    weights_sha256: Mapping[str, str]
    timings_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Study:
    """One film's structured facts: what every sentence is checked against.

    ``missing`` says in one line each what it lacks because a network failed, and why.
    """

    radiograph: Radiograph
    gate: Gate
    view: View
    findings: tuple[Finding, ...]
    measurements: tuple[Measurement, ...]
    masks: Masks | None
    draft_report: str
    run: RunRecord
    missing: tuple[str, ...] = ()

    def finding(self, label: str) -> Finding | None:
        """Return the finding with that label, or ``None``."""
        return next((f for f in self.findings if f.label == label), None)

    def measurement(self, name: str) -> Measurement | None:
        """Return the measurement with that name, or ``None``."""
        return next((m for m in self.measurements if m.name == name), None)


@dataclass(frozen=True, slots=True)
class Region:
    """A marked part of one film (``R1``): what the networks already made of it, and nothing that they can't see.

    Parameters
    ----------
    box
        What was marked; a point as the box of no area.
    side, zone
        The patient's, by the lungs' outlines; ``None`` where those can't be relied on, or the part is beside the lungs.
    area, shares
        Its share of the film, and of its area over each structure: a heart overlaps a lung. Empty without outlines.
    heat, hot
        By label, the share of a flagged finding's heat that lies in it; the labels whose heat is concentrated in it.
    scores
        By label, a flagged finding's probability with the film as it is, and with this part greyed out.
    outline
        A closed line around an area of like brightness, as (x, y) in fractions; empty where there is none.
    """

    box: Box
    side: Side | None
    zone: Zone | None
    shares: Mapping[Structure, float]
    area: float
    heat: Mapping[str, float] = field(default_factory=dict)
    hot: tuple[str, ...] = ()
    scores: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    outline: tuple[tuple[float, float], ...] = ()
    id: str = "R1"


@dataclass(frozen=True, slots=True)
class Passage:
    """A citable piece of guideline text (``P1`` … within one answer).

    ``key`` is its stable name in the knowledge base; ``id`` numbers it within one answer. ``findings`` are the
    labels that it is about; ``score`` in ``[0, 1]`` is the retriever's own, comparable within one answer only.
    ``topics`` are the kinds of thing it says (``"next_step"``, ``"limits"`` …); ``urgency`` is how soon a reader
    for whom it holds has to act; ``page`` is set for a document that has pages.
    """

    id: str
    key: str
    title: str
    text: str
    source: str
    url: str
    year: int
    audience: Audience
    findings: tuple[str, ...] = ()
    score: float = 0.0
    topics: tuple[str, ...] = ()
    urgency: Urgency = "none"
    page: int | None = None

    @property
    def where(self) -> str:
        """Source, year and page, as a citation gives them after the title."""
        return f"{self.source}, {self.year}" + (f", p. {self.page}" if self.page else "")


@dataclass(frozen=True, slots=True)
class SimilarCase:
    """A stored report of another film with like findings: shown and lent as style, never a fact about this film.

    ``score`` in ``[0, 1]`` is how like the findings are; ``shared`` are the labels that both flag, ``extra`` those that
    only the report flags.
    """

    key: str
    text: str
    origin: Literal["archive", "simulated"]
    score: float
    shared: tuple[str, ...]
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lab:
    """One laboratory value as the history gives it; ``flag`` only where the history itself calls it high or low."""

    name: str
    value: float
    unit: str = ""
    flag: Literal["high", "low", "normal"] | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What was told of the patient: never a fact about the film, and without names, dates or identifiers.

    ``told`` and ``denied`` are signs and causes by their keys in the finding graph (``"fever"``,
    ``"heart_failure"``); ``text`` is what is left of the free text, word by word from a known vocabulary.
    """

    age_band: str | None = None
    sex: Sex = "unknown"
    child: bool = False
    pregnant: bool = False
    told: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    labs: tuple[Lab, ...] = ()
    medicines: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One planned sentence: true by construction, with the ids that carry it.

    ``text`` is what is shown when the model's wording fails the check.
    """

    text: str
    support: tuple[str, ...]
    source: SentenceSource
    reword: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """What an answer will say, in order, before any model words it."""

    intent: Intent
    labels: tuple[str, ...]
    statements: tuple[Statement, ...]
    urgent: bool = False
    region: Region | None = None

    def cited(self, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
        """Return those of the passages that a statement rests on."""
        used = {i for s in self.statements for i in s.support}
        return tuple(p for p in passages if p.id in used)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence that a reader may see, and what the check did to it."""

    text: str
    support: tuple[str, ...]
    source: SentenceSource
    checked: Checked
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One question with its checked answer.

    ``backend`` names the language model that worded it, or two where the second took over from the first;
    ``machine`` is what the last of them ran on (device, precision, memory), and ``fallback`` in it why it took over.
    ``missing`` says in one line each what it was made without, and why.
    """

    question: str
    sentences: tuple[Sentence, ...]
    passages: tuple[Passage, ...]
    mode: Mode
    intent: Intent
    labels: tuple[str, ...]
    urgent: bool
    readability_grade: float
    prompt_sha256: str
    backend: str
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    machine: Mapping[str, str | int] = field(default_factory=dict)
    language: Language = "en"
    region: Region | None = None
    missing: tuple[str, ...] = ()

    @property
    def answer(self) -> str:
        """The answer as one text, without its marks."""
        return " ".join(s.text for s in self.sentences)

    @property
    def citations(self) -> tuple[Passage, ...]:
        """The passages that a shown sentence rests on."""
        used = {i for s in self.sentences for i in s.support}
        return tuple(p for p in self.passages if p.id in used)
