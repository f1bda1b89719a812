"""The film's viewer: pointing by mouse, touch and keys; zoom, greys, the wipe; findings and sentences that light up."""

from __future__ import annotations

import pytest

from .steps import ask, drag, finished, on_film, show_phantom, wait_for_film

pytestmark = pytest.mark.browser


def asked_box(page) -> list[float]:
    """Return the edges of the box that the film shows as asked about."""
    rect = page.locator("svg.region rect")
    rect.wait_for(state="attached")
    x, y, width, height = (float(rect.get_attribute(name)) for name in ("x", "y", "width", "height"))
    return [x, y, x + width, y + height]


def width_of(page, selector: str) -> float:
    return page.locator(selector).bounding_box()["width"]


def lit(page) -> list[str]:
    return page.evaluate("[...(CSS.highlights.get('said') ?? [])].map(range => range.toString())")


def test_a_clicked_point_is_asked_about_and_stays_marked(fake_server, visit) -> None:
    tab = visit(fake_server)
    page = tab.page
    show_phantom(page)
    page.get_by_role("button", name="What is here?").click()
    page.get_by_text("First choose a place on the film").wait_for()
    page.mouse.click(*on_film(page, 0.3, 0.5))
    assert page.locator(".sheet .cross").is_visible()
    page.get_by_text("30% across, 50% down").wait_for()
    page.get_by_role("button", name="What is here?").click()
    said = finished(page, 0)
    assert "What is here?" in said
    assert "The marked part is on the right." in said
    page.get_by_text("R1, the part that was asked about").wait_for()
    assert "M0.288" in page.locator("svg.region .point").get_attribute("d")
    assert not page.locator(".sheet .cross").is_visible()
    assert tab.serious() == []
    tab.shot("what_is_here")
    page.get_by_role("button", name="Retry").last.click()
    page.get_by_role("button", name="Stop").and_(page.locator(":enabled")).wait_for()
    assert finished(page, 0).count("The marked part is on the right.") == 1, "asked again, it is of the same part"
    page.get_by_role("button", name="clear").last.click()
    page.locator("svg.region .point").wait_for(state="detached")


def test_a_box_is_drawn_by_mouse_and_by_keys(fake_server, visit) -> None:
    page = visit(fake_server).page
    viewer = show_phantom(page)
    draw = page.get_by_role("button", name="Draw a box")
    draw.click()
    assert draw.get_attribute("aria-pressed") == "true"
    drag(page, (0.6, 0.3), (0.8, 0.6))
    assert draw.get_attribute("aria-pressed") == "false"
    assert page.locator(".sheet .box").is_visible()
    viewer.press("Enter")
    assert "The marked part is on the left." in finished(page, 0)
    assert asked_box(page) == pytest.approx([0.6, 0.3, 0.8, 0.6], abs=0.01)

    viewer.focus()
    for key in ["ArrowLeft"] * 6 + ["ArrowUp"] * 3 + ["Shift+ArrowLeft"] * 5 + ["Shift+ArrowUp"] * 4:
        page.keyboard.press(key)
    page.get_by_text("Box from 28 to 38% across, 36 to 44% down.").wait_for()
    page.keyboard.press("Enter")
    finished(page, 1)
    page.wait_for_function("document.querySelector('svg.region rect')?.getAttribute('x') < 0.3")
    assert asked_box(page) == pytest.approx([0.28, 0.36, 0.38, 0.44], abs=0.001)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    assert not page.locator(".sheet .cross").is_visible()


def test_a_tap_marks_a_place_and_a_finger_still_scrolls_the_page(fake_server, visit) -> None:
    tab = visit(fake_server, viewport={"width": 390, "height": 844}, has_touch=True)
    page = tab.page
    show_phantom(page)
    page.touchscreen.tap(*on_film(page, 0.7, 0.4))
    page.get_by_text("70% across, 40% down").wait_for()
    whole = width_of(page, ".sheet")
    middle, row = on_film(page, 0.5, 0.5)
    fingers = page.context.new_cdp_session(page)
    for kind, apart in (("touchStart", 30), ("touchMove", 60), ("touchMove", 75), ("touchEnd", None)):
        points = (
            [] if apart is None else [{"x": middle + side * apart, "y": row, "id": i} for i, side in enumerate((-1, 1))]
        )
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert width_of(page, ".sheet") == pytest.approx(2.5 * whole, rel=0.05), "two fingers zoom"
    assert page.evaluate("getComputedStyle(document.querySelector('.stage')).touchAction") == "none"
    page.get_by_role("button", name="Whole film").click()  # on a busy machine a tap lasts, and is a long press
    page.wait_for_function("getComputedStyle(document.querySelector('.stage')).touchAction === 'pan-y'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "the page is wider than the phone"
    tab.shot("viewer_phone")


def test_zoom_and_pan_keep_the_overlay_on_the_film(fake_server, visit) -> None:
    page = visit(fake_server).page
    viewer = show_phantom(page)
    whole = width_of(page, ".sheet")
    x, y = on_film(page, 0.5, 0.5)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -100)
    page.wait_for_timeout(200)
    assert width_of(page, ".sheet") == whole, "a page that is scrolled past must not zoom"
    viewer.focus()
    page.keyboard.press("+")
    page.get_by_role("button", name="Zoom in").click()
    assert width_of(page, ".sheet") == pytest.approx(1.96 * whole, rel=0.01)
    assert page.locator(".stage .side.left").inner_text() == "R", "the side stays in sight"
    before = page.locator(".sheet").bounding_box()["x"]
    drag(page, (0.4, 0.5), (0.45, 0.5))
    assert page.locator(".sheet").bounding_box()["x"] > before + 20
    page.locator("#findings").get_by_role("button", name="Pleural effusion").click()
    page.get_by_role("button", name="How sure are you about the pleural effusion?").wait_for()
    boxes = [page.locator(f".sheet {part}").bounding_box() for part in (".over", ".plain", "svg.region")]
    assert boxes[0] == boxes[1] == boxes[2]
    assert boxes[0]["width"] > 1.9 * whole, "another heat map keeps the view"
    page.mouse.dblclick(*on_film(page, 0.5, 0.5))
    assert width_of(page, ".sheet") == pytest.approx(whole)
    viewer.focus()
    page.keyboard.press("+")
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    cross, stage = (page.locator(part).bounding_box() for part in (".cross", ".stage"))
    assert cross["x"] < stage["x"] + stage["width"], "the film follows the cross"
    page.keyboard.press("0")
    assert width_of(page, ".sheet") == pytest.approx(whole)


