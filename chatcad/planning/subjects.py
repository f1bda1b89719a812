"""What a question is about, beside the labels that it names: misspelt labels, parts of the body, a side.

It knows words. It doesn't know the film or what was said before.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from rapidfuzz import process
from rapidfuzz.distance import OSA

from chatcad.planning.unread import without_unread
from chatcad.vocabulary import find_mentions, labels_in, terms

AskedSide = Literal["left", "right", "other"]

A_FINDING = "pneumonia"
"""What stands for any label's name while questions are compared."""

PLEURAL_LABELS = ("Effusion", "Pneumothorax", "Pleural_Thickening")
LUNG_LABELS = ("Lung Opacity", "Consolidation", "Pneumonia", "Atelectasis", "Nodule", "Mass", "Tuberculosis", "Edema")
PARTS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(rf"\b(?:{words})\b", re.IGNORECASE), labels)
    for words, labels in (
        (
            r"hearts?(?! (?:attack|failure|rate|rhythm|beat|trace|valve|doctor|specialist|ultrasound|medicine|pills?))"
            r"|cardiac (?:shadow|silhouette|contour)",
            ("Cardiomegaly",),
        ),
        (r"ribs?|bones?|bony|collar ?bones?|clavicles?|spine|vertebra[el]?|skeleton", ("Fracture",)),
        (r"mediastin(?:um|al)|middle of (?:the|my) chest", ("Enlarged Cardiomediastinum",)),
        (
            r"pleurae?|pleural (?:space|cavity)|lining of (?:the|my) lungs?|costophrenic (?:angles?|sulc(?:us|i))",
            PLEURAL_LABELS,
        ),
        (
            r"tubes?|catheters?|electrodes?|devices?|wires?|lines? (?:and|or) tubes?|(?:the|any|central) lines?",
            ("Support Devices",),
        ),
        (r"lungs?|lung fields?", LUNG_LABELS),
        (r"(?:the|any|some|that) (?:fluid|water)", ("Effusion", "Edema")),
    )
)
"""Parts of the body by which a question may mean labels without naming one ("and the heart?")."""

NOT_A_SIDE = re.compile(
    r"(?:\bthat's|\bis that|\byou'?re|\bare you|\bam i|\bis (?:he|she|it)|\ball|,)\s+right\b|"
    r"\bthe right (?:place|position|spot|way|height|tests?|scan|questions?|thing|answer|size|diagnosis|decision)\b",
    re.IGNORECASE,
)
FINDING_ID = re.compile(r"\b[Ff](\d{1,2})\b")
SIDE = re.compile(
    r"\b(?:the|my|on|to)\s+(?P<after>left|right|other)\b|"
    r"\b(?P<before>left|right|other)(?=[\s-]+(?:side|sided|lung|one|lower|upper|mid\w*|base|apex|zone|lobe|pleura\w*|hemithorax|"
    r"effusion|pneumothorax|ptx|opacity|consolidation|nodule|mass|lump|shadow)\b)",
    re.IGNORECASE,
)

ELLIPSIS = frozenset(
    {
        "a", "also", "an", "and", "any", "as", "at", "even", "for", "how", "in", "least", "maybe", "my", "not", "of",
        "ok", "on", "one", "or", "please", "rather", "so", "the", "then", "too", "well", "what", "about", "with",
    }
)  # fmt: skip
"""The words that a question without a verb may have beside its subject: "and the heart?", "what about the left?"."""

SAYS_MORE = re.compile(
    r"\b(?:how|is|are|has|have|looks?|appears?|seems?|size)\b|\b(?:enlarged|big|bigger|larger?|dilated|broken|collapsed|wide\w*)$",
    re.IGNORECASE,
)
"""What shows that a mention of a label is a statement ("heart enlarged") and no mere name ("enlarged heart")."""

SHORTEST_MENDED, LONG = 6, 9


def mend(question: str) -> str:
    """Return a question with its misspelt names of labels mended: "pnuemonia" becomes "pneumonia"."""
    return re.sub(r"[A-Za-z]+", lambda m: _mended(m[0]), question)


