"""The whole way in a browser: real server, real networks, real films."""

from __future__ import annotations

import json
import re
import shutil
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from chatcad import DISCLAIMER

from .steps import alert, answers, ask, drop, finished, table, wait_for_film

pytestmark = pytest.mark.browser

DICOM = "dicom/chest_pa_mono1_15bit_j2k_RG1.dcm"
PNG = "originals/nih_00005869_001.png"


def report_of(page) -> str:
    return page.locator("#report textarea").input_value()


def ratio_of(page) -> str | None:
    """Return the ratio in the table of measurements, ``None`` when it was withheld."""
    found = re.search(r"\b0\.\d\d\b", table(page, "Measurements")[0])
    return found.group() if found else None


def test_first_screen_says_what_it_is(server, visit) -> None:
    tab = visit(server)
    tab.page.get_by_text(DISCLAIMER).wait_for()
    assert "program (AI)" in tab.page.locator("#title").inner_text()
    assert tab.page.get_by_role("textbox", name="Question", exact=True).is_disabled()
    tab.shot("first_screen")
    dark = visit(server, color_scheme="dark")
    dark.shot("first_screen_dark")


def test_dicom_to_findings_overlay_report_and_two_answers(server, visit, data: Path, tmp_path: Path) -> None:
    tab = visit(server)
    page = tab.page
    film = tmp_path / "DOE_JANE_canary.dcm"
    shutil.copy(data / DICOM, film)
    drop(page, film)
    image = wait_for_film(page)
    rows = table(page, "Findings")
    assert rows
    assert all(re.match(r"\W*F\d+", row) for row in rows)
    assert len(report_of(page)) > 60
    with_lungs = image.get_attribute("src")
    page.get_by_role("checkbox", name="Lungs").uncheck()
    page.wait_for_function("was => document.querySelector('figure.film img').src !== was", arg=with_lungs)
    assert "lungs: solid line" not in page.locator("figure.film figcaption").inner_text()
    page.get_by_role("checkbox", name="Lungs").check()
    page.get_by_text("lungs: solid line").wait_for()

    said = ask(page, "How large is the heart?")
    if ratio := ratio_of(page):
        assert ratio in said
    offer = page.locator("#offers button").first
    question = offer.inner_text()
    offer.click()
    said = finished(page, 1)
    assert question in said
    assert said.count("a qualified reader must check the film") == 2
    assert answers(page).count() == 2
    tab.shot("dicom", whole=True)
    answers(page).last.click()
    page.get_by_text("Checks, sentence by sentence").last.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    tab.shot("how_it_was_made")
    page.mouse.wheel(0, 4000)
    page.wait_for_timeout(300)
    assert page.get_by_text(DISCLAIMER).first.bounding_box()["y"] >= 0, "the disclaimer scrolled away"
    kept = [f for f in server.uploads.rglob("*") if "canary" in f.name or (f.is_file() and f.stat().st_size)]
    assert kept == [], "an upload was left behind"
    assert "canary" not in server.log.read_text()
    assert page.evaluate("indexedDB.databases()") == [], "the browser keeps something of the film"
    assert page.evaluate("[...Object.values(localStorage), ...Object.values(sessionStorage)].join('').length") < 500


def test_an_edited_report_is_checked_compared_and_saved(server, visit, data: Path, tmp_path: Path) -> None:
    tab = visit(server)
    page = tab.page
    shutil.copy(data / PNG, tmp_path / "DOE_JANE_canary.png")
    drop(page, tmp_path / "DOE_JANE_canary.png")
    wait_for_film(page)
    drafted = report_of(page)
    check = page.get_by_role("button", name="Check the edited report")
    check.click()
    marks = page.get_by_role("region", name="Check of the edited report").get_by_role("listitem")
    page.get_by_text("Nothing was changed").wait_for()
    assert page.locator(".marks > li.agrees").count() == page.locator(".marks > li").count() > 2

    page.locator("#report textarea").fill(f"{drafted}\nUnchanged since the last film. Rib fracture <b>here</b>.")
    check.click()
    page.locator(".diff ins").first.wait_for()
    judged = " ".join(marks.all_inner_texts())
    assert "contradicts: change over time" in judged
    assert "not covered" in judged
    assert page.locator(".proof b", has_text="here").count() == 0
    page.get_by_role("button", name="Word the impression").click()
    page.wait_for_function("document.querySelector('#impression textarea').value.length > 20")
    for button, ending in (("Save as Markdown", "md"), ("Save as text", "txt")):
        with page.expect_download() as got:
            page.get_by_role("button", name=button).click()
        assert re.fullmatch(rf"report-[0-9a-f]{{12}}\.{ending}", got.value.suggested_filename)
        saved = Path(got.value.path()).read_text()
        assert DISCLAIMER in saved
        assert "Unchanged since the last film." in saved
        assert "canary" not in saved
    assert tab.serious() == []
    tab.shot("report_checked", whole=True)
    page.get_by_role("button", name="Back to the draft").click()
    page.wait_for_function("was => document.querySelector('#report textarea').value === was", arg=drafted)