def test_greys_change_by_dragging_and_the_wipe_uncovers_the_original(fake_server, visit) -> None:
    page = visit(fake_server).page
    show_phantom(page)
    film = wait_for_film(page)
    before = film.get_attribute("src")
    drag(page, (0.5, 0.5), (0.3, 0.6), keys="Shift")
    page.wait_for_function("was => document.querySelector('.sheet .over').src !== was", arg=before)
    figure = page.locator("figure.film")
    assert float(figure.get_attribute("data-window")) == pytest.approx(0.8, abs=0.03)
    assert float(figure.get_attribute("data-level")) == pytest.approx(0.6, abs=0.03)
    page.get_by_role("button", name="Brightness, contrast, inversion").click()
    assert (
        page.get_by_role("spinbutton", name="Window").input_value()
        == f"{100 * float(figure.get_attribute('data-window')):.0f}"
    )
    wipe = page.get_by_role("slider", name="From the original film to the marked one")
    wipe.focus()
    page.keyboard.press("Home")
    assert page.evaluate("getComputedStyle(document.querySelector('.over')).clipPath") == "inset(0px 100% 0px 0px)"
    page.keyboard.press("End")
    page.keyboard.press("PageDown")
    page.get_by_role("checkbox", name="Lungs").uncheck()
    page.get_by_text("lungs: solid line").wait_for(state="detached")
    assert page.evaluate("getComputedStyle(document.querySelector('.over')).clipPath") == "inset(0px 10% 0px 0px)"


def test_findings_and_sentences_light_each_other_up(fake_server, visit) -> None:
    tab = visit(fake_server)
    page = tab.page
    show_phantom(page)
    ask(page, "How large is the heart?")
    page.locator("#findings").get_by_role("button", name="Cardiomegaly", exact=True).click()
    assert lit(page) == ["Cardiomegaly is likely (0.82)."]
    ask(page, "And again?")
    assert lit(page) == ["Cardiomegaly is likely (0.82)."] * 2
    tab.shot("sentence_lit")
    page.locator("#findings").get_by_role("button", name="Pleural effusion", exact=True).click()
    assert lit(page) == []
    page.locator("#chat").get_by_role("link", name="F1").last.focus()
    page.keyboard.press("Enter")
    page.locator("#findings").get_by_role("button", name="Cardiomegaly", exact=True, pressed=True).wait_for()
    page.get_by_role("radio", name="Cardiomegaly (F1)").and_(page.locator(":checked")).wait_for()
    assert page.evaluate("document.activeElement.dataset.finding") == "F1"
    assert lit(page) == ["Cardiomegaly is likely (0.82)."] * 2
    page.locator("#chat").get_by_role("link", name="M1").last.click()
    assert page.evaluate("document.activeElement.dataset.fact") == "M1"
    assert tab.serious() == []


def test_a_chosen_finding_stays_chosen_when_the_reader_changes(fake_server, visit) -> None:
    page = visit(fake_server).page
    show_phantom(page)
    page.locator("#findings").get_by_role("button", name="Pleural effusion").click()
    page.get_by_role("button", name="How sure are you about the pleural effusion?").wait_for()
    page.get_by_role("radio", name="Patient").check()
    page.get_by_role("columnheader", name="Probability").wait_for(state="detached")
    assert page.locator(".pick[aria-pressed=true]").get_attribute("data-finding") == "F2"


def test_each_curve_is_told_in_words_and_what_was_not_measured_is_not_drawn(fake_server, visit) -> None:
    tab = visit(fake_server, color_scheme="dark")
    page = tab.page
    show_phantom(page)
    curves = page.get_by_role("region", name="Findings").locator("svg.curve")
    assert curves.count() == 3
    told = curves.first.get_attribute("aria-label")
    assert told.startswith("Reliability on 1045 films not trained on: given 0.00, 0% had it (n 131)")
    assert "this film 0.82, threshold 0.50" in told.lower()
    assert page.get_by_text("no curve was measured").count() == 1
    assert tab.serious() == []
    tab.shot("viewer_dark", whole=True)
