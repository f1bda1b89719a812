"""The report in formats for paper and for other programs, as downloads of the page.

The upload is deleted once it is read, so the page knows no patient: its DICOM objects are a new study of an unknown
one. The command line and the DICOM service have the source and file results beside it. Nothing is written here: files
travel to the browser inside the answer.
"""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from functools import partial

import gradio as gr

from chatcad.errors import ChatCADError
from chatcad.export import DICOM, Format, Report, files
from chatcad.types import Language, Mode
from chatcad.ui.visit import Visit

Buttons = Mapping[gr.Button, Callable[..., str]]

_OFFERS: tuple[tuple[str, tuple[Format, ...], Mode], ...] = (
    ("PDF for clinicians", ("pdf",), "clinician"),
    ("PDF for the patient", ("pdf",), "patient"),
    ("FHIR (R4, R5)", ("fhir",), "clinician"),
    ("DICOM (patient unknown)", DICOM, "clinician"),
)


def export_buttons() -> Buttons:
    """Place a button a format; each one's function makes the download of what stands on the page."""
    with gr.Row(elem_id="export-buttons"):
        return {
            gr.Button(words, size="sm", min_width=140): partial(download, wanted, mode)
            for words, wanted, mode in _OFFERS
        }


def download(  # noqa: PLR0917  -- Gradio passes components by position
    wanted: tuple[Format, ...], mode: Mode, draft: str, impression: str, now: Visit, language: Language
) -> str:
    """Return the file as JSON for the browser (``name``, ``type``, ``base64``), ``""`` without a film.

    Several files come as one ZIP.

    Parameters
    ----------
    wanted, mode
        Formats, and for whom.
    draft, impression
        As they stand on the page; a patient's document holds neither, but sentences made from the findings.
    now, language
        The visit, and the language of the fixed words.
    """
    if now.study is None:
        return ""
    edited = " ".join(draft.split()) != " ".join(now.study.draft_report.split()) or bool(impression.strip())
    written = Report(now.study, draft, tuple(impression.strip().splitlines()), edited=edited, language=language)
    report = written if mode == "clinician" else Report(now.study, mode="patient", language=language)
    try:
        made = {name: data for one in wanted for name, data in files(report, one).items()}
    except ChatCADError as error:
        raise gr.Error(str(error), print_exception=False) from error
    name, data = next(iter(made.items())) if len(made) == 1 else (f"{wanted[0]}-{report.film}.zip", _zipped(made))
    kind = "application/pdf" if name.endswith(".pdf") else "application/zip"
    return json.dumps({"name": name, "type": kind, "base64": base64.b64encode(data).decode("ascii")})


def _zipped(made: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in made.items():
            archive.writestr(name, data)
    return buffer.getvalue()