def test_png_patient_switch_and_earlier_film(server, visit, data: Path) -> None:
    tab = visit(server, color_scheme="dark")
    page = tab.page
    drop(page, data / PNG)
    wait_for_film(page)
    page.get_by_role("radio", name="Patient").check()
    page.get_by_role("columnheader", name="Probability").wait_for(state="detached")
    said = ask(page, "What does my picture show?")
    assert not re.search(r"probability|AUROC", said.split("How this answer was made")[0])
    page.get_by_role("button", name="Compare with an earlier film").click()
    page.locator("#prior input[type=file]").set_input_files(data / "originals/nih_00000415_001.png")
    page.get_by_text("Earlier film read").wait_for()
    ask(page, "Has it changed since the earlier film?")
    tab.shot("patient_dark", whole=True)


def test_refusals_say_why_and_clear_the_former_film(server, visit, data: Path, tmp_path: Path) -> None:
    tab = visit(server)
    page = tab.page
    drop(page, data / PNG)
    wait_for_film(page)
    (tmp_path / "letter.dcm").write_text("Dear colleague, the film will follow.\n" * 40)
    drop(page, tmp_path / "letter.dcm")
    first = alert(page)
    assert "not DICOM, PNG or JPEG" in first
    page.get_by_role("img", name="Frontal chest film").wait_for(state="detached")
    assert page.get_by_role("textbox", name="Question", exact=True).is_disabled()
    shutil.copy(data / "ood/mednist_Hand_02.png", tmp_path / "hand.png")
    drop(page, tmp_path / "hand.png")
    page.get_by_role("alert").filter(has_not_text=first).first.wait_for()
    tab.shot("refused")
    drop(page, data / PNG)
    wait_for_film(page)
    assert page.get_by_role("alert").count() == 0


def test_two_visitors_at_once_see_only_their_own(server, visit, data: Path) -> None:
    one, two = visit(server), visit(server, viewport={"width": 390, "height": 844})
    drop(one.page, data / DICOM)
    drop(two.page, data / PNG)
    for tab in (one, two):
        wait_for_film(tab.page)
    assert report_of(one.page) != report_of(two.page)
    for tab, question in ((one, "Is there any sign of a mass?"), (two, "Is there a pneumothorax?")):
        box = tab.page.get_by_role("textbox", name="Question", exact=True)
        box.fill(question)
        box.press("Enter")
    said = {tab.origin + str(i): finished(tab.page, 0) for i, tab in enumerate((one, two))}
    first, second = said.values()
    assert "sign of a mass" in first
    assert "Is there a pneumothorax" not in first
    assert "Is there a pneumothorax" in second
    assert "sign of a mass" not in second
    two.shot("phone", whole=True)
    assert two.page.evaluate("document.documentElement.scrollWidth") <= 390, "the page is wider than the phone"


def test_no_programmatic_door_monitoring_or_foreign_file(server) -> None:
    def fetch(path: str) -> bytes:
        with urllib.request.urlopen(server.url + path) as answer:  # noqa: S310  -- our own server
            return answer.read()

    assert json.loads(fetch("/gradio_api/info"))["named_endpoints"] == {}
    config = json.loads(fetch("/config"))
    assert config["analytics_enabled"] is False
    assert config["run_history"] is False
    for path in (
        "/monitoring",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=app.py",
        "/gradio_api/file=../app.py",
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetch(path)
        assert refused.value.code in {403, 404}, path
