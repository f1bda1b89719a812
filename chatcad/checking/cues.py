"""The words that say how sure a sentence is, and the patterns of what no sentence may say.

Order matters: a phrase is taken by the first pattern that matches it and is then blanked out, so that
"cannot be ruled out" is heard as *possible* and doesn't leave a "not" behind (NegEx: Chapman 2001, J Biomed
Inform 34:301, for the idea of cue phrases with a scope).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

Stance = Literal[
    "not_assessed", "not_flagged", "neutral", "possible", "negated", "unlikely", "likely", "definite", "asserted"
]  # fmt: skip


def _cue(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})", re.IGNORECASE)


CUES: tuple[tuple[Stance, re.Pattern[str]], ...] = (
    (
        "not_assessed",
        _cue(
            r"(?:not|never)(?: been)? (?:assessed|evaluated|examined|looked for|checked)|"
            r"(?:did|does|do|has|have) not (?:look(?:ed)? for|assess(?:ed)?|evaluate|check(?:ed)?)|"
            r"neither cleared nor flagged|(?:none of the|no) (?:networks?|detectors?)(?: in use)? looks?"
        ),
    ),
    (
        "not_flagged",
        _cue(
            r"not flagged|(?:did|does) not (?:point out|flag)|not pointed out|"
            r"no\b(?=[^.;:,]{1,60}? (?:was|were) (?:flagged|pointed out))"
        ),
    ),
    (
        "neutral",
        _cue(
            r"(?:does|do|did|would|can) not (?:rule|exclude) (?:it|this|that|them|these)(?: out)?|"
            r"not (?:good|great|strong) at (?:seeing|finding|spotting)|can miss"
        ),
    ),
    (
        "possible",
        _cue(
            r"(?:not|cannot|never) (?:be )?(?:entirely |fully |completely )?"
            r"(?:ruled out|excluded|certain|sure|clear|confirmed|definite)|"
            r"(?:not|cannot) (?:rule|exclude)|not unlikely|not impossible|possib(?:le|ly|ility)|may\b|might\b|could\b|"
            r"perhaps|maybe|suspect(?:ed)?\b|suspicious|questionable|uncertain(?:ty)?|unsure|equivocal|"
            r"borderline|hint of"
        ),
    ),
    (
        "definite",
        _cue(
            r"definite(?:ly)?|certain(?:ly|ty)?\b|clear signs?|clearly|(?<!be )confirmed|obvious(?:ly)?|undoubtedly|"
            r"unequivocal(?:ly)?|no (?:doubt|question)|without (?:a |any )?(?:doubt|question)|not only|for sure|"
            r"must be|proven|proves?\b"
        ),
    ),
    (
        "negated",
        _cue(
            r"(?:is|are|was|were) (?:absent|ruled out|excluded|missing)|absent|absence of|rules? out|ruled out|"
            r"exclud(?:es?|ed)|negative for|free (?:of|from)|clear of|not\b|no\b|none\b|without|neither|nor\b|never|"
            r"denies|cannot|lack(?:s|ing)? of|resolved|nothing"
        ),
    ),
    ("unlikely", _cue(r"unlikely|improbable|doubtful|remote|low (?:chance|probability|likelihood|risk)")),
    (
        "likely",
        _cue(
            r"likely|probabl[ey]|suggest(?:s|ive|ing|ed)?|consistent with|in keeping with|compatible with|appears to|"
            r"seems to|high (?:chance|likelihood|probability)"
        ),
    ),
)

GROUPS: Mapping[Stance, str] = {
    "not_assessed": "not assessed", "not_flagged": "not flagged", "neutral": "open", "possible": "open",
    "unlikely": "unlikely", "likely": "likely", "definite": "definite",
}  # fmt: skip
"""Stances that a rewording must keep, whichever clause carries them; negations are compared by what they deny."""

RULED_OUT = re.compile(
    r"\b(?:(?:not|cannot) (?:be )?(?:entirely |fully |completely )?(?:ruled out|excluded)|"
    r"(?:not|cannot) (?:rule|exclude))",
    re.IGNORECASE,
)
"""Beside "not flagged" this is its other half, and no claim that the finding is possible."""

NEGATION = re.compile(r"\b(?:no|not|none|never|neither|nor|without|cannot|nothing)\b", re.IGNORECASE)

PRIORITY: tuple[Stance, ...] = (
    "not_assessed", "not_flagged", "possible", "negated", "unlikely", "likely", "definite",
)  # fmt: skip
"""Where one clause carries several cues, the first of these that it has is its stance."""

CLAUSE_END = re.compile(
    r"[;.!?—]|,?\s\b(?:but|however|although|though|yet|except|while|whereas|because|since|despite)\b|"
    r",\s+so\b|,?\s+and\s+(?=(?:the|there|a|an|your|you|it|this|that|my|no)\b)|,\s+(?:which|the|there|it|a|an|your)\b",
    re.IGNORECASE,
)

SENTENCE_END = re.compile(r"(?<=[.!?])\s+")

PLACE_FIRST = re.compile(
    r"^\s*(?:on|in) (?:the|your|both) (?:left|right|upper|mid|lower|sides?|lungs?|zones?|[ ,]|in the|on the)+$",
    re.IGNORECASE,
)
"""An opening such as "On the right side," belongs to what follows its comma."""

LIST_GLUE = re.compile(
    r"^(?:[\s,/()]|\b(?:and|or|nor|a|an|the|any|in|on|of|at|both|right|left|lower|upper|mid|middle|side|sides|sided|lungs?|"
    r"lobes?|zones?|bilateral|small|large|mild|moderate)\b)*$",
    re.IGNORECASE,
)

VIEWS = re.compile(r"\b(PA|AP|lateral|supine|upright|erect|portable|decubitus)\b")
SIDES = re.compile(r"\b(right|left|both|bilateral|bilaterally)\b", re.IGNORECASE)
ZONES = re.compile(r"\b(upper|apical|apex|mid(?:dle)?|perihilar|lower|basal|base|bases|basilar)\b(?!-)", re.IGNORECASE)
ZONE_OF = {"upper": "upper", "apical": "upper", "apex": "upper", "mid": "mid", "middle": "mid", "perihilar": "mid"}

NUMBER = re.compile(
    r"(?<![\w.])(\d+(?:[.,]\d+)?)\s*(%|percent\b|mm\b|cm\b|millimet\w+|centimet\w+|inch(?:es)?\b|ml\b|mg\b|litres?\b|"
    r"(?:second|minute|hour|day|week|month|year)s?\b)?",
    re.IGNORECASE,
)

CHANGE = re.compile(
    r"\b(?:increas\w+|decreas\w+|worse\w*|improv\w+|stable|unchanged|progress\w*|regress\w*|resol(?:ved|ving)|"
    r"compared|comparison|prior|previous\w*|earlier|interval|again|"
    r"since(?= (?:(?:the|my|your|his|her|our) )?(?:last|prior|previous\w*|earlier|first|old\w*|then|"
    r"yesterday|admission|surgery|operation|treatment|film|x-ray|picture|study|exam\w*|visit|\d))|still|remains?|persist\w*|new|newly|"
    r"has grown|growing|shrunk|no longer|(?:than|as) before|as usual|healed|healing|last (?:film|time|x-ray))\b",
    re.IGNORECASE,
)

ALL_CLEAR = re.compile(
    r"\b(?:(?:film|x-ray|picture|image|chest|radiograph|scan|study|exam\w*|everything|all|lungs?|results?)\s+"
    r"(?:\w+\s+)?(?:is|are|looks?|appears?|seems?)\s+(?:\w+\s+)?(?:normal|fine|healthy|ok|okay|good|clear|unremarkable)|"
    r"(?:normal|unremarkable|clear|healthy) (?:chest|film|x-ray|radiograph|picture|study|lungs?)|"
    r"no (?:acute |other |significant )?(?:abnormalit(?:y|ies)|disease|problems?|findings?|process)|"
    r"nothing (?:is )?(?:wrong|abnormal|to worry)|"
    r"(?:you|patient) (?:are|is) (?:healthy|fine|well|safe)|all clear|no need to worry|don't worry|do not worry)\b",
    re.IGNORECASE,
)

DIAGNOSIS = re.compile(
    r"\b(?:(?<!if )(?<!when )(?<!whether )you (?:have|suffer|got)\b"
    r"(?! (?:chest pain|trouble|any|a fever|questions|been|to\b))|"
    r"the (?:final )?diagnosis is|diagnosed with|suffer(?:s|ing)? from|patient has\b)",
    re.IGNORECASE,
)

DRUGS = re.compile(
    r"\b(?:\d+\s*(?:mg|mcg|µg|ml|units?|tablets?|pills?)\b|(?:take|start|prescribe|inject|administer|give)\s+(?:\w+\s+)?"
    r"(?:aspirin|ibuprofen|paracetamol|acetaminophen|antibiotics?|steroids?|diuretics?|medicines?|medications?|drugs?|pills?)|"
    r"\w+(?:cillin|mycin|oxacin|cycline|semide|pril|sartan|olol|statin|azole|prednisolone|prednisone)\b|"
    r"aspirin|ibuprofen|warfarin|heparin|morphine|isoniazid|rifampicin|rifampin|insulin)",
    re.IGNORECASE,
)

AMOUNTS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for name, words in {
        "most": "most|mostly|usually|usual|generally|mainly|commonly|typically",
        "some": "some|sometimes|occasionally",
        "many": "many|often|frequently",
        "few": "few|rarely|seldom|rare",
        "all": "all|always|every|each",
        "only": "only|solely|just",
    }.items()
}
"""How much of what a general sentence says: other words of one kind are as good."""

MARKUP = re.compile(r"<[^>]*>|https?://|www\.|!\[|\]\(|<\||\|>|javascript:|```", re.IGNORECASE)

GUIDANCE = re.compile(r"\b(?:guidance|guidelines?|according to|experts?)\b", re.IGNORECASE)
"""What a sentence calls a guideline's word; what networks found on a film is none."""
NEEDLESS_ARTICLE = re.compile(
    r"\ban? (?:heart failure|tuberculosis(?! pattern)|cardiomegaly|(?:pulmonary )?o?edema|emphysema|atelectasis|"
    r"high blood pressure|valve disease|lung cancer)\b",
    re.IGNORECASE,
)
"""An article before a name that takes none."""

