"""DICOM SEG: the outlines of lungs and heart on the film's own grid, one binary segment each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chatcad import DISCLAIMER, __version__
from chatcad.errors import ExportRefused
from chatcad.export import codes
from chatcad.export.report import Report
from chatcad.export.source import EQUIPMENT, MANUFACTURER, Source
from chatcad.types import Masks

if TYPE_CHECKING:
    from highdicom.seg import Segmentation
    from pydicom.sr.coding import Code

SERIES = 9002
_SEGMENTS: tuple[tuple[str, Code, Code | None], ...] = (
    ("Right lung", codes.LUNG, codes.SIDES["right"]),
    ("Left lung", codes.LUNG, codes.SIDES["left"]),
    ("Heart", codes.HEART, None),
)
"""In the order of `_stacked`; right and left are the patient's."""


def segmentation(report: Report, source: Source) -> Segmentation:
    """Return the masks of a study as a segmentation of its film.

    Raises
    ------
    ExportRefused
        The study has no masks, or they lie on another grid than the file's.
    """
    from highdicom import UID
    from highdicom.seg import Segmentation

    masks, header = report.study.masks, source.header
    if masks is None:
        raise ExportRefused("no network outlined this film: there is nothing to write as SEG")
    pixels = _stacked(masks, source)
    if pixels.shape[1:3] != (header.Rows, header.Columns):
        raise ExportRefused("the outlines don't lie on the file's grid: read the film again, then export")
    made = Segmentation(
        source_images=[header],
        pixel_array=pixels,
        segmentation_type="BINARY",
        segment_descriptions=[_segment(n, *s, report) for n, s in enumerate(_SEGMENTS, start=1)],
        series_instance_uid=UID(),
        series_number=SERIES,
        sop_instance_uid=UID(),
        instance_number=1,
        content_label="LUNGS_HEART",
        content_description=f"Mask quality {masks.quality:.2f} of 1",
        omit_empty_frames=False,
        series_description="ChatCAD outlines of lungs and heart",
        specific_character_set="ISO_IR 192",
        **EQUIPMENT,
    )
    made.PatientOrientation = header.get("PatientOrientation")
    made.ImageComments = DISCLAIMER
    return made


def _stacked(masks: Masks, source: Source) -> NDArray[np.uint8]:
    """Return the masks as ``(1, rows, columns, 3)`` on the file's grid."""
    planes = [source.on_file_grid(m) for m in (masks.right_lung, masks.left_lung, masks.heart)]
    return np.stack(planes, axis=-1)[None].astype(np.uint8)


def _segment(number: int, label: str, organ: Code, side: Code | None, report: Report) -> Any:
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.seg import SegmentDescription
    from highdicom.sr import CodedConcept
    from pydicom.sr.codedict import codes as known

    sha256 = report.study.run.weights_sha256.get("segmenter")
    described = SegmentDescription(
        segment_number=number,
        segment_label=label,
        segmented_property_category=codes.STRUCTURE,
        segmented_property_type=organ,
        algorithm_type="AUTOMATIC",
        algorithm_identification=AlgorithmIdentificationSequence(
            name="ChatCAD segmenter",
            family=known.DCM.ArtificialIntelligence,
            version=__version__,
            source=MANUFACTURER,
            parameters={"weights_sha256": sha256} if sha256 else None,
        ),
    )
    if side is not None:
        described.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = [
            CodedConcept.from_code(side)
        ]
    return described
