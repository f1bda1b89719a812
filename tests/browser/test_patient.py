"""A page for a patient: words, and the patient's PDF; the clinician's report waits behind the switch."""

from __future__ import annotations

import pytest

from .conftest import settle
from .steps import ask, show_phantom, wait_for_film

pytestmark = pytest.mark.browser

FOR_CLINICIANS = (
    "#report", "#impression", "#report-buttons", "#measurements", "#design", "#export-buttons .for-clinicians",
)  # fmt: skip


def shown(page) -> list[str]:
    return [place for place in FOR_CLINICIANS if page.locator(place).first.is_visible()]


def test_a_patient_sees_no_measurement_and_no_report_and_edits_come_back(fake_server, visit) -> None:
    tab = visit(fake_server)
    page = tab.page
    show_phantom(page)
    page.get_by_role("button", name="How the findings are told").click()
    page.locator("#design").wait_for()
    assert shown(page) == list(FOR_CLINICIANS)
    page.locator("#report textarea").fill("Edited by a reader.")
    page.get_by_role("radio", name="Patient").check()
    assert shown(page) == []
    assert page.locator("#export-buttons button:visible").all_inner_texts() == ["PDF for the patient"]
    with page.expect_download():
        page.get_by_role("button", name="PDF for the patient").click()
    tab.shot("patient", whole=True)
    for language, offered in (("Deutsch", "PDF für Patienten"), ("Español", "PDF para el paciente")):
        page.get_by_role("radio", name=language).check()
        page.get_by_role("button", name=offered).wait_for()
        assert shown(page) == []
    page.locator("#switches input[value=clinician]").check()
    assert shown(page) == list(FOR_CLINICIANS)
    assert page.locator("#report textarea").input_value() == "Edited by a reader."


def test_a_patients_talk_comes_back_as_a_patients_page(fake_server, visit) -> None:
    page = visit(fake_server).page
    show_phantom(page)
    page.get_by_role("radio", name="Patient").check()
    ask(page, "What does the picture show?")
    page.wait_for_timeout(1000)
    page.reload()
    settle(page)
    wait_for_film(page)
    assert page.locator("#switches input[value=patient]").is_checked()
    assert shown(page) == []
