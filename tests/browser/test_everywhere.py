"""The page on a phone, at 200% zoom, in the dark, by keyboard alone, in another language, and with two films."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .steps import ask, drop, finished, table, wait_for_film

pytestmark = pytest.mark.browser

SIZES = {
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True},
    "zoom_200": {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
    "tablet": {"viewport": {"width": 820, "height": 1180}, "has_touch": True},
    "dark": {"color_scheme": "dark"},
    "desk_1400": {"viewport": {"width": 1400, "height": 900}},
}
CUT_OFF = """() => [...document.querySelectorAll('body *')].filter(e => {
  const box = e.getBoundingClientRect();
  const aside = e.closest('[aria-hidden=true], thead, .sr-only, .eta-bar');
  const hidden = aside || getComputedStyle(e).visibility === 'hidden';
  return box.width > 1 && box.height > 1 && !hidden && (box.right > innerWidth + 1 || box.left < -1);
}).map(e => `${e.tagName}.${e.className} ${e.textContent.slice(0, 40)}`)"""


def phantom(page) -> None:
    page.locator("#phantom").click()
    wait_for_film(page)


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_cut_off_and_the_chat_works_at_every_size(fake_server, visit, size: str) -> None:
    tab = visit(fake_server, **SIZES[size])
    page = tab.page
    assert page.evaluate(CUT_OFF) == []
    assert tab.serious() == []
    phantom(page)
    page.get_by_role("button", name="Compare with an earlier film").click()
    page.locator("#prior input[type=file]").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"x"})
    page.locator("figure.pair").wait_for()
    ask(page, "How large is the heart?")
    assert page.evaluate(CUT_OFF) == []
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"
    inner = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    assert page.evaluate(inner) == 0, "a table scrolls sideways"
    chat = page.locator("#chat").bounding_box()
    assert chat["height"] >= 280
    assert chat["width"] >= min(width, 500) * 0.85
    assert tab.serious() == []
    tab.shot(f"everywhere_{size}", whole=True)


def test_the_two_switches_stand_on_one_line_on_a_desk(fake_server, visit) -> None:
    page = visit(fake_server, **SIZES["desk_1400"]).page
    rows = {round(label.bounding_box()["y"]) for label in page.locator("#switches label").all()}
    assert len(rows) == 1


def test_what_was_found_stands_above_the_film_and_shows_where(fake_server, visit) -> None:
    page = visit(fake_server, viewport={"width": 1280, "height": 720}).page
    phantom(page)
    glance = page.get_by_role("region", name="At a glance")
    box = glance.bounding_box()
    assert box["y"] + box["height"] < 720, "it is out of sight"
    assert "Cardiomegaly likely" in " ".join(glance.inner_text().split())
    glance.get_by_role("button", name="Pleural effusion").click()
    page.get_by_role("radio", name="Pleural effusion (F2)").and_(page.locator(":checked")).wait_for()
    page.get_by_role("radio", name="Patient").check()
    glance.get_by_text("A heart that looks bigger than usual").wait_for()


def test_an_answer_is_read_from_its_first_sentence(fake_server, visit) -> None:
    page = visit(fake_server, viewport={"width": 1280, "height": 720}).page
    phantom(page)
    for question in ("How large is the heart?", "And what next?"):
        ask(page, question)
        log = page.locator("#chat [role=log]")
        assert log.evaluate("e => e.scrollHeight > e.clientHeight"), "the answer is too short for this test"
        asked, chat = page.locator("#chat .user-row").last.bounding_box(), log.bounding_box()
        assert chat["y"] <= asked["y"] < chat["y"] + chat["height"] / 2, question
    log.hover()
    page.mouse.wheel(0, -5000)
    page.wait_for_function("() => document.querySelector('#chat [role=log]').scrollTop === 0")
    page.get_by_role("radio", name="Deutsch").check()
    page.get_by_role("region", name="Befunde").wait_for()
    assert log.evaluate("e => e.scrollTop") == 0, "who scrolls is left alone"


def test_a_choice_is_seen_while_the_pointer_is_on_it(fake_server, visit) -> None:
    page = visit(fake_server).page
    choice = page.get_by_role("radio", name="Patient")
    choice.click()
    colour = "e => getComputedStyle(e).backgroundColor"
    assert choice.evaluate(colour) == page.get_by_role("radio", name="English").evaluate(colour)


def test_the_keyboard_reaches_drop_findings_question_and_report(fake_server, visit) -> None:
    page = visit(fake_server).page
    reached = []
    while "phantom" not in reached and len(reached) < 12:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.closest('[id]')?.id ?? ''"))
    assert "phantom" in reached, reached
    assert page.evaluate("!!document.querySelector('#drop button')"), "the drop zone is no button"
    page.keyboard.press("Enter")
    wait_for_film(page)
    order = []
    for _ in range(80):
        page.keyboard.press("Tab")
        place = page.evaluate(
            "['#findings .pick', '#report', '#ask'].find(p => document.activeElement.closest(p)) ?? ''"
        )
        if place and (not order or order[-1] != place):
            order.append(place)
        if place == "#ask":
            break
    assert order == ["#findings .pick", "#report", "#ask"]
    page.keyboard.type("How large is the heart?")
    page.keyboard.press("Enter")
    assert "How large is the heart?" in finished(page, 0)
    for key, place in (("L", "#findings .pick"), ("R", "#report"), ("F", "#drop"), ("Q", "#ask")):
        page.keyboard.press(f"Alt+Shift+{key}")
        assert page.evaluate(f"!!document.activeElement.closest('{place}')"), key


def test_the_first_steps_are_closed_for_this_page_only(fake_server, visit) -> None:
    page = visit(fake_server).page
    tour = page.get_by_role("region", name="First steps")
    tour.locator("ol > li").first.wait_for()
    assert len(tour.locator("ol > li").all()) == 3
    tour.get_by_role("button", name="Close").click()
    tour.wait_for(state="hidden")
    page.get_by_role("radio", name="Deutsch").check()
    page.get_by_text("Was es nicht kann").wait_for()
    assert not page.get_by_role("region", name="Erste Schritte").is_visible()
    page.reload()
    page.get_by_role("region", name="First steps").wait_for()


def test_the_page_is_said_in_the_language_chosen_while_a_film_is_there(fake_server, visit) -> None:
    tab = visit(fake_server)
    page = tab.page
    phantom(page)
    ask(page, "How large is the heart?")
    page.get_by_role("radio", name="Deutsch").check()
    page.get_by_role("region", name="Befunde").wait_for()
    assert any("wahrscheinlich" in row for row in table(page, "Befunde"))
    assert page.get_by_role("button", name="Fragen", exact=True).is_enabled()
    page.get_by_role("button", name="Wie sicher ist der Befund Kardiomegalie?").wait_for()
    page.get_by_text("Lungen: durchgezogen").wait_for()
    page.get_by_role("radio", name="Patienten").check()
    page.get_by_role("columnheader", name="Wahrscheinlichkeit").wait_for(state="detached")
    page.get_by_role("button", name="Was bedeutet ein Herz").wait_for()
    assert tab.serious() == []
    tab.shot("german", whole=True)
    page.get_by_role("radio", name="Español").check()
    page.get_by_role("button", name="Preguntar", exact=True).wait_for()
    buttons = "#ask button, #offers button, #report-buttons button"
    cut = f"[...document.querySelectorAll('{buttons}')].filter(b => b.scrollWidth > b.clientWidth + 1).length"
    assert page.evaluate(cut) == 0
    page.get_by_role("radio", name="English").check()
    page.get_by_role("region", name="Findings").wait_for()


def test_two_real_films_are_aligned_and_compared_and_nobody_else_is_asked(server, visit, data: Path) -> None:
    tab = visit(server, color_scheme="dark")
    page = tab.page
    drop(page, data / "originals/nih_00009107_006.png")
    wait_for_film(page)
    page.get_by_role("button", name="Compare with an earlier film").click()
    page.locator("#prior input[type=file]").set_input_files(data / "originals/nih_00000415_001.png")
    pair = page.locator("figure.pair")
    pair.get_by_text("Earlier film, aligned").wait_for()
    rows = table(page, "What changed")
    assert any(re.search(r"Cardiothoracic ratio.*0\.\d\d.*0\.\d\d.*[+-]0\.\d\d", row, re.S) for row in rows)
    pair.locator(".frame").first.hover()
    spots = [s.bounding_box() for s in pair.locator(".spot").all()]
    frames = [f.bounding_box() for f in pair.locator(".frame").all()]
    places = [
        ((s["x"] - f["x"]) / f["width"], (s["y"] - f["y"]) / f["height"]) for s, f in zip(spots, frames, strict=True)
    ]
    assert places[0] == pytest.approx(places[1], abs=0.01)
    was = pair.locator("img").first.get_attribute("src")
    page.get_by_role("checkbox", name="Lungs").uncheck()
    page.wait_for_function("was => document.querySelector('figure.pair img').src !== was", arg=was)
    assert "On the earlier film" in ask(page, "Has it changed since the earlier film?")
    assert tab.serious() == []
    tab.shot("two_films", whole=True)
    page.get_by_role("button", name="Remove the earlier film").click()
    pair.wait_for(state="detached")
