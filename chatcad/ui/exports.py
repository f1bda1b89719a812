"""The report in formats for paper and for other programs, as downloads of the page.

The upload is deleted once it is read, so the page knows no patient: its DICOM objects are a new study of an unknown
one. The command line and the DICOM service have the source and file results beside it. Nothing is written here: files
travel to the browser inside the answer.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import gradio as gr

from chatcad import observe
from chatcad.errors import ChatCADError
from chatcad.export import DICOM, Format, Report, files, zipped
from chatcad.language import spoken
from chatcad.types import Mode, Study
from chatcad.ui.identity import owner_of
from chatcad.ui.visit import Visit

Offer = Callable[[str, str, Visit, gr.Request], str]
Buttons = Mapping[gr.Button, Offer]

CLINICIAN = "for-clinicians"
"""What ``style.css`` hides while answers are for a patient: nothing of it is lost, it comes back with the switch."""
LONGEST = 8000
"""Characters of draft and impression each."""
_OFFERS: tuple[tuple[str, tuple[Format, ...], Mode], ...] = (
    ("PDF for clinicians", ("pdf",), "clinician"),
    ("PDF for the patient", ("pdf",), "patient"),
    ("FHIR (R4, R5)", ("fhir",), "clinician"),
    ("DICOM (patient unknown)", DICOM, "clinician"),
)


def export_buttons() -> Buttons:
    """Place a button a format; each one's function makes the download of what stands on the page."""
    return {
        gr.Button(words, size="sm", min_width=130, elem_classes=CLINICIAN if mode == "clinician" else None): _offer(
            wanted, mode
        )
        for words, wanted, mode in _OFFERS
    }


def _offer(wanted: tuple[Format, ...], mode: Mode) -> Offer:
    def offer(draft: str, impression: str, now: Visit, request: gr.Request) -> str:
        if now.study is None:
            return ""
        with told():
            for one in wanted:
                observe.exported(now.study, one, owner_of(request))
            return download(wanted, now.study, Words(draft, impression, mode))

    return offer


@contextmanager
def told() -> Iterator[None]:
    """Tell the visitor why there is no file; Gradio says of any other error only that there was one."""
    try:
        yield
    except ChatCADError as error:
        raise gr.Error(str(error), print_exception=False) from error


@dataclass(frozen=True, slots=True)
class Words:
    """What stands on the page: draft and impression, and for whom the file is."""

    draft: str
    impression: str
    mode: Mode


def download(wanted: tuple[Format, ...], study: Study, words: Words) -> str:
    """Return the file as JSON for the browser (``name``, ``type``, ``base64``).

    Several files come as one ZIP. A patient's document holds neither draft nor impression, but sentences made from the
    findings.

    Raises
    ------
    ExportRefused
        The film lacks what the format needs.
    """
    report = _report(study, words)
    made = {name: data for one in wanted for name, data in files(report, one).items()}
    name, data = next(iter(made.items())) if len(made) == 1 else (f"{wanted[0]}-{report.film}.zip", zipped(made))
    kind = "application/pdf" if name.endswith(".pdf") else "application/zip"
    return json.dumps({"name": name, "type": kind, "base64": base64.b64encode(data).decode("ascii")})


def _report(study: Study, words: Words) -> Report:
    if words.mode == "patient":
        return Report(study, mode="patient", language=spoken())
    draft, impression = words.draft[:LONGEST], words.impression[:LONGEST].strip()
    edited = draft.split() != study.draft_report.split() or bool(impression)
    return Report(study, draft, tuple(impression.splitlines()), edited=edited, language=spoken())
