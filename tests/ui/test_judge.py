"""What may be judged on the page, and that storing tells what became of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from chatcad import feedback
from chatcad.config import Settings
from chatcad.ui.judge import choices_of, judge_panel, keep_opinion
from chatcad.ui.visit import Visit

from .fake import FakeSystem, study
from .test_handlers import loaded


def asked() -> Visit:
    *_, visit = loaded(FakeSystem()).answer(Visit(study=study()).ask("How large is the heart?"), "clinician", "")
    return visit


def test_findings_and_the_last_answers_sentences_are_on_offer() -> None:
    assert choices_of(Visit(), "clinician") == []
    ids = [number for _, number in choices_of(asked(), "clinician")]
    assert ids == ["F1", "F2", "F3", "F4", "S1", "S2", "S3", "S4"]


def test_an_opinion_is_stored_and_the_visitor_told(tmp_path: Path) -> None:
    settings = Settings(cache=tmp_path)
    assert "Stored" in keep_opinion(settings, asked(), "F2", "disagree", "left side")
    assert "Some words were dropped" in keep_opinion(
        settings, asked(), "S1", "correct", "Zbigniew says the heart is normal"
    )
    finding, sentence = feedback.read_all(settings)
    assert (finding.label, finding.note) == ("Effusion", "left side")
    assert sentence.text == "Cardiomegaly is likely (0.82)."


def test_nothing_chosen_and_switched_off_store_nothing(tmp_path: Path) -> None:
    settings = Settings(cache=tmp_path)
    assert 'role="alert"' in keep_opinion(settings, asked(), None, "agree", "")
    assert 'role="alert"' in keep_opinion(replace(settings, feedback=False), asked(), "F1", "agree", "")
    assert feedback.read_all(settings) == ()
    assert judge_panel(offered=False) is None
