"""Stopping, failing, loading: the page over a system that does these on demand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .steps import answers, ask, finished, slow_down, wait_for_film

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


def test_a_finding_chosen_by_keyboard_shows_its_map_and_is_offered_as_a_question(fake_server, visit) -> None:
    page = visit(fake_server).page
    page.get_by_role("button", name="simulated film").click()
    before = wait_for_film(page).get_attribute("src")
    assert page.get_by_role("radio", name="Cardiomegaly (F1)").is_checked()
    page.locator("#findings").get_by_role("button", name="Pleural effusion").focus()
    page.keyboard.press("Enter")
    offer = page.get_by_role("button", name="How sure are you about the pleural effusion?")
    offer.wait_for()
    assert page.get_by_role("radio", name="Pleural effusion (F2)").is_checked()
    page.wait_for_function("was => document.querySelector('figure.film img').src !== was", arg=before)
    assert page.locator("#findings").get_by_role("button", name="Pleural effusion", pressed=True).count() == 1
    offer.click()
    assert "How sure are you about the pleural effusion?" in finished(page, 0)


def test_a_passages_mark_opens_its_text_by_keyboard(fake_server, visit) -> None:
    tab = visit(fake_server)
    page = tab.page
    page.get_by_role("button", name="simulated film").click()
    wait_for_film(page)
    ask(page, "How large is the heart?")
    passage = page.locator("#chat blockquote")
    assert not passage.is_visible()
    page.locator("#chat").get_by_role("link", name="P1").first.focus()
    page.keyboard.press("Enter")
    passage.wait_for(state="visible")
    assert passage.inner_text() == "An AP film magnifies the heart."
    assert len(page.context.pages) == 1
    assert tab.serious() == []


def test_ask_again_edit_and_say_it_in_plain_words(fake_server, visit) -> None:
    page = visit(fake_server).page
    page.get_by_role("button", name="simulated film").click()
    wait_for_film(page)
    ask(page, "One?")
    ask(page, "The X-ray [two]?")
    page.get_by_role("button", name="Retry").last.click()
    page.get_by_role("button", name="Stop").and_(page.locator(":enabled")).wait_for()
    assert "The X-ray [two]?" in finished(page, 1)
    page.get_by_role("button", name="Edit").last.click()
    box = page.locator("#chat textarea")
    assert "X-ray" in box.input_value()
    box.fill("Three?")
    page.locator("#chat").get_by_role("button", name="Submit").click()
    page.get_by_role("button", name="Stop").and_(page.locator(":enabled")).wait_for()
    said = finished(page, 1)
    assert "Three?" in said
    assert "two" not in said
    assert answers(page).count() == 2
    page.get_by_role("radio", name="Patient").check()
    page.get_by_role("button", name="Say the last answer in plain words").click()
    page.get_by_role("button", name="Stop").and_(page.locator(":enabled")).wait_for()
    finished(page, 1)
    answers(page).last.click()
    page.locator("#chat").get_by_text("Answers are for a: Patient").wait_for()
    assert answers(page).count() == 2


def test_an_opinion_is_stored_on_this_machine_without_names(fake_server, visit) -> None:
    tab, other = visit(fake_server), visit(fake_server)
    page = tab.page
    page.get_by_role("button", name="simulated film").click()
    wait_for_film(page)
    page.get_by_role("button", name="Pulmonary edema").click()
    page.get_by_role("button", name="How sure are you about the pulmonary edema?").wait_for()
    page.get_by_role("button", name="Do you agree?").click()
    page.get_by_role("radio", name="Disagree").check()
    page.get_by_label("What is right instead").fill("Jane Doe has pulmonary edema")
    page.get_by_role("button", name="Store my opinion").click()
    page.get_by_text("Some words were dropped").wait_for()
    stored = (fake_server.cache / "feedback" / "judgements.jsonl").read_text()
    assert '"label": "Edema"' in stored
    assert '"opinion": "disagree"' in stored
    assert "pulmonary edema" in stored
    assert "Jane" not in stored
    assert tab.serious() == []
    assert "Stored" not in other.page.content(), "another visitor sees it"


def test_the_report_comes_as_pdf_and_as_dicom_of_an_unknown_patient(fake_server, visit) -> None:
    tab = visit(fake_server)
    tab.page.get_by_role("button", name="simulated film").click()
    wait_for_film(tab.page)
    for button, start in (("PDF for the patient", b"%PDF"), ("DICOM (patient unknown)", b"PK")):
        with tab.page.expect_download() as coming:
            tab.page.get_by_role("button", name=button).click()
        assert Path(coming.value.path()).read_bytes().startswith(start)
    tab.page.locator("#export-buttons").scroll_into_view_if_needed()
    tab.shot("exports")


def test_the_last_of_two_quick_choices_counts(fake_server, visit) -> None:
    page = visit(fake_server).page
    page.locator("#phantom").click()
    wait_for_film(page)
    slow_down(page)
    for finding in ("F1", "F2"):
        page.locator(f"#findings [data-finding={finding}]").click()
    page.get_by_role("radio", name="Pleural effusion (F2)").and_(page.locator(":checked")).wait_for()
    page.get_by_role("button", name="How sure are you about the pleural effusion?").wait_for()
    for reader in ("Patient", "Clinician"):
        page.get_by_role("radio", name=reader).click()
    page.wait_for_timeout(2000)
    page.get_by_role("columnheader", name="Probability").wait_for()


def test_a_film_dropped_while_another_is_read_is_not_lost(fake_server, visit) -> None:
    page = visit(fake_server).page

    def put(words: bytes) -> None:
        page.locator("#drop input[type=file]").set_input_files(
            {"name": "a.png", "mimeType": "image/png", "buffer": words}
        )

    put(b"slow film, dropped by mistake")
    page.get_by_text("Reading the film").wait_for()
    page.locator("#drop").get_by_role("button", name=re.compile("Clear|Remove")).first.click()
    put(b"not a film at all")
    page.get_by_role("alert").get_by_text("it looks like a text file").wait_for()
    assert not page.get_by_role("img", name="Frontal chest film").is_visible()
