"""What is exported: one film's facts, with the checked sentences that say them and the passages that they cite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatcad import DISCLAIMER
from chatcad.findings.wording import positives
from chatcad.types import Language, Mode, Passage, SimilarCase, Study, Turn

FILM_PREFIX = 12
"""Characters of the film's sha256 that name it in file names and on pages."""

LEFT_BY_A_READER = "Findings and impression in words are as a reader left them; all codes and values are the machine's."


@dataclass(frozen=True, slots=True)
class Report:
    """One film's report, before any format.

    ``findings`` is the draft, or what a reader made of it (``edited``); ``impression`` are sentences. ``author`` says
    which prompt and which language model worded them, ``""`` where none did. ``history`` was told of the patient,
    without names, and is never a fact about the film.
    """

    study: Study
    findings: str = ""
    impression: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()
    others: tuple[SimilarCase, ...] = ()
    mode: Mode = "clinician"
    language: Language = "en"
    edited: bool = False
    author: str = ""
    history: str = ""

    @property
    def film(self) -> str:
        """The film's short name."""
        return self.study.radiograph.sha256[:FILM_PREFIX]

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader must know first: what this program is, who had the last word, and what is missing."""
        return (DISCLAIMER, *((LEFT_BY_A_READER,) if self.edited else ()), *self.study.missing)


def drafted(study: Study, history: str = "") -> Report:
    """Return the report of a study without a language model: the checked draft and the facts."""
    return Report(study, study.draft_report, history=history)


def worded(study: Study, turn: Turn, others: Sequence[SimilarCase] = ()) -> Report:
    """Return the report of a study with an answered question as its impression."""
    return Report(
        study=study,
        findings=study.draft_report,
        impression=tuple(impression_lines(study, turn)),
        passages=turn.citations,
        others=tuple(others),
        mode=turn.mode,
        language=turn.language,
        author=f"prompt sha256 {turn.prompt_sha256}, {turn.backend}",
    )


def impression_lines(study: Study, impression: Turn) -> list[str]:
    """Return the impression's sentences on what is flagged or measured."""
    open_ids = {f.id for f in positives(study)} | {m.id for m in study.measurements}
    return [s.text for s in impression.sentences if open_ids & set(s.support)]
