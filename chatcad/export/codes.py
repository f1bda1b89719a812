"""Coded concepts for DICOM and FHIR: public codes where they are certain, else our own scheme, declared as such.

A code is public only if it says what the label says. "Tuberculosis" here is a pattern on a film and not the disease,
and what a network flags among devices is wider than any one device: these, and others without a code that we could
check, have one of our own. SNOMED CT codes are those of the international edition; DCM are those of DICOM PS3.16.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydicom.sr.coding import Code

from chatcad.types import Finding, Side, State, Zone

PRIVATE: Final = "99CHATCAD"
"""DICOM wants private schemes to begin with 99 (PS3.16, section 8)."""


def _snomed(value: str, meaning: str) -> Code:
    return Code(value, "SCT", meaning)


def _own(value: str, meaning: str) -> Code:
    return Code(value, PRIVATE, meaning)


FINDINGS: Mapping[str, Code] = {
    "Cardiomegaly": _snomed("8186001", "Cardiomegaly"),
    "Effusion": _snomed("60046008", "Pleural effusion"),
    "Lung Opacity": Code("112001", "DCM", "Opacity"),
    "Consolidation": _snomed("95436008", "Lung consolidation"),
    "Pneumonia": _snomed("233604007", "Pneumonia"),
    "Edema": _snomed("19242006", "Pulmonary edema"),
    "Atelectasis": _snomed("46621007", "Atelectasis"),
    "Pneumothorax": _snomed("36118008", "Pneumothorax"),
    "Nodule": _snomed("786838002", "Nodule of lung"),
    "Mass": _snomed("309529002", "Lung mass"),
    "Tuberculosis": _own("TB_PATTERN", "Tuberculosis pattern on a chest film"),
    "Infiltration": Code("112121", "DCM", "Infiltrate"),
    "Emphysema": _snomed("87433001", "Pulmonary emphysema"),
    "Fibrosis": _snomed("51615001", "Fibrosis of lung"),
    "Pleural_Thickening": _own("PLEURAL_THICKENING", "Pleural thickening"),
    "Hernia": _snomed("84089009", "Hiatal hernia"),
    "Fracture": _snomed("125605004", "Fracture of bone"),
    "Enlarged Cardiomediastinum": _own("WIDE_MEDIASTINUM", "Widened mediastinum"),
    "Support Devices": _own("SUPPORT_DEVICES", "Tubes, lines and devices"),
}

MEASUREMENTS: Mapping[str, Code] = {
    "cardiothoracic_ratio": _own("CTR", "Cardiothoracic ratio"),
    "lung_area_ratio": _own("LUNG_AREA_RATIO", "Lung area ratio, right to left"),
    "mediastinal_width_ratio": _own("MEDIASTINAL_WIDTH_RATIO", "Mediastinal width ratio"),
    "heart_width_mm": _own("HEART_WIDTH", "Width of heart at the detector"),
    "thoracic_width_mm": _own("THORACIC_WIDTH", "Width of thorax at the detector"),
}

STATES: Mapping[State, Code] = {
    "present": _snomed("52101004", "Present"),
    "uncertain": _snomed("415684004", "Suspected"),
    "absent": _snomed("272519000", "Absent"),
    "not_flagged": _own("NOT_FLAGGED", "Not flagged by a weak detector: not ruled out"),
    "not_assessed": _own("NOT_ASSESSED", "Not assessed: neither cleared nor flagged"),
}

RELIABILITY: Mapping[str, Code] = {
    "assessed": _own("ASSESSED", "Assessed: tested on films of another source"),
    "weak": _own("WEAK", "Weak detector: confirm on the film"),
    "not_assessed": _own("NO_DETECTOR", "No detector in use"),
}
DETECTOR = _own("DETECTOR", "Reliability of the detector")
PRESENCE = Code("121052", "DCM", "Presence of property")
PROBABILITY = Code("122157", "DCM", "Probability")
THRESHOLD = _own("OPERATING_POINT", "Operating point of the detector")
MEASURED = _own("CHEST_MEASUREMENTS", "Measurements of the chest film")
WITHHELD = _own("WITHHELD", "Measurement withheld")
CHEST_FILM = _snomed("399208008", "Plain chest X-ray")
UNITS: Mapping[str, Code] = {"1": Code("1", "UCUM", "no units"), "mm": Code("mm", "UCUM", "mm")}

LUNG, HEART = _snomed("39607008", "Lung"), _snomed("80891009", "Heart")
STRUCTURE = _snomed("91723000", "Anatomical Structure")
SIDES: Mapping[Side, Code] = {
    "right": _snomed("24028007", "Right"),
    "left": _snomed("7771000", "Left"),
    "bilateral": _snomed("51440002", "Right and left"),
}
ZONES: Mapping[Zone, Code] = {
    "upper": _snomed("281392002", "Upper zone of lung"),
    "mid": _snomed("281393007", "Middle zone of lung"),
    "lower": _snomed("281394001", "Lower zone of lung"),
}

_PLEURA = _snomed("3120008", "Pleural structure")
_SITES: Mapping[str, Code] = {
    "Cardiomegaly": HEART,
    "Effusion": _PLEURA,
    "Pneumothorax": _PLEURA,
    "Pleural_Thickening": _PLEURA,
    "Enlarged Cardiomediastinum": _snomed("72410000", "Mediastinum"),
}
_NO_SITE = frozenset({"Hernia", "Fracture", "Support Devices"})


def site_of(finding: Finding) -> Code | None:
    """Return the organ that a label is about; ``None`` where a film shows it in more than one."""
    return None if finding.label in _NO_SITE else _SITES.get(finding.label, LUNG)
