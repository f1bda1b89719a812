"""Two things at once in one tab: nothing that comes late may overwrite what came meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest

from chatcad.config import Settings
from chatcad.loading import Loading
from chatcad.sessions.owner import new_token, owner_id
from chatcad.types import Finding
from chatcad.ui.page import build
from chatcad.ui.shelf import Shelf
from chatcad.ui.visit import Place, Visit

from .fake import FakeSystem, study
from .tab import Tab


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def page(settings: Settings) -> gr.Blocks:
    system, loading = FakeSystem(), Loading()
    loading.films.set_result(system.read)
    loading.system.set_result(system)
    return build(loading, settings)


@pytest.fixture
def tab(page: gr.Blocks) -> Tab:
    return Tab(page)


def upload(tab: Tab, name: str, tmp_path: Path, data: bytes):
    """Drop a file, and return the steps in which it is read."""
    film = tmp_path / f"{len(data)}" / "film.dcm"
    film.parent.mkdir()
    film.write_bytes(data)
    drop = tab.find(gr.File, elem_id=name)
    tab.values[drop] = str(film)
    return tab.fire(drop, "upload")


def question(tab: Tab, text: str):
    box = tab.find(gr.Textbox, label="Question")
    tab.values[box] = text
    return tab.fire(box, "submit")


def ask(tab: Tab, text: str) -> None:
    list(question(tab, text))


def asked(tab: Tab) -> list[str]:
    return [turn.question for turn in tab.visit.turns]


def test_a_film_is_dropped_asked_about_and_kept(tab: Tab, tmp_path: Path) -> None:
    list(upload(tab, "drop", tmp_path, b"film"))
    ask(tab, "How large is the heart?")
    assert asked(tab) == ["How large is the heart?"]
    assert tab.visit.asking is None
    assert "How large" in str(tab.values[tab.find(gr.Chatbot)])


def test_a_finding_without_a_heat_map_takes_anothers_off_the_film(tab: Tab, tmp_path: Path) -> None:
    list(upload(tab, "drop", tmp_path, b"film"))
    heat = tab.find(gr.Radio, label="Heat map of a finding")
    assert tab.values[heat] == "Cardiomegaly"
    bare = next(f.id for f in tab.visit.study.findings if f.heat_map is None and f.state != "not_assessed")
    list(tab.fire(tab.find(gr.HTML, elem_id="findings"), "select", {"index": 0, "value": bare}))
    assert tab.values[heat] == "none"


def test_an_earlier_film_that_arrives_during_an_answer_loses_neither(tab: Tab, tmp_path: Path) -> None:
    list(upload(tab, "drop", tmp_path, b"film"))
    reading = upload(tab, "prior", tmp_path, b"an earlier film")
    next(reading)
    answering = question(tab, "How large is the heart?")
    next(answering), next(answering), next(answering)
    list(reading)
    assert tab.visit.prior is not None
    list(answering)
    assert tab.visit.prior is not None
    assert asked(tab) == ["How large is the heart?"]
    ask(tab, "And what next?")
    assert asked(tab) == ["How large is the heart?", "And what next?"]


def test_an_earlier_film_that_arrives_after_the_answer_keeps_it(tab: Tab, tmp_path: Path) -> None:
    list(upload(tab, "drop", tmp_path, b"film"))
    reading = upload(tab, "prior", tmp_path, b"an earlier film")
    next(reading)
    ask(tab, "How large is the heart?")
    list(reading)
    assert tab.visit.prior is not None
    assert asked(tab) == ["How large is the heart?"]


def test_an_earlier_film_is_shown_beside_the_current_one_and_taken_away(tab: Tab, tmp_path: Path) -> None:
    pair, table = tab.find(gr.HTML, elem_id="pair"), tab.find(gr.HTML, elem_id="changes")
    list(upload(tab, "drop", tmp_path, b"film"))
    list(upload(tab, "prior", tmp_path, b"an earlier film"))
    assert "Earlier film" in tab.values[pair]
    assert "same level" in tab.values[table]
    tab.do(tab.find(gr.Button, value="Remove the earlier film"), "click")
    assert (tab.visit.prior, tab.values[pair], tab.values[table]) == (None, "", "")


def test_an_earlier_film_goes_to_no_other_film(tab: Tab, tmp_path: Path) -> None:
    list(upload(tab, "drop", tmp_path, b"film"))
    reading = upload(tab, "prior", tmp_path, b"an earlier film")
    next(reading)
    list(upload(tab, "drop", tmp_path, b"another film"))
    list(reading)
    assert tab.visit.prior is None


def test_a_film_that_arrives_ends_the_answer_about_the_talk_opened_meanwhile(tab: Tab, tmp_path: Path) -> None:
    list(upload(tab, "drop", tmp_path, b"film"))
    first = tab.visit
    reading = upload(tab, "drop", tmp_path, b"another film")
    next(reading)
    tab.values[tab.find(gr.State, time_to_live=3600)] = replace(first, kept=Place("opened"))
    tab.values[tab.find(gr.Textbox, elem_id="seen")] = first.film
    answering = question(tab, "How large is the heart?")
    next(answering), next(answering)
    list(reading)
    list(answering)
    assert tab.visit.study.radiograph.sha256 != first.study.radiograph.sha256
    assert asked(tab) == []
    assert tab.values[tab.find(gr.Chatbot)] == [], "an answer about another film must not stand under this one"


def test_a_finding_chosen_during_an_answer_is_remembered_and_loses_nothing(tab: Tab, tmp_path: Path) -> None:
    list(upload(tab, "drop", tmp_path, b"film"))
    findings = tab.find(gr.HTML, elem_id="findings")
    choosing = tab.fire(findings, "select", {"value": "F2", "index": 0})
    next(choosing)
    answering = question(tab, "How large is the heart?")
    next(answering)
    list(choosing)
    list(answering)
    assert asked(tab) == ["How large is the heart?"]
    assert tab.visit.picked == "Effusion"


def test_the_language_switch_says_the_banner_anew_and_keeps_the_chosen_finding(tab: Tab, tmp_path: Path) -> None:
    list(upload(tab, "drop", tmp_path, b"film"))
    ill = replace(tab.visit.study, findings=(Finding("F1", "Pneumothorax", "present", "assessed", 0.9, "likely"),))
    tab.values[tab.find(gr.State, time_to_live=3600)] = replace(tab.visit, study=ill, picked="Pneumothorax")
    tab.do(tab.find(gr.Radio, elem_id="language"), "change", "de")
    assert "Dringend" in tab.values[tab.find(gr.HTML, elem_id="glance")]
    assert 'aria-pressed="true"' in tab.values[tab.find(gr.HTML, elem_id="findings")]


def test_a_talk_that_comes_back_shows_both_films(tab: Tab, settings: Settings) -> None:
    quiet = replace(study(), findings=())  # without a heat map, so that nothing on the page changes but the films
    Shelf.open(settings).keep(Visit(owner=owner_id(None, token := new_token())).about(quiet, prior=study()))
    tab.values[tab.find(gr.BrowserState)] = token
    tab.do(tab.page, "load")
    assert "Earlier film" in tab.values[tab.find(gr.HTML, elem_id="pair")]
