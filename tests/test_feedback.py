"""Readers' judgements: what is kept, what is not, and that the file only grows."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from chatcad import feedback
from chatcad.cli import main
from chatcad.config import Settings
from chatcad.errors import UsageError
from chatcad.types import RunRecord, Sentence, Turn
from tests.factories import make_study

STUDY = replace(make_study(), run=RunRecord({"chatcad": "0.2.0"}, {"classifier": "a" * 64}, {}))
TURN = Turn("John Smith, is it bad?", (Sentence("Cardiomegaly is likely.", ("F1",), "image", "kept"),), (), "patient",
            "finding", (), False, 5.0, "c" * 64, "embedded")  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache=tmp_path / "cache")


def test_a_finding_and_a_sentence_are_stored_with_what_produced_them(settings: Settings) -> None:
    feedback.store(feedback.on_finding(STUDY, "F2", "disagree", "it is on the left side"), settings)
    feedback.store(feedback.on_sentence(STUDY, TURN, 1, "agree"), settings)
    finding, sentence = feedback.read_all(settings)
    assert (finding.label, finding.state, finding.probability) == ("Effusion", "uncertain", 0.46)
    assert finding.note == "it is on the left side"
    assert finding.film_sha256 == STUDY.radiograph.sha256
    assert (sentence.text, sentence.facts, sentence.backend) == ("Cardiomegaly is likely.", "F1", "embedded")
    for kept in (finding, sentence):
        assert kept.weights_sha256 == f"classifier={'a' * 64}"
        assert kept.versions == "chatcad=0.2.0"
        assert kept.time.endswith("+00:00")


def test_no_name_date_question_or_markup_is_kept(settings: Settings) -> None:
    note = "Jane Doe, MRN 4711, born 1.2.1960: <b>no effusion</b> =HYPERLINK() Zbigniew"
    feedback.store(feedback.on_sentence(STUDY, TURN, 1, "correct", note), settings)
    stored = feedback.path_of(settings).read_text()
    for secret in ("Jane", "Doe", "4711", "1960", "<b>", "HYPERLINK", "Zbigniew", "Smith"):
        assert secret not in stored
    assert "no effusion" in stored


def test_a_long_note_is_cut() -> None:
    assert len(feedback.neutralised("heart " * 500)) <= feedback.NOTE_LENGTH


def test_the_file_only_grows_and_only_its_owner_reads_it(settings: Settings) -> None:
    feedback.store(feedback.on_finding(STUDY, "F1", "agree"), settings)
    first = feedback.path_of(settings).read_text()
    feedback.store(feedback.on_finding(STUDY, "F1", "disagree"), settings)
    assert feedback.path_of(settings).read_text().startswith(first)
    assert feedback.path_of(settings).stat().st_mode & 0o077 == 0


def test_switched_off_or_full_it_stores_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    judgement = feedback.on_finding(STUDY, "F1", "agree")
    with pytest.raises(UsageError, match="CHATCAD_FEEDBACK=on"):
        feedback.store(judgement, replace(settings, feedback=False))
    assert not feedback.path_of(settings).exists()
    monkeypatch.setattr(feedback, "MOST_BYTES", 10)
    feedback.store(judgement, settings)
    with pytest.raises(UsageError, match="full"):
        feedback.store(judgement, settings)


def test_what_is_not_there_is_refused(settings: Settings) -> None:
    with pytest.raises(UsageError, match="F99"):
        feedback.on_finding(STUDY, "F99", "agree")
    with pytest.raises(UsageError, match="no sentence 2"):
        feedback.on_sentence(STUDY, TURN, 2, "agree")
    with pytest.raises(UsageError, match="no opinion"):
        feedback.on_finding(STUDY, "F1", "maybe")


def test_export_and_erase_on_the_command_line(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHATCAD_CACHE", str(settings.cache))
    acts = replace(feedback.on_sentence(STUDY, TURN, 1, "agree"), text="=1+1")
    feedback.store(acts, settings)
    for name in ("out.csv", "out.jsonl"):
        assert main(["feedback", "export", "--out", str(tmp_path / name)]) == 0
    row = next(csv.DictReader((tmp_path / "out.csv").open()))
    assert row["text"] == "'=1+1", "a spreadsheet would run it"
    assert json.loads((tmp_path / "out.jsonl").read_text())["text"] == "=1+1"
    assert main(["feedback", "export", "--out", str(tmp_path / "out.xls")]) == 2
    assert main(["feedback", "erase"]) == 0
    assert feedback.read_all(settings) == ()
    assert "1 judgements" in capsys.readouterr().out


def test_a_damaged_line_is_named(settings: Settings) -> None:
    feedback.store(feedback.on_finding(STUDY, "F1", "agree"), settings)
    with feedback.path_of(settings).open("a") as file:
        file.write("{broken\n")
    with pytest.raises(UsageError, match="line 2"):
        feedback.read_all(settings)
