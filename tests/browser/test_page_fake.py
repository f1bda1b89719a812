"""Stopping, failing, loading: the page over a system that does these on demand."""

from __future__ import annotations

import re

import pytest

from .steps import answers, ask, wait_for_film

pytestmark = pytest.mark.browser


def test_a_film_dropped_while_models_load_is_read_when_they_are_there(fake_server, visit) -> None:
    tab = visit(fake_server)
    tab.page.get_by_role("button", name="simulated film").click()
    wait_for_film(tab.page)
    assert tab.page.get_by_text("means nothing").is_visible()


def test_stop_keeps_what_was_checked_and_the_next_question_works(fake_server, visit) -> None:
    page = visit(fake_server).page
    page.get_by_role("button", name="simulated film").click()
    wait_for_film(page)
    box = page.get_by_role("textbox", name="Question", exact=True)
    box.fill("How large is the heart?")
    box.press("Enter")
    page.locator("#chat").get_by_text("Cardiomegaly is likely").wait_for()
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped.").wait_for()
    assert answers(page).count() == 0
    assert "Heart size on the AP film" in ask(page, "And what next?")
    assert answers(page).count() == 1


def test_a_broken_backend_is_said_in_the_chat_and_the_findings_stay(fake_server, visit) -> None:
    tab = visit(fake_server)
    tab.page.get_by_role("button", name="simulated film").click()
    wait_for_film(tab.page)
    box = tab.page.get_by_role("textbox", name="Question", exact=True)
    box.fill("Please break.")
    box.press("Enter")
    tab.page.get_by_text("closed the connection").wait_for()
    tab.shot("broken_backend")
    assert tab.page.get_by_role("region", name="Findings").is_visible()
    assert "2 changed by the check" in ask(tab.page, "And now?")


def test_hostile_words_in_an_answer_stay_words(fake_server, visit) -> None:
    tab = visit(fake_server)
    tab.page.get_by_role("button", name="simulated film").click()
    wait_for_film(tab.page)
    said = ask(tab.page, "Go on.")
    assert "<b>0.57</b> ![x](http://evil.example/x.png)" in said
    assert tab.page.locator("#chat a[href*=evil], #chat img[src*=evil], #chat b").count() == 0


def test_clearing_the_chat_forgets_it(fake_server, visit) -> None:
    page = visit(fake_server).page
    page.get_by_role("button", name="simulated film").click()
    wait_for_film(page)
    ask(page, "One.")
    page.get_by_role("button", name=re.compile("clear", re.IGNORECASE)).last.click()
    page.get_by_text("Ask about the film").wait_for()
    ask(page, "Two.")
    assert answers(page).count() == 1
