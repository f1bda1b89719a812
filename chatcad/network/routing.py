"""Which received objects are read: chest films of people, and nothing that this program made.

It knows headers. It reads a handful of elements and hands on none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydicom import uid

from chatcad.errors import ImageRefused
from chatcad.export.source import MANUFACTURER
from chatcad.imaging import dicom, metadata
from chatcad.imaging.limits import Limits

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Verdict = Literal["read", "own result", "no radiograph", "not a frontal chest film"]

FILM_CLASSES = (
    uid.ComputedRadiographyImageStorage,
    uid.DigitalXRayImageStorageForPresentation,
)
RESULT_CLASSES = (uid.ComprehensiveSRStorage, uid.SegmentationStorage, uid.SecondaryCaptureImageStorage)

_KEYWORDS = (
    "SOPClassUID", "SOPInstanceUID", "Manufacturer", "Modality", "PatientSpeciesDescription", "BodyPartExamined",
    "ViewPosition", "ViewCodeSequence", "PatientOrientation", "PresentationIntentType", "BurnedInAnnotation",
    "PixelData",
)  # fmt: skip


def header_of(data: bytes, limits: Limits) -> Dataset:
    """Return the elements that routing looks at, and the encoded pixels.

    Raises
    ------
    ImageRefused
        The file is damaged.
    """
    return dicom.elements(data, _KEYWORDS, limits)


def route(header: Dataset) -> Verdict:
    """Return what is to be done with an object: ``"read"``, or why not.

    A header that is silent on body part or view is read: the gate looks at the picture.
    """
    if str(header.get("Manufacturer") or "") == MANUFACTURER:
        return "own result"
    if header.get("SOPClassUID") not in FILM_CLASSES:
        return "no radiograph"
    try:
        metadata.check_kind(header)
        metadata.view(header)
    except ImageRefused:
        return "not a frontal chest film"
    return "read"
