"""A visit from drop to answer, without a browser: states, errors, uploads."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import pytest

from chatcad.errors import ModelMissing
from chatcad.ui import handlers
from chatcad.ui.handlers import Handlers
from chatcad.ui.visit import Visit

from .fake import FakeSystem, study


def loaded(system: FakeSystem) -> Handlers:
    future: Future = Future()
    future.set_result(system)
    return Handlers(future)


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    folder = tmp_path / "a1b2"
    folder.mkdir()
    (folder / "DOE^JANE.dcm").write_bytes(b"film")
    return folder / "DOE^JANE.dcm"


def test_reading_gives_a_study_and_leaves_no_upload(upload: Path) -> None:
    (first, busy), (last, notice) = loaded(FakeSystem()).read(str(upload))
    assert first.study is None
    assert "Reading" in busy
    assert last.study is not None
    assert notice == ""
    assert not upload.parent.exists()


def test_a_refusal_shows_its_reason_clears_the_study_and_leaves_no_upload(upload: Path) -> None:
    upload.write_bytes(b"not a film")
    *_, (visit, notice) = loaded(FakeSystem()).read(str(upload))
    assert visit == Visit()
    assert "it looks like a text file" in notice
    assert 'role="alert"' in notice
    assert not upload.parent.exists()


@pytest.mark.parametrize("path", [None, "/nowhere/film.png"])
def test_a_lost_upload_is_said(path: str | None) -> None:
    *_, (visit, notice) = loaded(FakeSystem()).read(path)
    assert visit.study is None
    assert "drop the file again" in notice


def test_models_that_failed_to_load_are_said_on_arrival_and_on_reading(upload: Path) -> None:
    future: Future = Future()
    future.set_exception(ModelMissing("classifier.safetensors is missing: run `make setup`."))
    assert [n for n in Handlers(future).wait() if "make setup" in n]
    *_, (_, notice) = Handlers(future).read(str(upload))
    assert "make setup" in notice
    assert not upload.exists()


def test_a_refused_earlier_film_leaves_the_study(upload: Path) -> None:
    upload.write_bytes(b"not a film")
    *_, (visit, notice) = loaded(FakeSystem()).read_prior(str(upload), Visit(study=study()))
    assert visit.study is not None
    assert visit.prior is None
    assert "text file" in notice


def test_an_answer_grows_sentence_by_sentence_and_ends_in_the_log() -> None:
    system = FakeSystem()
    asked = Visit(study=study()).ask(" How large is the heart? ")
    grown = list(loaded(system).answer(asked, "patient", "58 years"))
    assert [len(v.partial) for v in grown] == [1, 2, 3, 0]
    assert len(grown[0].messages()) == 2
    assert grown[-1].turns[0].mode == "patient"
    assert [m["role"] for m in grown[-1].log] == ["user", "assistant", "assistant"]
    assert system.seen[0].context == "58 years"


def test_the_next_question_sees_the_earlier_turns_and_the_earlier_film() -> None:
    system = FakeSystem()
    visit = Visit(study=study(), prior=study())
    for question in ("How large is the heart?", "And what next?"):
        *_, visit = loaded(system).answer(visit.ask(question), "clinician", None)
    assert [len(talk.turns) for talk in system.seen] == [0, 1]
    assert system.seen[1].prior is visit.prior


def test_a_failing_backend_keeps_what_was_checked_and_the_findings() -> None:
    *_, last = loaded(FakeSystem(fails=True)).answer(Visit(study=study()).ask("Sure?"), "clinician", "")
    said = last.log[-1]["content"]
    assert "Cardiomegaly is likely" in said
    assert "closed the connection" in said
    assert last.study is not None
    assert not last.asking


def test_a_second_question_waits_and_a_question_needs_a_film() -> None:
    asked = Visit(study=study()).ask("First?")
    assert asked.ask("Second?") is asked
    assert Visit().ask("First?") == Visit()
    assert Visit(study=study()).ask("   ").asking == ""


def test_stopping_keeps_the_checked_sentences_and_says_so() -> None:
    first = next(loaded(FakeSystem()).answer(Visit(study=study()).ask("Sure?"), "clinician", ""))
    stopped = first.close("Stopped.")
    assert "Cardiomegaly is likely" in stopped.log[-1]["content"]
    assert stopped.log[-1]["content"].endswith("*Stopped.*")
    assert stopped.turns == ()
    assert stopped.close("again") is stopped


def test_heat_maps_on_offer_are_those_that_exist_and_the_first_is_the_surest() -> None:
    assert [label for _, label in handlers.heat_choices(study())] == ["none", "Cardiomegaly", "Effusion"]
    assert handlers.first_heat(study()) == "Cardiomegaly"


def test_drawing_needs_a_study_and_honours_the_choice() -> None:
    assert handlers.draw(Visit(), handlers.LAYERS, "none", 50, 100, False) == ""
    html = handlers.draw(Visit(study=study()), ["heart"], "Effusion", 50, 100, True)
    assert "dashed line" in html
    assert "solid line" not in html
    assert "pleural effusion" in html
