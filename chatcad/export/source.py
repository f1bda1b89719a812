"""The film that results belong to: its header for the way back to the archive, or a new one that names nobody.

What names the patient is copied from the source file at the time of export, into DICOM objects for the same study of
the same archive, and nowhere else: no study, JSON, text, PDF or FHIR resource holds it.
"""

from __future__ import annotations

import hashlib
import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydicom import uid

from chatcad import DISCLAIMER, __version__
from chatcad.errors import ExportRefused
from chatcad.export.report import FILM_PREFIX
from chatcad.imaging.limits import Limits
from chatcad.types import Study

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# highdicom's remarks quote names of patients that it finds unusual: none may reach a log or a terminal.
logging.getLogger("highdicom").setLevel(logging.CRITICAL)
warnings.filterwarnings("ignore", module=r"highdicom(\.|$)")

MANUFACTURER = MODEL = "ChatCAD"
EQUIPMENT: dict[str, Any] = {
    "manufacturer": MANUFACTURER,
    "manufacturer_model_name": MODEL,
    "software_versions": __version__,
    "device_serial_number": "none",
}

_PATIENT = (
    "SpecificCharacterSet", "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex",
    "PatientAge", "StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber",
    "ReferringPhysicianName",
)  # fmt: skip
_IMAGE = (
    "SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "Modality", "Rows", "Columns", "PatientOrientation",
    "PixelSpacing", "ImagerPixelSpacing", "FrameOfReferenceUID", "PositionReferenceIndicator", "BurnedInAnnotation",
)  # fmt: skip
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing")
_MAY_BE_EMPTY = (
    "PatientName", "PatientID", "PatientBirthDate", "StudyDate", "StudyTime", "StudyID", "AccessionNumber",
    "ReferringPhysicianName",
)  # fmt: skip
"""Type 2 of PS3.3: they must be there."""
_NEEDED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")


_CLASSES = frozenset(
    {
        uid.ComputedRadiographyImageStorage,
        uid.DigitalXRayImageStorageForPresentation,
        uid.DigitalXRayImageStorageForProcessing,
        uid.SecondaryCaptureImageStorage,
    }
)


@dataclass(frozen=True, slots=True)
class Source:
    """The film as DICOM objects refer to it.

    ``header`` holds identity, references and grid. ``turns`` say how the reading's grid was turned from the file's
    (`chatcad.imaging.metadata.turns`). ``film`` is the image itself where the study had none of its own in DICOM: it
    is written beside what refers to it.
    """

    header: Dataset
    turns: tuple[bool, bool, bool] = (False, False, False)
    film: Dataset | None = None

    def on_file_grid(self, mask: NDArray[Any]) -> NDArray[Any]:
        """Turn an array of the reading's grid back to the file's rows and columns.

        A film that came back from the store is smaller than what was read of it (`chatcad.sessions`): the nearest
        values are taken then.
        """
        transpose, mirror, upend = self.turns
        turned = mask[:: -1 if upend else 1, :: -1 if mirror else 1]
        if self.film is not None:
            height, width = turned.shape
            turned = turned[np.ix_(_nearest(self.film.Rows, height), _nearest(self.film.Columns, width))]
        return np.ascontiguousarray(turned.T if transpose else turned)


def _nearest(count: int, of: int) -> NDArray[np.intp]:
    """Return which of so many values lie nearest to the middles of ``count`` equal parts."""
    return ((np.arange(count) + 0.5) * of / count).astype(np.intp)


def source_of(given: Path | bytes | None, study: Study) -> Source:
    """Return the source of a study's results.

    Parameters
    ----------
    given
        The file that was read, or its bytes; ``None`` where it is no longer there.
    study
        What was read from it.

    Raises
    ------
    ExportRefused
        The file is not the one that the study was read from, or its header names no study to return to.
    """
    from chatcad.imaging import dicom

    data = given.read_bytes() if isinstance(given, Path) else given
    if data is None:
        return made(study)
    if hashlib.sha256(data).hexdigest() != study.radiograph.sha256:
        raise ExportRefused("the file has changed since it was read: read it again, then export")
    return read(data) if dicom.reads(data[:132]) else made(study)


def read(data: bytes) -> Source:
    """Return the source of results for a DICOM film.

    Raises
    ------
    ExportRefused
        Its header lacks a UID that results must repeat, or it is no image of a kind that holds films.
    """
    from chatcad.imaging import dicom, metadata

    header = dicom.elements(data, (*_PATIENT, *_IMAGE), Limits(max_bytes=len(data)))
    missing = [keyword for keyword in _NEEDED if not header.get(keyword)]
    if missing:
        raise ExportRefused(f"the film's header has no {missing[0]}: results can't be filed beside it")
    if header.SOPClassUID not in _CLASSES:
        raise ExportRefused("the film's SOP class is none of CR, DX and Secondary Capture: results can't refer to it")
    return Source(_tidied(header), metadata.turns(header))


def _tidied(header: Dataset) -> Dataset:
    """Give what results must repeat a form in which it can be written: old archives bend the rules."""
    from pydicom.config import RAISE
    from pydicom.valuerep import validate_value

    from chatcad.imaging import metadata

    for element in list(header):
        try:
            for value in element.value if element.VM > 1 else [element.value]:
                validate_value(element.VR, value, RAISE)
        except ValueError:
            # Identity stays as the archive has it, or the result would land with nobody; the rest may go.
            if element.keyword not in {"PatientName", "PatientID", *_NEEDED}:
                del header[element.tag]
    if metadata.spacing(header)[0] is None:
        for keyword in _SPACINGS:
            header.pop(keyword, None)
    if header.get("PatientSex") not in {"F", "M", "O"}:
        header.PatientSex = ""
    for keyword in _MAY_BE_EMPTY:
        if keyword not in header:
            setattr(header, keyword, "")
    return header


def made(study: Study) -> Source:
    """Return a new study for a film whose source is no DICOM file, or not at hand: its patient is unknown.

    The UIDs come from the film's sha256: what is exported of one film at different times lies in one study. A film that
    came back from the store is a smaller copy, and so another image with wider spacing.
    """
    from highdicom.sc import SCImage

    film = study.radiograph
    image_name, described = ("film", "Film as read") if film.grid is None else ("copy", "Smaller copy of the film")
    spacing = film.spacing_mm
    if spacing is not None:
        rows, columns = film.pixels.shape
        spacing = spacing[0] * film.height / rows, spacing[1] * film.width / columns

    def named(what: str) -> str:
        return str(uid.generate_uid(entropy_srcs=["chatcad", film.sha256, what]))

    image = SCImage(
        pixel_array=np.rint(film.pixels * 65535).astype(np.uint16),
        photometric_interpretation="MONOCHROME2",
        bits_allocated=16,
        coordinate_system="PATIENT",
        study_instance_uid=named("study"),
        series_instance_uid=named(f"{image_name} series"),
        sop_instance_uid=named(image_name),
        series_number=1,
        instance_number=1,
        manufacturer=MANUFACTURER,
        patient_id=f"UNKNOWN-{film.sha256[:FILM_PREFIX]}",
        patient_name="UNKNOWN^FILM",
        patient_sex="",
        study_id=film.sha256[:FILM_PREFIX],
        patient_orientation=("L", "F"),
        pixel_spacing=spacing,
        series_description=f"{described}, patient unknown",
    )
    image.PatientOrientation = image.Laterality = None  # a picture file doesn't say it
    image.ImageComments = DISCLAIMER
    return Source(image, film=image)
