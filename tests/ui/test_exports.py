"""Downloads of the page: bytes for the browser, nothing of the patient, nothing on disk."""

from __future__ import annotations

import base64
import io
import json
import zipfile

import pytest

from chatcad.export import DICOM
from chatcad.language import speaking
from chatcad.ui.exports import Words, download
from chatcad.ui.visit import Visit
from tests.factories import make_study

from .fake import study


def test_without_a_film_there_is_no_file() -> None:
    assert download(("pdf",), Visit(), Words("", "", "clinician")) == ""


@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_a_pdf_comes_as_it_is(mode) -> None:
    with speaking("de"):
        made = json.loads(download(("pdf",), Visit(make_study()), Words("My words.", "", mode)))
    assert made["type"] == "application/pdf"
    assert base64.b64decode(made["base64"]).startswith(b"%PDF")


def test_dicom_comes_as_one_archive_of_an_unknown_patient() -> None:
    made = json.loads(download(DICOM, Visit(study()), Words("", "", "clinician")))
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(made["base64"]))) as archive:
        assert {n.split("-")[0] for n in archive.namelist()} == {"film", "sr", "seg", "sc"}
        assert b"UNKNOWN^FILM" in archive.read(archive.namelist()[0])
