"""Why a film was asked for: from its own header, or from a file beside it, without a name.

What is told is never a fact about the film. Only words of our own lists get through (`chatcad.context`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from chatcad import context
from chatcad.errors import ContextRefused
from chatcad.imaging import dicom
from chatcad.imaging.limits import Limits

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_TOLD = (
    "ReasonForTheRequestedProcedure", "ReasonForStudy", "RequestedProcedureDescription",
    "AdmittingDiagnosesDescription", "AdditionalPatientHistory",
)  # fmt: skip
_LONGEST = 4000
_PLAIN_NAME = re.compile(r"\w[\w.-]{0,63}")


def indication(data: bytes, folder: Path | None, limits: Limits) -> str:
    """Return what is told of the patient as one line, ``""`` where nothing is.

    Parameters
    ----------
    data
        The film.
    folder
        With ``ACCESSION.json`` (a FHIR resource or Bundle) or ``ACCESSION.txt``, which count more than the header.
    limits
        As for reading the film.
    """
    header = dicom.elements(data, (*_TOLD, "RequestAttributesSequence", "AccessionNumber"), limits)
    try:
        if folder is not None and (path := _beside(str(header.get("AccessionNumber") or ""), folder)):
            return context.in_words(context.load(str(path)))
        return context.in_words(context.parse(_told(header)[:_LONGEST]))
    except ContextRefused:
        return ""  # a history that can't be read must not keep a film from being read


def _beside(accession: str, folder: Path) -> Path | None:
    if not _PLAIN_NAME.fullmatch(accession):
        return None
    return next((p for ending in ("json", "txt") if (p := folder / f"{accession}.{ending}").is_file()), None)


def _told(header: Dataset) -> str:
    items = [header, *(header.get("RequestAttributesSequence") or ())]
    said = [str(item.get(keyword) or "") for item in items for keyword in _TOLD]
    return ". ".join(dict.fromkeys(words.strip() for words in said if words.strip()))
