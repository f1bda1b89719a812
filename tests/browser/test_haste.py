"""Clumsy and impatient visitors on a slow network: what is shown, answered and saved is of the film that they see."""

from __future__ import annotations

import re

import pytest

from .conftest import QUIET
from .steps import alert, answers, ask, finished, show_phantom, slow_down, wait_for_film

pytestmark = pytest.mark.browser

SLOWEST = 60_000
"""At this rate a film's picture is on its way for seconds after the server has gone on to it."""


def put(page, words: bytes, where: str = "drop") -> None:
    film = {"name": "a.png", "mimeType": "image/png", "buffer": words}
    page.locator(f"#{where} input[type=file]").set_input_files(film)


def take_back(page, where: str) -> None:
    page.locator(f"#{where}").get_by_role("button", name=re.compile("Clear|Remove")).first.click()


def wait_until_read(page) -> None:
    """Wait as long as the slow film takes to read, and then for the page."""
    page.wait_for_timeout(3500)
    page.evaluate(QUIET)


def film(page):
    return page.get_by_role("img", name="Frontal chest film")


def test_a_film_taken_back_while_it_is_read_is_not_shown(fake_server, visit) -> None:
    page = visit(fake_server).page
    show_phantom(page)
    put(page, b"slow film")
    page.get_by_text("Reading the film").wait_for()
    take_back(page, "drop")
    wait_until_read(page)
    assert not film(page).is_visible()
    assert not page.get_by_text("Reading the film").is_visible()
    show_phantom(page)


def test_a_film_dropped_by_mistake_is_not_shown_in_place_of_a_refused_one(fake_server, visit) -> None:
    page = visit(fake_server).page
    slow_down(page)
    put(page, b"slow film, dropped by mistake")
    page.get_by_text("Reading the film").wait_for()
    take_back(page, "drop")
    put(page, b"slow, not a film")
    assert "it looks like a text file" in alert(page)
    page.wait_for_timeout(1500)
    assert "it looks like a text file" in alert(page)
    assert not film(page).is_visible()


def test_an_earlier_film_taken_back_while_it_is_read_is_compared_with_nothing(fake_server, visit) -> None:
    page = visit(fake_server).page
    show_phantom(page)
    page.get_by_role("button", name="Compare with an earlier film").click()
    put(page, b"slow film of somebody else", "prior")
    page.get_by_text("Reading the film").wait_for()
    take_back(page, "prior")
    wait_until_read(page)
    assert not page.get_by_role("button", name="Remove the earlier film").is_visible()
    assert not page.get_by_text("Earlier film read").is_visible()


def test_an_impression_that_comes_late_keeps_what_was_written_and_checked_meanwhile(fake_server, visit) -> None:
    page = visit(fake_server).page
    show_phantom(page)
    impression = page.locator("#impression textarea")
    page.get_by_role("button", name="Word the impression").click()
    impression.fill("No pneumothorax.")
    page.get_by_role("button", name="Check the edited report").click()
    page.get_by_role("region", name="Check of the edited report").wait_for()
    page.wait_for_function("() => /likely/.test(document.querySelector('#impression textarea').value)")
    written = impression.input_value()
    assert written.startswith("No pneumothorax.\n")
    page.locator("#proof").get_by_text("0.57").first.wait_for()
    assert page.locator("#proof").get_by_text("No pneumothorax.").is_visible()
    page.get_by_role("button", name="Word the impression").click()
    page.wait_for_timeout(3000)
    assert impression.input_value() == written, "worded twice, it stands there once"


def test_an_impression_of_another_film_is_not_put_into_the_report(fake_server, visit) -> None:
    page = visit(fake_server).page
    show_phantom(page)
    page.get_by_role("button", name="Word the impression").click()
    put(page, b"another film")
    wait_until_read(page)
    assert film(page).is_visible()
    assert page.locator("#impression textarea").input_value() == ""