RATIO_DIRECTION = re.compile(
    r"\b(?:(?P<above>above|over(?! time)|exceed\w*|greater|higher|more|beyond|bigger|larger|wider|at least)|"
    r"(?P<below>below|under|less|lower than|smaller|narrower|at most|fewer)|(?P<within>within))\b",
    re.IGNORECASE,
)

MEASURES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("cardiothoracic_ratio", re.compile(r"\bcardio-?thoracic|\bctr\b", re.IGNORECASE)),
    (
        "lung_area_ratio",
        re.compile(
            r"\blungs?(?:'s|'|s')? (?:areas?|sizes?|volumes?)\b|"
            r"\b(?:areas?|sizes?) of (?:the |my |both |each )?lungs?\b|"
            r"\blungs (?:\w+ )?the same size|\blungs (?:\w+ )?equal|\blungs? takes? up",
            re.IGNORECASE,
        ),
    ),
    (
        "mediastinal_width_ratio",
        re.compile(
            r"\bmediastinal width|\bwidth of the mediastinum|\bhow wide is the mediastinum|"
            r"\bupper middle part of (?:the|your) chest",
            re.IGNORECASE,
        ),
    ),
    (
        "heart_width_mm",
        re.compile(
            r"\b(?:heart(?:'s)?|cardiac) (?:width|diameter)|\b(?:width|diameter) of (?:the|my|your) heart|"
            r"\bhow wide is (?:the|my) heart|"
            r"\bheart (?:is |lies )(?:[\d.]+ mm )?(?:wider?\b|across|within the usual)|\bheart measures",
            re.IGNORECASE,
        ),
    ),
    (
        "thoracic_width_mm",
        re.compile(
            r"(?<!cardio)\b(?:thoracic|thorax|chest)(?:'s)? (?:width|diameter)|"
            r"\b(?:width|diameter) of (?:the|my|your) (?:chest|thorax)|\bhow wide is (?:the|my) (?:chest|thorax)|"
            r"(?<!part of the )(?<!part of your )\bchest measures",
            re.IGNORECASE,
        ),
    ),
)
"""How a sentence names each measurement; a question may name one in the same words."""

LENGTH_UNIT = re.compile(r"\b(?:[mc]m|(?:milli|centi)?met(?:re|er)s?|inch(?:es)?)\b", re.IGNORECASE)
