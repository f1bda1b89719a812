"""DICOM Secondary Capture: the film with its outlines drawn, for viewers that show no SEG."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from chatcad import DISCLAIMER
from chatcad.export.report import Report
from chatcad.export.source import EQUIPMENT, Source
from chatcad.ui.overlay import Picture, everything, render
from chatcad.vocabulary import terms

if TYPE_CHECKING:
    from highdicom.sc import SCImage

SERIES = 9003
LETTERS_A_LINE = 84
"""Of the strip: a letter is about half as wide as it is high."""
PAPER, INK = (0, 0, 0), (255, 235, 130)


def picture(report: Report) -> Picture:
    """Return the overlay over a strip with what it shows and the research-only line: ``(h, w, 3)`` uint8."""
    layers = everything(report.study)
    drawn = Image.fromarray(render(report.study, layers))
    heat = f" · heat map: {terms()[layers.heat].name}" if layers.heat else ""
    size = max(12, round(drawn.width / LETTERS_A_LINE * 2))
    lines = textwrap.wrap(f"ChatCAD, machine-made, preliminary{heat}", LETTERS_A_LINE)
    lines += textwrap.wrap(DISCLAIMER, LETTERS_A_LINE)
    page = Image.new("RGB", (drawn.width, drawn.height + round((len(lines) + 0.6) * 1.35 * size)), PAPER)
    page.paste(drawn, (0, 0))
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size=size)
    for row, line in enumerate(lines):
        pen.text((size, drawn.height + (row + 0.3) * 1.35 * size), line, fill=INK, font=font)
    return np.asarray(page)


def capture(report: Report, source: Source) -> SCImage:
    """Return the overlay as an RGB Secondary Capture derived from the film."""
    from highdicom import UID
    from highdicom.sc import SCImage
    from highdicom.sr import CodedConcept
    from pydicom.dataset import Dataset
    from pydicom.sr.codedict import codes as known

    header = source.header
    made = SCImage.from_ref_dataset(
        header,
        pixel_array=picture(report),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "F"),
        series_instance_uid=UID(),
        series_number=SERIES,
        sop_instance_uid=UID(),
        instance_number=1,
        manufacturer=EQUIPMENT["manufacturer"],
        manufacturer_model_name=EQUIPMENT["manufacturer_model_name"],
        software_versions=EQUIPMENT["software_versions"],
        series_description="ChatCAD overlay",
        specific_character_set="ISO_IR 192",
        transfer_syntax_uid="1.2.840.10008.1.2.1",
    )
    made.Laterality = None
    if header is source.film:
        made.PatientOrientation = None
    # The text that is drawn names nobody; whether the film itself does is known only where its header says so.
    if header.get("BurnedInAnnotation"):
        made.BurnedInAnnotation = header.BurnedInAnnotation
    made.DerivationDescription = "Outlines, widths and heat map drawn over the film at display size"
    made.ImageComments = DISCLAIMER
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
    reference.PurposeOfReferenceCodeSequence = [
        CodedConcept.from_code(known.DCM.SourceImageForImageProcessingOperation)
    ]
    made.SourceImageSequence = [reference]
    return made