def two_talks(page) -> None:
    """Have two talks, about two films; the second one is shown."""
    show_phantom(page)
    ask(page, "About the first film?")
    put(page, b"another film")
    page.get_by_text("About the first film?").wait_for(state="hidden")
    wait_for_film(page)
    page.evaluate(QUIET)
    page.get_by_role("button", name="Your films and talks").click()


def test_a_question_about_a_film_that_is_being_left_is_not_answered_about_the_next_one(fake_server, visit) -> None:
    tab = visit(fake_server)
    page = tab.page
    two_talks(page)
    slow_down(page, SLOWEST)
    box = page.get_by_role("textbox", name="Question", exact=True)
    box.fill("Is it safe to go home?")
    page.locator("#history .open").last.click()
    page.wait_for_timeout(2000)
    assert not page.locator("#chat").get_by_text("About the first film?").is_visible(), "the page is not slow enough"
    box.press("Enter")
    page.locator("#chat").get_by_text("About the first film?").wait_for()
    page.wait_for_timeout(2000)
    assert answers(page).count() == 1
    assert not page.locator("#chat").get_by_text("Is it safe to go home?").is_visible()
    assert box.input_value() == "Is it safe to go home?", "it is not lost either"
    box.press("Enter")
    assert "Is it safe to go home?" in finished(page, 1)


def test_an_answer_under_way_does_not_follow_to_another_talk(fake_server, visit) -> None:
    page = visit(fake_server).page
    two_talks(page)
    slow_down(page)
    page.get_by_role("textbox", name="Question", exact=True).fill("About the second film?")
    page.keyboard.press("Enter")
    page.locator("#chat").get_by_text("Cardiomegaly is likely").wait_for()
    page.locator("#history .open").last.click()
    page.locator("#chat").get_by_text("About the first film?").wait_for()
    page.wait_for_timeout(4000)
    assert answers(page).count() == 1
    assert not page.locator("#chat").get_by_text("About the second film?").is_visible()
    assert page.get_by_role("textbox", name="Question", exact=True).is_enabled()


def test_the_report_of_one_film_is_not_saved_with_the_findings_of_the_next(fake_server, visit) -> None:
    page = visit(fake_server).page
    two_talks(page)
    page.locator("#report textarea").fill("A report about the second film.")
    with page.expect_download():  # it does save the film that its visitor sees
        page.evaluate("document.querySelector('#export-buttons button').click()")
    slow_down(page, SLOWEST)
    saved = []
    page.on("download", lambda download: saved.append(download.suggested_filename))
    page.locator("#history .open").last.click()
    page.wait_for_timeout(2000)
    page.evaluate("document.querySelector('#export-buttons button').click()")
    page.locator("#chat").get_by_text("About the first film?").wait_for()
    page.wait_for_timeout(2000)
    assert saved == []


def test_enter_twice_asks_once(fake_server, visit) -> None:
    page = visit(fake_server).page
    show_phantom(page)
    slow_down(page)
    page.get_by_role("textbox", name="Question", exact=True).fill("How large is the heart?")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    finished(page, 0)
    page.wait_for_timeout(2000)
    assert answers(page).count() == 1
    assert page.locator("#chat .user-row").count() == 1


def test_another_reader_and_another_language_during_an_answer_leave_one_page(fake_server, visit) -> None:
    page = visit(fake_server).page
    show_phantom(page)
    slow_down(page)
    page.get_by_role("textbox", name="Question", exact=True).fill("How large is the heart?")
    page.keyboard.press("Enter")
    page.locator("#chat").get_by_text("Cardiomegaly is likely").wait_for()
    page.get_by_role("radio", name="Patient").check()
    page.get_by_role("radio", name="Deutsch").check()
    page.get_by_role("button", name="Fragen", exact=True).and_(page.locator(":enabled")).wait_for()
    page.evaluate(QUIET)
    assert page.locator("#chat .user-row").count() == 1
    assert page.get_by_role("columnheader", name="Probability").count() == 0
    assert page.get_by_role("region", name="Befunde").is_visible()
