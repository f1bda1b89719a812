"""A DICOM film with a study of its own, and the study that a reader would make of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chatcad import imaging
from chatcad.types import Masks, Study
from tests.factories import make_study
from tests.imaging.phantoms import as_bytes, film

UIDS = {
    "StudyInstanceUID": "1.2.826.0.1.3680043.9.7433.9.1",
    "SeriesInstanceUID": "1.2.826.0.1.3680043.9.7433.9.2",
    "StudyID": "S1",
    "StudyDate": "20260102",
    "StudyTime": "101112",
    "SeriesNumber": 1,
    "InstanceNumber": 1,
    "PatientOrientation": ["L", "F"],
    "PatientName": "CANARY^Zebedée",
    "SpecificCharacterSet": "ISO_IR 192",
}


def dicom_film(**elements: object) -> bytes:
    return as_bytes(film(**{**UIDS, **elements}))


def studied(data: bytes) -> Study:
    """Return the study of a film whose masks are told apart by their corners on the reading's grid."""
    radiograph = imaging.load(data)
    right, left, heart = (np.zeros(radiograph.pixels.shape, dtype=bool) for _ in range(3))
    right[5:40, 8:30] = True
    left[10:60, 60:90] = True
    heart[50:58, 33:57] = True
    weights = {"segmenter": "ab" * 32, "net": "cd" * 32}
    study = make_study()
    return replace(
        study,
        radiograph=radiograph,
        masks=Masks(right, left, heart, 0.9),
        draft_report="Cardiomegaly is likely.\nRight effusion is possible.",
        run=replace(study.run, weights_sha256=weights),
    )
