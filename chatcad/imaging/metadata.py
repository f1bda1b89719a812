"""The allow-list: what of a DICOM header may leave this package, and what it must say for the film to be read.

It knows header vocabulary. It doesn't touch pixels. Its messages name only words of its own vocabulary and never
repeat a header's value, which may be anything, a name included.
"""

from __future__ import annotations

import math
import re
from typing import cast

from pydicom.dataset import Dataset

from chatcad.errors import ImageRefused
from chatcad.types import Sex, View

#: Read from the file beside the pixels; every other element is skipped unread.
KEYWORDS = (
    "SOPClassUID", "Modality", "PresentationIntentType", "PatientSpeciesDescription", "PatientSex", "PatientAge",
    "BodyPartExamined", "ViewPosition", "ViewCodeSequence", "PatientOrientation", "ImagerPixelSpacing",
    "PixelSpacing", "BurnedInAnnotation",
)  # fmt: skip

# CR and DX are the standard's; DR is a common misspelling of DX; RG is scanned film; OT and none are what
# secondary captures carry. PS3.3 C.7.3.1.1.1
_RADIOGRAPHY = {"CR": "CR", "DX": "DX", "DR": "DX", "RG": "RG", "OT": "OT", "": None}
_OTHER_MODALITIES = {
    "BMD", "CT", "DOC", "ECG", "ES", "IO", "IVUS", "KO", "MG", "MR", "NM", "OCT", "OP", "PR", "PT", "PX", "REG", "RF",
    "RTDOSE", "RTIMAGE", "RTPLAN", "RTSTRUCT", "SEG", "SM", "SR", "US", "XA", "XC",
}  # fmt: skip
_CHEST = re.compile(r"CHEST|THORA|TORA[XKC]|LUNG|CXR")
_HUMAN = re.compile(r"^(homo sapiens|human)?$", re.IGNORECASE)
_NOT_FRONTAL = {
    "LL", "RL", "LAT", "LATERAL", "LLAT", "RLAT", "LLO", "RLO", "LAO", "RAO", "LPO", "RPO", "OBL", "OBLIQUE",
    "LLD", "RLD", "DECUB", "DECUBITUS", "LORDOTIC",
}  # fmt: skip
# View Code Sequence, CID 4010 (SNOMED CT, and the retired SRT codes)
_VIEW_CODES: dict[str, View] = {
    "272479007": "PA", "R-10214": "PA", "399348003": "AP", "R-10206": "AP",
}  # fmt: skip
_LATERAL_CODES = {"399067008", "399173006", "399198007", "R-10232", "R-10236", "R-102CD"}

SECONDARY = "The header doesn't say that this is a radiograph."
UNPROCESSED = "The file is a raw detector image (FOR PROCESSING): its contrast differs from a finished film's."
BURNED_IN = "The header says that text is burned into the picture: it may name the patient."
BAD_SPACING = "The header's pixel spacing is not plausible and was ignored."
TURNED = "The film was turned to the usual display, patient's right on the left, as its PatientOrientation asks."


def check_kind(header: Dataset) -> tuple[str | None, tuple[str, ...]]:
    """Refuse what the header itself calls something other than a human chest radiograph.

    Returns
    -------
    modality : str or None
        ``CR``, ``DX``, ``RG`` or ``OT``.
    warnings : tuple of str
        What the reader should know of the file.

    Raises
    ------
    ImageRefused
        Another modality, body part or species. Silence is accepted: the gate looks at the picture.
    """
    modality = _word(header, "Modality")
    if modality not in _RADIOGRAPHY:
        name = modality if modality in _OTHER_MODALITIES else "Unknown modality"
        raise ImageRefused(f"{name}, not a chest radiograph: give a CR or DX film of the chest.")
    body_part = _word(header, "BodyPartExamined")
    if body_part and not _CHEST.search(body_part):
        raise ImageRefused("The header names another body part than the chest: give a frontal chest film.")
    if not _HUMAN.match(str(header.get("PatientSpeciesDescription") or "").strip()):
        raise ImageRefused("The header names an animal as the patient: give a film of a human chest.")
    remarks = {
        SECONDARY: _RADIOGRAPHY[modality] in (None, "OT"),
        UNPROCESSED: _word(header, "PresentationIntentType") == "FOR PROCESSING",
        BURNED_IN: _word(header, "BurnedInAnnotation") == "YES",
    }
    return _RADIOGRAPHY[modality], tuple(remark for remark, holds in remarks.items() if holds)


