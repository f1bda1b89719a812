"""A visit from drop to answer, without a browser: states, errors, uploads."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from chatcad.errors import ModelMissing
from chatcad.examples import RECORD, fetched, folder, listed
from chatcad.loading import Loading
from chatcad.ui import handlers
from chatcad.ui.handlers import Handlers
from chatcad.ui.visit import Visit

from .fake import FakeSystem, study


def loaded(system: FakeSystem) -> Handlers:
    loading = Loading()
    loading.films.set_result(system.read)
    loading.system.set_result(system)
    return Handlers(loading)


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


def test_two_visitors_may_drop_the_same_film_at_once(upload: Path) -> None:
    class Slow(FakeSystem):
        def read(self, source: bytes):
            assert not upload.exists(), "a second visitor's upload would be taken for it, and go with it"
            upload.parent.mkdir()
            upload.write_bytes(source)  # Gradio files uploads by their content
            return super().read(source)

    work = loaded(Slow())
    for _ in range(2):
        *_, (visit, _) = work.read(str(upload))
        assert visit.study is not None


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
    loading = Loading()
    loading.films.set_exception(ModelMissing("classifier.safetensors is missing: run `make setup`."))
    assert [n for n in Handlers(loading).wait() if "make setup" in n]
    *_, (_, notice) = Handlers(loading).read(str(upload))
    assert "make setup" in notice
    assert not upload.exists()


def test_loading_is_told_step_by_step() -> None:
    loading = Loading()
    told = Handlers(loading).wait()
    assert "networks are loading" in next(told)
    loading.films.set_result(FakeSystem().read)
    assert "language model is still loading" in next(told)
    loading.system.set_result(FakeSystem())
    assert list(told) == [""]


def test_a_film_is_read_before_the_language_model_is_there(upload: Path) -> None:
    loading = Loading()
    loading.films.set_result(FakeSystem().read)
    *_, (visit, _) = Handlers(loading).read(str(upload))
    assert visit.study is not None


def test_a_language_model_that_failed_is_said_in_the_chat() -> None:
    loading = Loading()
    loading.system.set_exception(ModelMissing("the embedded model is missing: run `make setup`"))
    *_, last = Handlers(loading).answer(Visit(study=study()).ask("Sure?"), "clinician", "")
    assert "run \\`make setup\\`. The findings" in last.log[-1]["content"]


def test_a_refused_earlier_film_leaves_the_study(upload: Path) -> None:
    upload.write_bytes(b"not a film")
    *_, (visit, notice) = loaded(FakeSystem()).read_prior(str(upload), Visit(study=study()))
    assert visit.study is not None
    assert visit.prior is None
    assert "text file" in notice


def test_an_answer_grows_sentence_by_sentence_and_ends_in_the_log() -> None:
    system = FakeSystem()
    asked = Visit(study=study()).ask(" How large is the heart? ")
    *growing, last = ((v, v.messages()) for v in loaded(system).answer(asked, "patient", "58 years"))
    lengths = [len(messages[1]["content"]) for _, messages in growing]
    assert len(lengths) == 3
    assert lengths == sorted(set(lengths))
    assert last[0].turns[0].mode == "patient"
    assert [m["role"] for m in last[1]] == ["user", "assistant", "assistant"]
    assert system.seen[0].context.age_band == "50-59"


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
    assert last.asking is None


def test_a_second_question_waits_and_a_question_needs_a_film() -> None:
    asked = Visit(study=study()).ask("First?")
    assert asked.ask("Second?") is asked
    assert Visit().ask("First?") == Visit()
    assert Visit(study=study()).ask("   ").asking is None


def test_stopping_keeps_the_checked_sentences_and_says_so() -> None:
    answering = loaded(FakeSystem()).answer(Visit(study=study()).ask("Sure?"), "clinician", "")
    stopped = next(answering).close("Stopped.")
    assert list(answering) == [], "a stopped answer went on"
    assert "Cardiomegaly is likely" in stopped.log[-1]["content"]
    assert stopped.log[-1]["content"].endswith("*Stopped.*")
    assert stopped.turns == ()
    assert stopped.close("again") is stopped


def test_the_end_of_a_stopped_answer_leaves_the_next_question_alone() -> None:
    work = loaded(FakeSystem())
    answering = work.answer(Visit(study=study()).ask("First?"), "clinician", "")
    second = next(answering).close("Stopped.").ask("Second?")
    assert list(answering) == []
    assert second.close_ended("Not answered.") is second
    *_, last = work.answer(second, "clinician", "")
    assert [turn.question for turn in last.turns] == ["Second?"]


def test_an_answer_that_ended_without_a_turn_is_closed() -> None:
    asked = Visit(study=study()).ask("Sure?")
    answering = loaded(FakeSystem()).answer(asked, "clinician", "")
    next(answering)
    answering.close()  # as when the queue drops it
    closed = asked.close_ended("Not answered.")
    assert closed.asking is None
    assert closed.log[-1]["content"].endswith("*Not answered.*")


def test_going_back_to_a_question_forgets_it_and_what_followed() -> None:
    work, visit = loaded(FakeSystem()), Visit(study=study())
    for question in ("How large is the heart [PA]?", "And what next?"):
        *_, visit = work.answer(visit.ask(question), "clinician", None)
    assert visit.back_to(len(visit.log) - 1)[1] == "And what next?"
    before, question = visit.back_to(0)
    assert (before.log, before.turns, question) == ((), (), "How large is the heart [PA]?")
    kept, _ = visit.back_to(3)
    assert [t.question for t in kept.turns] == ["How large is the heart [PA]?"]
    assert len(kept.log) == 3


def test_going_back_counts_a_stopped_answer_and_waits_for_one_under_way() -> None:
    work = loaded(FakeSystem())
    stopped = Visit(study=study()).ask("First?").close("Stopped.")
    *_, visit = work.answer(stopped.ask("Second?"), "clinician", None)
    kept, question = visit.back_to(2)
    assert (question, len(kept.log), kept.turns) == ("Second?", 2, ())
    asking = visit.ask("Third?")
    assert asking.back_to(0) == (asking, "")
    assert Visit().back_to(0) == (Visit(), "")


def test_the_impression_is_what_the_answer_says_of_flagged_and_measured_facts() -> None:
    work, seen = loaded(system := FakeSystem()), Visit(study=study())
    text, problem = work.impression(seen, "P1")
    assert problem == ""
    assert text.splitlines()[0] == "Cardiomegaly is likely (0.82)."
    assert "AP film magnifies" not in text
    assert system.seen[0].design == "P1"
    assert work.impression(Visit()) == ("", "")
    assert "still loading" in Handlers(Loading()).impression(seen)[1]
    assert "closed the connection" in loaded(FakeSystem(fails=True)).impression(seen)[1]


def test_heat_maps_on_offer_are_those_that_exist_and_the_first_is_the_surest() -> None:
    assert [label for _, label in handlers.heat_choices(study())] == ["none", "Cardiomegaly", "Effusion"]
    assert handlers.first_heat(study()) == "Cardiomegaly"


def test_drawing_needs_a_study_and_honours_the_choice() -> None:
    assert handlers.draw(Visit(), handlers.LAYERS, "none", 50, 100, False) == ""
    html = handlers.draw(Visit(study=study()), ["heart"], "Effusion", 50, 100, True)
    assert "dashed line" in html
    assert "solid line" not in html
    assert "pleural effusion" in html


def test_the_reader_chooses_the_language():
    heard = {}

    class System:
        def stream(self, question, talk):
            heard["language"] = talk.language
            return iter(())

    loading = Loading()
    loading.system.set_result(System())
    list(Handlers(loading).answer(Visit(study=study()).ask("Sure?"), "clinician", "", "de"))
    assert heard == {"language": "de"}


def test_the_current_film_is_not_its_own_earlier_film(upload: Path) -> None:
    work = loaded(FakeSystem())
    same = replace(study(), radiograph=replace(study().radiograph, sha256=f"{len(b'film'):064d}"))
    *_, (visit, notice) = work.read_prior(str(upload), Visit(study=same))
    assert visit.prior is None
    assert "current film itself" in notice


def test_an_example_film_is_read_with_its_licence_and_stays_where_it_lies(tmp_path: Path) -> None:
    film, work = listed()[0], loaded(FakeSystem())
    folder(tmp_path).mkdir()
    (folder(tmp_path) / film.file).write_bytes(b"film")
    assert fetched(tmp_path) == (), "nobody checked it"
    (folder(tmp_path) / RECORD).write_text(json.dumps({film.key: sha256(b"film").hexdigest()}))
    assert fetched(tmp_path) == (film,)
    *_, (visit, notice) = work.read_example(tmp_path, film.key)
    assert visit.study is not None
    assert film.licence in notice
    assert (folder(tmp_path) / film.file).is_file()
    (folder(tmp_path) / film.file).write_bytes(b"another")
    *_, (visit, notice) = work.read_example(tmp_path, film.key)
    assert visit.study is None
    assert "make examples" in notice


def test_a_marked_part_goes_with_its_question_and_stays_until_another_is_asked_about() -> None:
    system = FakeSystem()
    work = loaded(system)
    *_, visit = work.answer(Visit(study=study()).ask("What is here?", (0.6, 0.3, 0.8, 0.6)), "clinician", None)
    region = visit.region
    assert region is not None
    assert region.scores == {"Cardiomegaly": (0.82, 0.55)}
    assert system.seen[0].region is region
    assert "[`R1`](#R1)" in visit.log[1]["content"]
    assert "left lung" in visit.log[2]["content"], "how the answer was made tells what the part is"
    *_, visit = work.answer(visit.ask("How large is the heart?"), "clinician", None)
    assert system.seen[1].region is None
    assert visit.region is region


def test_a_part_asked_about_while_nothing_can_answer_is_said_in_the_chat() -> None:
    loading = Loading()
    loading.system.set_exception(ModelMissing("the embedded model is missing: run `make setup`."))
    asked = Visit(study=study()).ask("What is here?", (0.5, 0.5, 0.5, 0.5))
    *_, last = Handlers(loading).answer(asked, "clinician", "")
    assert "make setup" in last.log[-1]["content"]


def test_a_question_is_answered_once_however_often_the_page_asks_for_it() -> None:
    system = FakeSystem()
    visit = Visit(study=study()).ask("How large is the heart?")
    first = loaded(system).answer(visit, "clinician", None)
    next(first)
    assert list(loaded(system).answer(visit, "clinician", None)) == []
    *_, last = first
    assert last.log[1]["content"].count("Cardiomegaly is likely") == 1
    assert len(system.seen) == 1
