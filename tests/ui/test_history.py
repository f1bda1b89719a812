"""A visit that is kept and brought back, the list on the page, and who may do what with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest

from chatcad import observe
from chatcad.config import Settings
from chatcad.loading import Loading
from chatcad.observe.audit import Audit, path_of
from chatcad.sessions import Entry, SessionStore
from chatcad.sessions.owner import is_token, new_token, owner_id
from chatcad.ui import history
from chatcad.ui.handlers import Handlers
from chatcad.ui.history import History, history_panel, list_html
from chatcad.ui.layout import film_column, talk_column
from chatcad.ui.shelf import Shelf, title_of
from chatcad.ui.visit import Visit

from .fake import FakeSystem, study

ANN, BOB = new_token(), new_token()
BROWSER = SimpleNamespace(username=None)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache=tmp_path)


@pytest.fixture
def shelf(settings: Settings) -> Shelf:
    return Shelf.open(settings)


@pytest.fixture
def page(shelf: Shelf) -> Iterator[History]:
    with gr.Blocks():
        yield History(shelf, history_panel(shelf), gr.State(), film_column("P3"), talk_column(), None)


def work(shelf: Shelf, system: FakeSystem | None = None) -> Handlers:
    loading = Loading()
    loading.films.set_result(lambda _: study())
    loading.system.set_result(system or FakeSystem())
    return Handlers(loading, shelf=shelf)


def begun(token: str = ANN) -> Visit:
    return Visit(owner=owner_id(None, token)).about(study())


def asked(shelf: Shelf, *questions: str, visit: Visit | None = None, **system: object) -> Visit:
    visit = visit or begun()
    for question in questions:
        *_, visit = work(shelf, FakeSystem(**system)).answer(visit.ask(question), "patient", "Jane Doe, 54, fever")
    return visit


def test_a_visit_comes_back_as_it_was_shown(shelf: Shelf, settings: Settings) -> None:
    visit = replace(begun(), prior=replace(study(), view="PA"))
    visit = asked(shelf, "How large is the heart?", "And [now]?", visit=visit)
    back, talk = Shelf.open(settings).bring_back(visit.owner, visit.talk)
    assert back.messages() == visit.messages()
    assert back.turns == visit.turns
    assert (talk.mode, talk.language) == ("patient", "en")
    assert back.prior.view == "PA"
    assert (back.owner, back.talk) == (visit.owner, visit.talk)
    again = asked(shelf, "A third one?", visit=back)
    assert len(shelf.bring_back(visit.owner, visit.talk)[0].turns) == len(again.turns) == 3


def test_an_answer_is_kept_before_it_is_shown_as_finished_and_never_by_half(shelf: Shelf) -> None:
    visit = begun()
    shelf.keep(visit)
    stream = work(shelf).answer(visit.ask("How large is the heart?"), "clinician", "")
    kept = [len(shelf.bring_back(visit.owner, visit.talk)[0].turns) for _ in stream]
    assert kept == [0, 0, 0, 1]


def test_what_was_stopped_or_broke_off_is_not_kept(shelf: Shelf) -> None:
    visit = asked(shelf, "One?")
    asked(shelf, "Two?", visit=visit, fails=True)
    stream = work(shelf).answer(stopped := visit.ask("Three?"), "clinician", "")
    next(stream)
    stopped.close("Stopped.")
    assert list(stream) == []
    assert [t.question for t in shelf.bring_back(visit.owner, visit.talk)[0].turns] == ["One?"]


def test_two_tabs_of_one_talk_lose_nothing_of_each_other(shelf: Shelf) -> None:
    visit = asked(shelf, "One?")
    here, there = (shelf.bring_back(visit.owner, visit.talk)[0] for _ in range(2))
    here, there = asked(shelf, "Here?", visit=here), asked(shelf, "There?", "More?", visit=there)
    kept = [[t.question for t in shelf.bring_back(v.owner, v.talk)[0].turns] for v in (here, there)]
    assert kept == [["One?", "Here?"], ["One?", "There?", "More?"]]
    assert len(shelf.entries(visit.owner)) == 2


def test_a_damaged_talk_that_goes_on_is_not_overwritten(shelf: Shelf) -> None:
    visit = asked(shelf, "One?")
    with shelf.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE turn SET body = x'00'")
    ill = visit.talk
    visit = asked(shelf, "Two?", visit=visit)
    assert visit.talk != ill
    assert len(shelf.bring_back(visit.owner, visit.talk)[0].turns) == 2


def test_what_was_told_of_the_patient_is_not_kept(shelf: Shelf, settings: Settings) -> None:
    asked(shelf, "One?")
    stored = b"".join(p.read_bytes() for p in (settings.cache / "sessions").iterdir())
    assert b"One?" in stored
    assert b"fever" not in stored
    assert b"Jane" not in stored


def test_without_a_store_the_page_goes_on_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "sessions").write_text("in the way")
    shelf = Shelf.open(Settings(cache=tmp_path))
    visit = asked(shelf, "One?")
    assert len(visit.turns) == 1
    assert "are not kept" in shelf.keep(visit)
    off = Shelf.open(Settings(cache=tmp_path, store=False))
    assert len(asked(off, "One?").turns) == 1
    assert off.keep(visit) == ""


def test_a_turn_that_cannot_be_written_is_told_and_kept_when_it_can(shelf: Shelf, page: History) -> None:
    visit = asked(shelf, "One?")
    with shelf.store.engine.connect() as connection:  # the pool has this one only: it is the one used next
        connection.exec_driver_sql("PRAGMA query_only=ON")
    visit = asked(shelf, "Two?", visit=visit)
    assert len(visit.turns) == 2
    told = page.refresh(visit, ANN, BROWSER)
    assert "This talk is not kept" in told[page.panel.notice]
    assert "read-only" in told[page.panel.notice]
    with shelf.store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=OFF")
    assert page.refresh(visit, ANN, BROWSER)[page.panel.notice] == ""
    assert len(shelf.bring_back(visit.owner, visit.talk)[0].turns) == 2


def test_a_title_tells_the_leading_finding_and_the_day_and_never_more_than_is_known() -> None:
    made = study()
    assert title_of(made).startswith("Cardiomegaly likely, ")
    none = replace(made, findings=tuple(f for f in made.findings if f.state in {"not_flagged", "not_assessed"}))
    assert title_of(none).startswith("Nothing flagged, ")
    *_, (visit, _) = work(Shelf(None), FakeSystem()).read_phantom()
    assert title_of(visit.study).startswith("Simulated film, ")


def test_the_list_groups_by_film_marks_the_open_talk_and_shows_titles_letter_by_letter() -> None:
    entries = [
        Entry("1", "o", "film-a", "<b>x</b> ${y}", 100.0, 400.0, 1),
        Entry("2", "o", "film-b", "Second", 200.0, 300.0, 0),
        Entry("3", "o", "film-a", "Third", 150.0, 250.0, 2),
    ]
    html = list_html(entries, current="3")
    assert "<b>x" not in html
    assert "${" not in html
    assert html.count("<section>") == 2
    assert html.index("Third") < html.index("Second"), "one film's talks stand together"
    assert html.count("aria-current") == 1
    assert "0 questions" in html
    assert "Nothing yet" in list_html([], "")


def test_a_new_browser_gets_a_token_and_a_known_one_its_last_talk(shelf: Shelf, page: History) -> None:
    for given in ("", "short", None, {"x": 1}):
        shown = page.arrive(given, BROWSER)
        assert is_token(shown[page.panel.token])
        assert shown[page.visit].study is None
    visit = asked(shelf, "One?")
    shown = page.arrive(ANN, BROWSER)
    assert shown[page.panel.token] == ANN
    assert shown[page.visit].messages() == visit.messages()
    assert shown[page.talk.mode] == "patient"
    assert page.arrive(BOB, BROWSER)[page.visit].study is None
    assert page.arrive(ANN, SimpleNamespace(username="ann"))[page.visit].study is None, "a login has its own talks"


def select(page: History, what: str, token: str, now: Visit | None = None) -> dict:
    return page.choose(SimpleNamespace(value=what), now or Visit(), token, BROWSER)


def test_another_visitors_talk_is_not_found(shelf: Shelf, page: History) -> None:
    visit = asked(shelf, "One?")
    shown = select(page, f"open {visit.talk}", BOB)
    assert "No such conversation" in shown[page.panel.notice]
    assert page.visit not in shown
    assert select(page, f"rename {visit.talk}", BOB)[page.panel.title] == ""
    renamed = page.rename(visit.talk, "Mine", Visit(), BOB, BROWSER)
    for change in (renamed, page.erase(visit.talk, Visit(), "clinician", BOB, BROWSER)):
        assert "No such conversation" in change[page.panel.notice]
    assert shelf.entries(visit.owner)[0].title.startswith("Cardiomegaly")
    mine = page.erase(visit.talk, visit, "clinician", BOB, BROWSER)
    assert page.visit not in mine, "not even with the visit of its owner at hand"


def test_rename_delete_and_a_new_talk(shelf: Shelf, page: History) -> None:
    visit = asked(shelf, "One?")
    assert select(page, f"rename {visit.talk}", ANN)[page.panel.title].startswith("Cardiomegaly")
    assert "Before lunch" in page.rename(visit.talk, "Before lunch", visit, ANN, BROWSER)[page.panel.listed]
    fresh = page.begin(visit, "clinician", ANN, BROWSER)[page.visit]
    assert (fresh.turns, fresh.study) == ((), visit.study)
    assert page.visit not in page.begin(fresh, "clinician", ANN, BROWSER), "a talk without questions is new"
    assert {e.id for e in shelf.entries(visit.owner)} == {visit.talk, fresh.talk}
    assert "Before lunch" in select(page, f"erase {visit.talk}", ANN)[page.panel.warning]
    assert page.visit not in page.erase(visit.talk, fresh, "clinician", ANN, BROWSER)
    gone = page.erase(fresh.talk, fresh, "clinician", ANN, BROWSER)
    assert gone[page.visit] == Visit(owner=visit.owner)
    assert "Nothing yet" in gone[page.panel.listed]


def test_who_has_neither_login_nor_token_owns_nothing(shelf: Shelf, page: History) -> None:
    for given in ("", "short", None):
        page.refresh(replace(begun(), owner=""), given, BROWSER)
    assert shelf.store.entries(None) == (), "else two such visitors would see each other's talks"
    assert select(page, "open x", "")[page.panel.notice] != ""


def test_opening_and_deleting_on_the_page_are_recorded(shelf: Shelf, page: History, settings: Settings) -> None:
    visit, film = asked(shelf, "One?"), study().radiograph.sha256
    observe.begin(settings)
    try:
        page.arrive(ANN, BROWSER)
        select(page, f"open {visit.talk}", ANN)
        with shelf.store.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE turn SET body = x'00'")
        page.erase(visit.talk, Visit(), "clinician", ANN, BROWSER)
    finally:
        observe.begin(replace(settings, audit=False))
    records = [(r["action"], r["owner"], r["film"]) for r in Audit(path_of(settings)).records()]
    assert records == [("opened", "local", film), ("opened", "local", film), ("erased", "local", "")]


def test_an_event_that_is_late_takes_nothing_back_from_the_store(shelf: Shelf, page: History) -> None:
    asking = begun().ask("One?")
    list(work(shelf).answer(asking, "clinician", ""))
    page.refresh(asking, ANN, BROWSER)  # the page doesn't know of the turn yet
    assert len(shelf.bring_back(asking.owner, asking.talk)[0].turns) == 1


def test_a_deleted_talk_whose_answer_ends_does_not_come_back(shelf: Shelf, page: History, monkeypatch) -> None:
    visit = asked(shelf, "One?").ask("Two?")
    stream = work(shelf).answer(visit, "clinician", "")
    next(stream)
    erase = SessionStore.erase

    def slow(store: SessionStore, owner: str, talk_id: str) -> None:
        erase(store, owner, talk_id)
        list(stream)

    monkeypatch.setattr(SessionStore, "erase", slow)
    page.erase(visit.talk, visit, "clinician", ANN, BROWSER)
    assert shelf.entries(visit.owner) == ()


def test_a_damaged_talk_is_refused_and_the_rest_of_the_page_works(shelf: Shelf, page: History, settings) -> None:
    visit = asked(shelf, "One?")
    assert isinstance(shelf.store, SessionStore)
    with shelf.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE turn SET body = x'00'")
    shown = page.arrive(ANN, BROWSER)
    assert "can’t be opened" in shown[page.panel.notice].replace("&#x27;", "’")
    assert shown[page.visit].study is None
    assert visit.talk in shown[page.panel.listed]


def test_the_policy_on_the_page_tells_how_long(shelf: Shelf) -> None:
    assert "30 days" in history._policy(shelf)
    assert "until you delete them" in history._policy(replace(shelf, days=0))
