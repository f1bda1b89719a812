"""A click counts for the film that its visitor saw, and what is made of a film that was left reaches no page."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import pytest

from chatcad.ui import handlers
from chatcad.ui.visit import Visit

from .tab import Tab
from .test_page import ask, asked, page, question, settings, tab, upload  # noqa: F401  -- fixtures and verbs


def notice(tab: Tab) -> gr.HTML:  # noqa: F811
    return tab.find(gr.HTML, elem_id="notice")


def test_what_is_done_on_a_page_that_shows_another_film_is_refused(tab: Tab, tmp_path: Path) -> None:  # noqa: F811
    list(upload(tab, "drop", tmp_path, b"film"))
    tab.values[tab.find(gr.Textbox, elem_id="seen")] = "another film"
    ask(tab, "How large is the heart?")
    assert (asked(tab), tab.visit.asking) == ([], None)
    assert "still showing another film" in tab.values[notice(tab)]


def test_a_page_that_was_left_for_too_long_says_so(tab: Tab, tmp_path: Path) -> None:  # noqa: F811
    list(upload(tab, "drop", tmp_path, b"film"))
    tab.values[tab.find(gr.State, time_to_live=3600)] = Visit()
    ask(tab, "How large is the heart?")
    assert asked(tab) == []
    assert "left for too long" in tab.values[notice(tab)]


def test_a_picture_that_is_finished_after_its_film_was_left_is_not_shown(
    tab: Tab,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    list(upload(tab, "drop", tmp_path, b"film"))
    figure, drawn = tab.find(gr.HTML, elem_id="figure"), handlers.figure_html
    before = tab.values[figure]

    def left_meanwhile(*given):
        tab.visit.left()
        return drawn(*given).replace("<figure", "<figure late")

    monkeypatch.setattr(handlers, "figure_html", left_meanwhile)
    tab.do(tab.find(gr.Checkbox, label="Invert: dense is dark"), "input", True)
    assert tab.values[figure] == before


def test_an_answer_shows_nothing_more_once_its_film_was_left(tab: Tab, tmp_path: Path) -> None:  # noqa: F811
    list(upload(tab, "drop", tmp_path, b"film"))
    answering = question(tab, "How large is the heart?")
    next(answering), next(answering)
    chat = tab.find(gr.Chatbot)
    tab.visit.left()
    tab.values[chat] = "another talk"
    next(answering)
    assert tab.values[chat] == "another talk"