def _mended(word: str) -> str:
    low = word.lower()
    if len(low) < SHORTEST_MENDED or low in _label_words() or labels_in(low):
        return word
    cutoff = 2 if len(low) >= LONG else 1
    near = process.extractOne(low, _label_words(), scorer=OSA.distance, score_cutoff=cutoff)
    # Plurals of what is known, and words that begin otherwise, are words of their own ("fraction", "infusion").
    return near[0] if near and near[0][0] == low[0] and low.rstrip("s") != near[0] else word


@lru_cache(maxsize=1)
def _label_words() -> tuple[str, ...]:
    names = " ".join(name for term in terms().values() for name in (term.name, *term.search))
    return tuple(dict.fromkeys(w for w in re.findall(r"[a-z]+", names.lower()) if len(w) >= SHORTEST_MENDED))


def form_of(question: str) -> str:
    """Return a question with its labels' names replaced: its kind lies in its form, not in the disease it names."""
    return _replaced(mend(question), A_FINDING)


def _replaced(question: str, by: str) -> str:
    for mention in reversed(find_mentions(question)):
        if mention.meaning == "named" and not SAYS_MORE.search(question[mention.start : mention.end]):
            question = f"{question[: mention.start]}{by}{question[mention.end :]}"
    return question


def labels_meant(question: str) -> tuple[str, ...]:
    """Return the labels that a question names or, where it names none, those of a part of the body that it names."""
    question = without_unread(question)
    named = labels_in(mend(question)) or labels_by_id(question)
    return named or next((labels for pattern, labels in PARTS if pattern.search(question)), ())


def labels_by_id(question: str) -> tuple[str, ...]:
    """Return the labels that a question names by the ids that answers cite ("why is F3 uncertain?")."""
    ids = dict(enumerate(terms(), start=1))
    return tuple(dict.fromkeys(ids[n] for n in map(int, FINDING_ID.findall(question)) if n in ids))


def side_in(question: str) -> AskedSide | None:
    """Return the one side that a question asks after; "is that right?" asks after none."""
    found = {(m["after"] or m["before"]).lower() for m in SIDE.finditer(NOT_A_SIDE.sub("", question))}
    if len(found) != 1:
        return None
    word = found.pop()
    return "left" if word == "left" else "right" if word == "right" else "other"


ELSEWHERE = re.compile(
    r"\b(?:appendix|appendicitis|hips?|pelvi[sc]|thigh|knees?|ankles?|foot|feet|toes?|wrists?|hands?|fingers?|elbows?|brain|"
    r"skull|jaw|tooth|teeth|sinus(?:es)?|eyes?|ears?|kidneys?|bladder|gall\s?bladder|gallstones?|prostate|uterus|womb|ovar\w+|"
    r"baby(?:'s)?|f(?:o)?etus|placenta|bowels?|colon)\b",
    re.IGNORECASE,
)
IN_THE_CHEST = re.compile(
    r"\b(?:chest|thora\w+|lungs?|pulmonary|heart|cardiac|pleura\w*|ribs?|clavicles?|diaphragm|mediastin\w+|hil(?:um|ar|a)|"
    r"airways?|trachea|spine|breath\w*)\b",
    re.IGNORECASE,
)


def on_another_part(question: str, labels: tuple[str, ...]) -> bool:
    """Return whether a question is about a part of the body that no chest film shows; bones break everywhere."""
    named = ELSEWHERE.search(question) is not None and IN_THE_CHEST.search(question) is None
    return named and set(labels) <= {"Fracture"}


def only_names(question: str) -> bool:
    """Return whether a question has no verb of its own: a subject or a side, and nothing else ("and the heart?")."""
    rest = _replaced(mend(question), "")
    for pattern, _ in PARTS:
        rest = pattern.sub("", rest)
    rest = re.sub(r"\b(?:left|right|other|side|sides)\b", "", rest, flags=re.IGNORECASE)
    return set(re.findall(r"[a-z']+", rest.lower())) <= ELLIPSIS
