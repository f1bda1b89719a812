"""Films and talks that come back: after a reload, after a restart, for their own visitor only."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from evaluation.server import serve

from .steps import answers, ask, drop, finished, table, wait_for_film

pytestmark = pytest.mark.browser


def simulated(page) -> None:
    page.get_by_role("button", name="simulated film").click()
    wait_for_film(page)


def opened(page):
    """Open the list and return it."""
    page.get_by_role("button", name="Your films and talks").click()
    talks = page.locator(".talks")
    talks.locator("li").first.wait_for()
    return talks


def told(page) -> str:
    """Return the chat's words without those of its buttons' state."""
    return page.locator("#chat").inner_text()


def test_a_reload_brings_back_film_findings_overlay_talk_marks_and_passages(fake_server, visit) -> None:
    tab = visit(fake_server)
    page = tab.page
    simulated(page)
    ask(page, "How large is the heart?")
    page.get_by_role("radio", name="Patient").check()
    ask(page, "Is it dangerous?")
    chat, drawn, found = told(page), wait_for_film(page).get_attribute("src"), table(page, "Findings")
    page.reload()
    answers(page).nth(1).wait_for()
    assert told(page) == chat
    assert wait_for_film(page).get_attribute("alt").startswith("Frontal chest film, view AP, with lung outlines")
    assert abs(len(wait_for_film(page).get_attribute("src")) - len(drawn)) < 0.01 * len(drawn)
    assert table(page, "Findings") == found
    assert page.get_by_role("radio", name="Patient").is_checked()
    assert page.get_by_text("a simulated film, drawn by ChatCAD").is_visible()
    page.locator("#chat").get_by_role("link", name="P1").first.click()
    assert page.locator("#chat blockquote").first.inner_text() == "An AP film magnifies the heart."
    page.locator(".pick[data-finding=F2]").click()
    page.get_by_role("radio", name="Pleural effusion (F2)").and_(page.locator(":checked")).wait_for()
    assert ask(page, "And what next?").count("How this answer was made") == 3
    assert page.evaluate("Object.keys(localStorage)") == ["chatcad-visitor"]
    assert "Cardiomegaly" not in page.evaluate("JSON.stringify({...localStorage, ...sessionStorage}) + document.cookie")


def test_a_real_film_and_its_real_answer_come_back(server, visit, data: Path, tmp_path: Path) -> None:
    tab = visit(server)
    page = tab.page
    film = tmp_path / "DOE_JANE_canary.dcm"
    shutil.copy(data / "dicom" / "chest_pa_mono1_15bit_j2k_RG1.dcm", film)
    drop(page, film)
    wait_for_film(page)
    chat, found, measured = ask(page, "How large is the heart?"), table(page, "Findings"), table(page, "Measurements")
    remarks = page.locator("#remarks").inner_text()
    page.reload()
    answers(page).first.wait_for()
    assert told(page) == chat
    assert (table(page, "Findings"), table(page, "Measurements")) == (found, measured)
    assert page.locator("#remarks").inner_text() == remarks
    assert "1841 × 1955 pixels" in remarks, "the size is the film's, though a smaller picture is kept"
    assert "canary" not in opened(page).inner_text()
    tab.shot("history_real_film")


def test_two_visitors_do_not_see_each_others_talks(fake_server, visit) -> None:
    ann, bob = visit(fake_server), visit(fake_server)
    simulated(ann.page)
    ask(ann.page, "How large is the heart of Ann?")
    simulated(bob.page)
    ask(bob.page, "And that of Bob?")
    for own, other, tab in (("Ann", "Bob", ann), ("Bob", "Ann", bob)):
        tab.page.reload()
        answers(tab.page).first.wait_for()
        assert opened(tab.page).locator("li").count() == 1
        assert own in told(tab.page)
        assert f"of {other}" not in tab.page.content()


def test_new_talk_open_rename_and_delete_by_keyboard(fake_server, visit) -> None:
    tab = visit(fake_server)
    page = tab.page
    simulated(page)
    ask(page, "The first question?")
    talks = opened(page)
    new = page.get_by_role("button", name="New talk about this film")
    new.focus()
    page.keyboard.press("Enter")
    page.get_by_text("Ask about the film").wait_for()
    assert talks.locator("li").count() == 2
    assert talks.locator("section").count() == 1, "both are about one film"
    assert new.is_disabled()
    ask(page, "The second question?")
    talks.get_by_text("1 question,").nth(1).wait_for()

    talks.get_by_role("button", name="Rename").first.focus()
    page.keyboard.press("Enter")
    title = page.get_by_label("Title (no patient’s name)")
    title.wait_for()
    page.wait_for_function("document.activeElement.closest('#rename')")
    assert title.input_value().startswith("Simulated film, ")
    tab.shot("history_rename")
    assert tab.serious() == []
    title.fill("About <b>size</b>")
    page.keyboard.press("Enter")
    talks.get_by_role("button", name="About <b>size</b>", exact=True).wait_for()
    assert not title.is_visible()

    talks.locator("li:not([aria-current]) button.open").focus()
    page.keyboard.press("Enter")
    page.locator("#chat").get_by_text("The first question?").wait_for()
    assert "The second question?" not in told(page)
    assert talks.locator("li[aria-current]").count() == 1

    talks.locator("li[aria-current]").get_by_role("button", name="Delete").focus()
    page.keyboard.press("Enter")
    page.get_by_text("It can’t be brought back").wait_for()
    page.wait_for_function("document.activeElement.textContent.includes('Keep it')")
    tab.shot("history_delete")
    assert tab.serious() == []
    page.keyboard.press("Enter")
    page.get_by_text("It can’t be brought back").wait_for(state="hidden")
    assert talks.locator("li").count() == 2, "kept"
    talks.locator("li[aria-current]").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    page.get_by_role("heading", name="What it does").wait_for()
    assert talks.locator("li").count() == 1
    page.reload()
    answers(page).first.wait_for()
    assert "The second question?" in told(page)


def test_a_restart_brings_it_back_and_phone_width_shows_the_list(chromium, visit, tmp_path: Path) -> None:
    script = Path(__file__).with_name("fake_app.py")
    with serve(script, tmp_path, tmp_path / "cache") as server:
        tab = visit(server)
        simulated(tab.page)
        chat = ask(tab.page, "How large is the heart?")
        token = tab.page.evaluate("localStorage['chatcad-visitor']")
        tab.page.close()
    with serve(script, tmp_path, tmp_path / "cache") as server:
        tab = visit(server, viewport={"width": 390, "height": 844})
        page = tab.page
        page.wait_for_function("localStorage['chatcad-visitor']")
        page.evaluate(f"localStorage['chatcad-visitor'] = {json.dumps(token)}")  # another port is another origin
        page.reload()
        wait_for_film(page)
        tab.complaints.clear()  # the reload cut the stream that tells of loading
        answers(page).first.wait_for()
        assert told(page) == chat
        opened(page)
        tab.shot("history_phone")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert tab.serious() == []
        page.close()


def test_stopped_and_cleared_talks_come_back_as_they_were_left(fake_server, visit) -> None:
    tab = visit(fake_server)
    page = tab.page
    simulated(page)
    ask(page, "One?")
    box = page.get_by_role("textbox", name="Question", exact=True)
    box.fill("Two?")
    box.press("Enter")
    page.locator("#chat .bot p").get_by_text("Cardiomegaly is likely").nth(1).wait_for()
    page.reload()
    answers(page).first.wait_for()
    assert "Two?" not in told(page), "a half answer is not brought back"
    tab.complaints.clear()  # the answer's stream was cut by the reload
    page.get_by_role("button", name="Retry").last.click()
    page.get_by_role("button", name="Stop").and_(page.locator(":enabled")).wait_for()
    finished(page, 0)
    page.get_by_role("button", name="Clear").last.click()
    page.get_by_text("Ask about the film").wait_for()
    opened(page).get_by_text("0 questions").wait_for()
    page.reload()
    wait_for_film(page)
    page.get_by_text("Ask about the film").wait_for()
