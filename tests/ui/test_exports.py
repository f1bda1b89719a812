"""Downloads of the page: bytes for the browser, nothing of the patient, nothing on disk."""

from __future__ import annotations

import base64
import io
import json
import zipfile

import gradio as gr
import pytest

from chatcad import observe
from chatcad.errors import AuditFailed
from chatcad.export import DICOM
from chatcad.language import speaking
from chatcad.ui.exports import Words, _offer, download
from chatcad.ui.visit import Visit
from tests.factories import make_study

from .fake import study
from .tab import BROWSER


@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_a_pdf_comes_as_it_is(mode) -> None:
    with speaking("de"):
        made = json.loads(download(("pdf",), make_study(), Words("My words.", "", mode)))
    assert made["type"] == "application/pdf"
    assert base64.b64decode(made["base64"]).startswith(b"%PDF")


def test_dicom_comes_as_one_archive_of_an_unknown_patient() -> None:
    made = json.loads(download(DICOM, study(), Words("", "", "clinician")))
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(made["base64"]))) as archive:
        assert {n.split("-")[0] for n in archive.namelist()} == {"film", "sr", "seg", "sc"}
        assert b"UNKNOWN^FILM" in archive.read(archive.namelist()[0])


def test_without_a_film_there_is_no_file() -> None:
    assert _offer(("pdf",), "clinician")("", "", Visit(), BROWSER) == ""


def test_a_file_that_cannot_be_recorded_is_not_given_and_its_visitor_is_told_why(monkeypatch) -> None:
    def full(*_: object) -> None:
        raise AuditFailed("the audit log can't be written: make room there")

    monkeypatch.setattr(observe, "exported", full)
    with pytest.raises(gr.Error, match="make room"):
        _offer(("md",), "clinician")("", "", Visit(study()), BROWSER)
