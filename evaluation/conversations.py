"""Questions put to real films: which films, which questions to which film, and who words the answers.

Template questions of ``evaluation/questions/faithfulness.jsonl`` get their finding from the film that they are put to:
``{flagged}`` is one that is present or possible there, ``{false}`` one that isn't, ``{finding}`` any.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import count
from pathlib import Path
from typing import Any, cast

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult

from chatcad.checking.settle import Write
from chatcad.config import ROOT, Settings
from chatcad.errors import BackendFailed, ImageRefused, UsageError
from chatcad.llm.embedded import UNTUNED
from chatcad.llm.writer import Writer
from chatcad.pipeline import ChatCAD, Conversation
from chatcad.types import Finding, Mode, Statement, Study
from chatcad.vocabulary import terms
from evaluation.statistics import evenly

QUESTIONS = ROOT / "evaluation" / "questions" / "faithfulness.jsonl"
WANTED = {"nih": 32, "shenzhen": 10, "montgomery": 10, "jsrt": 10}
"""Films of patients that trained nothing, by source."""
DICOM = ("dicom/chest_pa_mono1_15bit_j2k_RG1.dcm", "dicom/chest_pa_mono2_jpeg_siim.dcm")
"""Films with a header of their own: lengths are given on one of them."""

UNANSWERABLE = frozenset({"treatment", "out_of_scope"})
PRESSED = "false_finding"
LIMIT_VARIABLE, MODELS_VARIABLE = "CHATCAD_EVAL_LIMIT", "CHATCAD_EVAL_MODELS"
TEMPLATE_ONLY = "template only"


@dataclass(frozen=True, slots=True)
class Question:
    """One row: what is asked, by whom, after which earlier questions, and of how many films."""

    id: str
    kind: str
    form: str
    mode: Mode
    question: str
    times: int = 1
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Posed:
    """A question put to one film."""

    kind: str
    mode: Mode
    question: str
    before: tuple[str, ...]
    study: Study


@dataclass(slots=True)
class Counted:
    """A writer that counts the statements that a model was asked to word."""

    writer: Writer
    offered: int = 0

    def __getattr__(self, name: str) -> Any:
        """Return what else a writer is asked for: its name, its spare, its count of tokens."""
        return getattr(self.writer, name)

    def session(self, *arguments: Any, **named: Any) -> _CountedSession:
        """Return the writer's own session, counted."""
        return _CountedSession(self, self.writer.session(*arguments, **named))


class _CountedSession:
    def __init__(self, counted: Counted, session: Write) -> None:
        self._counted, self._session = counted, session

    def __call__(self, statement: Statement, objection: str | None) -> str:
        self._counted.offered += objection is None
        return self._session(statement, objection)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


class Mute(BaseChatModel):
    """A model that never writes: every answer is the plan itself."""

    @property
    def _llm_type(self) -> str:
        return "mute"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise BackendFailed("no model was asked")


def load(path: Path = QUESTIONS) -> list[Question]:
    """Return the questions in the order of the file."""
    known = {f.name for f in fields(Question)}
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    chosen: list[dict[str, Any]] = [{k: v for k, v in row.items() if k in known} for row in rows]
    return [Question(**row | {"before": tuple(row.get("before", ()))}) for row in chosen]


def read_studies(chatcad: ChatCAD, data: Path) -> list[Study]:
    """Read the films once; a film that is refused is left out.

    Raises
    ------
    UsageError
        The data folder is missing.
    """
    if not (data / "nih_manifest.csv").is_file():
        raise UsageError(f"{data} holds no films: set CHATCAD_DATA to the data folder")
    studies = []
    for path in (*_films(data), *(data / name for name in DICOM)):
        try:
            studies.append(chatcad.read(path))
        except ImageRefused:
            continue
    return studies


def pose(questions: Sequence[Question], studies: Sequence[Study]) -> list[Posed]:
    """Put every question to as many films as it wants, going round the films; the same on every run."""
    rounds = count()
    posed = []
    for question in questions:
        for _ in range(question.times):
            turn = next(rounds)
            study = studies[turn % len(studies)]
            text = _filled(question.question, study, question.mode, turn)
            posed.append(Posed(question.kind, question.mode, text, question.before, study))
    return posed


def talk_before(chatcad: ChatCAD, posed: Posed, mode: Mode) -> Conversation:
    """Return the conversation up to a question: the film, and the answers to the questions before it."""
    talk = Conversation(posed.study, mode=mode)
    return replace(talk, turns=chatcad.converse(posed.before, talk)) if posed.before else talk


def variants(chatcad: ChatCAD, settings: Settings) -> Iterator[tuple[str, ChatCAD, Counted]]:
    """Yield each way of wording: no model, the model of the settings (of the embedded one also without its adapter).

    ``CHATCAD_EVAL_MODELS="small=/folder,large=/other"`` names folders of Hugging Face chat models to ask instead.
    """
    yield _variant(TEMPLATE_ONLY, chatcad, Writer(Mute(), TEMPLATE_ONLY))
    extra = [pair.partition("=") for pair in os.environ.get(MODELS_VARIABLE, "").split(",") if pair]
    if not extra and settings.backend != "scripted":  # which is no model
        yield _variant(chatcad.writer.name, chatcad, chatcad.writer)
        untuned = Writer.open(replace(settings, model=UNTUNED)) if settings.backend == "embedded" else chatcad.writer
        if untuned.name != chatcad.writer.name:
            yield _variant(f"{untuned.name} untuned", chatcad, untuned)
    for name, _, folder in extra:
        writer = Writer.open(replace(settings, backend="transformers", model=folder, context_tokens=400))
        yield _variant(name, chatcad, writer)


def subset(posed: Sequence[Posed], variant: str) -> Sequence[Posed]:
    """Return every question for templates; for a model, which takes seconds an answer, an even part of them."""
    return posed if variant == TEMPLATE_ONLY else evenly(posed, int(os.environ.get(LIMIT_VARIABLE, "60")))


def _variant(name: str, chatcad: ChatCAD, writer: Writer) -> tuple[str, ChatCAD, Counted]:
    counted = Counted(writer)
    return name, replace(chatcad, writer=cast(Writer, counted)), counted


def _films(data: Path) -> list[Path]:
    from evaluation.cohorts import judged_films

    records = [f for f in judged_films(data) if f.row is None and f.split == "test"]
    chosen = []
    for source, wanted in WANTED.items():
        chosen += evenly([f.image for f in records if f.source == source], wanted)
    return chosen


def _filled(template: str, study: Study, mode: Mode, turn: int) -> str:
    flagged = [f for f in study.findings if f.state in {"present", "uncertain"}]
    silent = [f for f in study.findings if f not in flagged]
    choices = {"{flagged}": flagged or study.findings, "{false}": silent, "{finding}": study.findings}
    for slot, findings in choices.items():
        if slot in template:
            template = template.replace(slot, _name(findings[turn * 7 % len(findings)], mode))
    return template


def _name(finding: Finding, mode: Mode) -> str:
    term = terms()[finding.label]
    return term.name if mode == "clinician" else term.plain