def view(header: Dataset) -> View:
    """Return the projection from ViewPosition, else from ViewCodeSequence.

    Raises
    ------
    ImageRefused
        A lateral, oblique or decubitus view.
    """
    words = set(re.findall(r"[A-Z]+", _word(header, "ViewPosition")))
    named: set[View] = {cast(View, word) for word in words & {"PA", "AP"}}
    codes = {str(item.get("CodeValue")) for item in header.get("ViewCodeSequence") or ()}
    if not words:
        named = {_VIEW_CODES[code] for code in codes & _VIEW_CODES.keys()}
    if not named and (words & _NOT_FRONTAL or codes & _LATERAL_CODES or _seen_from_the_side(header)):
        raise ImageRefused("The header says that this is not a frontal view: give the PA or AP film.")
    return named.pop() if len(named) == 1 and not words & _NOT_FRONTAL else "unknown"


def turns(header: Dataset) -> tuple[bool, bool, bool]:
    """Return how to turn the film so that rows run to the patient's left and columns to the feet.

    Returns
    -------
    transpose, mirror, upend : bool
        In this order: swap the axes, flip left and right, flip up and down. All false without a usable
        PatientOrientation (PS3.3 C.7.6.1.1.1).
    """
    along_row, down_column = _orientation(header)
    transpose = along_row in "HF" and down_column in "LR"
    if transpose:
        along_row, down_column = down_column, along_row
    if along_row not in "LR" or down_column not in "HF":
        return False, False, False
    return transpose, along_row == "R", down_column == "H"


def sex(header: Dataset) -> Sex:
    """Return the recorded sex; everything but F and M is unknown."""
    recorded = _word(header, "PatientSex")
    return cast(Sex, recorded) if recorded in ("F", "M") else "unknown"


def age_band(header: Dataset) -> str | None:
    """Return the decade of life, such as ``"50-59"``.

    Ages from 90 are pooled, as HIPAA's safe harbour asks (45 CFR 164.514(b)(2)(i)(C)).
    """
    match = re.fullmatch(r"(\d{1,3})([DWMY]?)", _word(header, "PatientAge"))
    if match is None:
        return None
    years = int(match[1]) // {"D": 365, "W": 52, "M": 12}.get(match[2], 1)
    if years > 130:
        return None
    return "90+" if years >= 90 else f"{years // 10 * 10}-{years // 10 * 10 + 9}"


def spacing(header: Dataset) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    """Return row and column spacing in mm, from PixelSpacing or else ImagerPixelSpacing.

    Returns
    -------
    spacing : tuple of float or None
        ``None`` where absent, outside 0.01 to 5 mm, or more than 5 % from square.
    warnings : tuple of str
        Says so when a value was there and was ignored.
    """
    recorded = [pair for name in ("PixelSpacing", "ImagerPixelSpacing") if (pair := _pair(header, name))]
    for row, column in recorded:
        if 0.01 <= row <= 5 and 0.01 <= column <= 5 and abs(row / column - 1) <= 0.05:
            return (row, column), ()
    return None, (BAD_SPACING,) if recorded else ()


def _pair(header: Dataset, name: str) -> tuple[float, float] | None:
    """Return an element's two numbers; NaN where something else is written, ``None`` where nothing is."""
    try:
        if not (value := header.get(name)):
            return None
        row, column = map(float, value)
    except (TypeError, ValueError):  # one number, or a decimal comma: no reason to refuse the film
        return math.nan, math.nan
    return row, column


def _word(header: Dataset, name: str) -> str:
    return str(header.get(name) or "").strip().upper()


def _orientation(header: Dataset) -> tuple[str, str]:
    """Return the main direction of rows and of columns, one letter each; ``"?"`` where there is none."""
    value = header.get("PatientOrientation") or ()
    first, second = (str(v).strip().upper()[:1] or "?" for v in value) if len(value) == 2 else ("?", "?")
    return first, second


def _seen_from_the_side(header: Dataset) -> bool:
    return bool(set(_orientation(header)) & {"A", "P"})
