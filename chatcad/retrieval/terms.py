"""What a finding is called: the words that a clinician and a patient use for each label.

It knows names only. The knowledge base, the index and the ranking import it; it imports nothing of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

# Label as torchxrayvision spells it -> the other names by which people ask for it, the first one the plainest.
NAMES: dict[str, tuple[str, ...]] = {
    "Atelectasis": ("atelectasis", "lung not fully inflated", "collapsed lobe", "lobar collapse", "volume loss"),
    "Cardiomegaly": ("enlarged heart", "cardiomegaly", "big heart", "heart size", "cardiac enlargement"),
    "Consolidation": ("consolidation", "airspace disease", "air bronchogram"),
    "Edema": (
        "fluid in the lungs",
        "pulmonary edema",
        "water in the lungs",
        "pulmonary oedema",
        "edema",
        "oedema",
        "lung congestion",
    ),
    "Effusion": ("pleural effusion", "effusion", "pleural fluid", "fluid around the lung"),
    "Emphysema": ("emphysema", "hyperinflation", "copd"),
    "Enlarged Cardiomediastinum": ("wide mediastinum", "widened mediastinum", "mediastinal widening", "mediastinum"),
    "Fibrosis": ("lung scarring", "fibrosis", "interstitial lung disease"),
    "Fracture": ("broken rib", "rib fracture", "fracture", "broken bone"),
    "Hernia": ("hiatal hernia", "hiatus hernia", "hernia"),
    "Infiltration": ("infiltrate", "infiltration"),
    "Lung Opacity": ("lung opacity", "opacity", "white patch", "shadow on the lung", "opacification"),
    "Mass": ("lung mass", "mass", "lung cancer", "tumour", "tumor"),
    "Nodule": ("lung nodule", "nodule", "small spot on the lung", "lung spot"),
    "Pleural_Thickening": ("pleural thickening", "thick pleura", "pleural plaque", "thickened lung lining"),
    "Pneumonia": ("pneumonia", "chest infection", "lung infection"),
    "Pneumothorax": ("pneumothorax", "collapsed lung", "air around the lung"),
    "Support Devices": ("tubes and lines", "support devices", "central line", "pacemaker", "catheter", "feeding tube"),
    "Tuberculosis": ("tuberculosis", "tb"),
}
LABELS = frozenset(NAMES)
TOPICS = frozenset({"appearance", "next_step", "cause", "limits", "urgency", "measurement", "safety", "meaning"})
# Words by which a question shows what kind of passage it wants.
_CUES: dict[str, str] = {
    "appearance": r"look(?:s|ing)? like|signs?\b|appear|imitat|mimic|tell .* from|visible",
    "next_step": r"next|what (?:now|to do)|follow.?up|work.?up|investigat|\btests?\b|refer|repeat|confirm|\bask\b",
    "cause": r"\bcauses?|\bwhy\b|differential|come from|reason|could (?:it|this) be|due to",
    "limits": r"trust|miss(?:es|ed)?\b|rule out|exclude|reliab|sure|wrong|accura|overlook|enough",
    "urgency": r"urgen|emergenc|dangerous|serious|right away|ambulance|how fast|critical|worr",
    "measurement": r"how (?:big|large|wide|much|far)|cut.?off|ratio|\bsize\b|\b[mc]m\b|\bdose|threshold",
    "safety": r"\bsafe|radiation|pregnan|harm|\brisk|\bhurts?\b",
    "meaning": r"\bmean|what (?:is|are)\b|explain|plain words",
}
_CUE_PATTERNS = {topic: re.compile(cue, re.IGNORECASE) for topic, cue in _CUES.items()}


def label_words(labels: Iterable[str], beside: str = "") -> str:
    """Return search words for ``labels``: the plain and the technical name, where ``beside`` doesn't say them."""
    names = (name for label in labels for name in NAMES.get(label, (label.replace("_", " "),))[:2])
    return ", ".join(name for name in names if name not in beside.lower())


def topics_in(text: str) -> tuple[str, ...]:
    """Return the kinds of passage that the wording of a question asks for."""
    return tuple(topic for topic, pattern in _CUE_PATTERNS.items() if pattern.search(text))


@cache
def _pattern(label: str) -> re.Pattern[str]:
    names = "|".join(re.escape(n) for n in NAMES[label])
    return re.compile(rf"\b(?:{names})(?:s|es)?\b", re.IGNORECASE)


def labels_in(text: str) -> tuple[str, ...]:
    """Return the labels that ``text`` names, in the order of ``NAMES``."""
    return tuple(label for label in NAMES if _pattern(label).search(text))
