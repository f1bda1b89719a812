"""Free text to a ``Context``: age, sex, pregnancy, signs and known causes, each told, denied, or only asked about.

Cue phrases with a scope, after NegEx (Chapman 2001, J Biomed Inform 34:301). It doesn't know any film.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chatcad.context.labs import find_labs
from chatcad.context.private import known_words_only, without_identity
from chatcad.retrieval.graph import finding_graph
from chatcad.types import Context, Sex

_PERSON = r"(?:(?:wo)?man|(?:fe)?male|lady|gentleman|boy|girl|child|patient)"
# Years alone may be those of a cough or of smoking: only a person or the text's beginning, cut off, makes them an age.
_AGE = re.compile(
    r"\b(?:aged?|age:?)\s*(?P<a>\d{1,3})\b|\b(?P<b>\d{1,3})[ -]*(?:years?|yrs?|y)[ -]*(?:old|of age|o\b)|"
    r"\b(?P<c>\d{1,3})\s*y\.?/?o\b\.?|"
    r"\b(?P<d>\d{1,3})\s?(?P<sex>(?-i:[MF]))\b|"
    r"\b(?:son|daughter|child|boy|girl|kid) is (?:only |just )?(?P<g>\d{1,2})\b(?![\s-]*(?:days?|weeks?|mo))|"
    rf"\b{_PERSON}\s+of\s+(?P<f>\d{{1,3}})\s+(?:years|yrs)\b|"
    rf"^\W*(?P<e>\d{{1,3}})\s*(?:years?|yrs?|y)\b(?=\s*(?:$|[,.;:/]|(?:[mf]|{_PERSON})\b))",
    re.IGNORECASE,
)
_MONTHS_OLD = re.compile(r"\b\d{1,3}[ -]*(?:days?|weeks?|months?|mo)[ -]*old\b", re.IGNORECASE)
_CHILD = re.compile(r"\b(?:(?:school)?child|infant|baby|toddler|newborn|neonate|boy|girl|pa?ediatric)\b", re.IGNORECASE)
_PREGNANT = re.compile(r"\bpregnan(?:t|cy)\b|\bgravid|\btrimester\b|\bweeks' gestation", re.IGNORECASE)
_FEMALE = re.compile(r"\b(?:woman|female|lady|girl|mother of|she|her|mrs|ms)\b", re.IGNORECASE)
_MALE = re.compile(r"\b(?:man|male|gentleman|boy|he|his|mr)\b", re.IGNORECASE)

_PIECE = re.compile(r"[.;!\n]+(?=\s|$)|[;\n]|\b(?:but|however|although|though)\b", re.IGNORECASE)
_RELATIVE = re.compile(
    r"\b(?:family history|(?:his|her|my|the|patient's)?\s*(?:mother|father|brother|sister|parent|grand\w+|uncle|"
    r"aunt|son|daughter|wife|husband|partner)(?:'s)? (?:has|had|died|with|who|is|was|smokes))[^,]*",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"(?:\?\s*(?=[A-Za-z])|\b(?:quer(?:y|ies)|r/o|rule out|ruling out|exclude|suspect(?:ed|s)?|suspicion of|"
    r"possibl[ey]|probabl[ey]|evaluate for|concern(?:ed)? (?:for|about)|look(?:ing)? for|worried about|afraid of|"
    r"could it be|is it|is there|may be|might be)\b)"
    r"[^,?]*?(?=\b(?:after|following|with|in an?|since)\b|[,?]|$)\??|(?<![^,])[^,]*\?",
    re.IGNORECASE,
)
# A denial ends at a comma, unless an "or" further on shows that it is a list ("no fever, cough or weight loss").
_DENIED = re.compile(
    r"\b(?:no|not|without|denie[sd]|denying|negative for|never|free of|absence of|nor)\b"
    r"(?:[^,]*(?:,[^,]*)*?,?\s+(?:or|nor)\b[^,]*|[^,]*?(?=\band\b|\bwith\b|\bhas\b|,|$))|"
    r"(?<![^,])[^,]*\b(?:negative|denied|ruled out|absent)\b",
    re.IGNORECASE,
)
_TEMPERATURE = re.compile(
    r"\b(?:temp(?:erature)?|t|fever)(?:[\s:=]|of\b|is\b|was\b|to\b)*(\d{2,3}(?:\.\d{1,2})?)\s*°?\s*[CF]?\b",
    re.IGNORECASE,
)
FEVER_CELSIUS, HOTTEST_CELSIUS = 38.0, 45.0


@dataclass(frozen=True, slots=True)
class Heard:
    """A text cut by what it does with its words: tells them of the patient, or denies them."""

    told: str
    denied: str


def read_words(given: str) -> Context:
    """Return what a free text tells of the patient; it is never a fact about the film."""
    text = without_identity(given)
    heard = hear(text)
    cool = _TEMPERATURE.sub(" ", text)  # "101 F" is no woman of 101 years
    age, sex = age_of(cool), sex_of(cool)
    pregnant = bool(_PREGNANT.search(heard.told)) and (sex != "M")
    labs, rest = find_labs(text)
    told = _keys(heard.told)
    if any(is_fever(float(t)) for t in _TEMPERATURE.findall(heard.told)) and "fever" not in told:
        told = (*told, "fever")
    told += tuple(k for lab in labs if (k := lab_sign(lab.name, lab.value, lab.flag)) and k not in told)
    return Context(
        age_band=None if age is None else band_of(age),
        sex="F" if pregnant and sex == "unknown" else sex,
        child=age < 18 if age is not None else bool(_CHILD.search(heard.told)) and not pregnant,
        pregnant=pregnant,
        told=told,
        denied=tuple(k for k in _keys(heard.denied) if k not in told),
        labs=labs,
        text=known_words_only(_AGE.sub(" ", rest)),
    )


def hear(text: str) -> Heard:
    """Return which part of a text is told of the patient and which is denied; what is only asked is in neither."""
    told, denied = [], []
    for piece in _PIECE.split(text):
        stated = _ASKED.sub(" ", _RELATIVE.sub(" ", piece))
        denied += [m[0] for m in _DENIED.finditer(stated)]
        told.append(_DENIED.sub(" ", stated))
    return Heard(" . ".join(told), " . ".join(denied))


def age_of(text: str) -> int | None:
    """Return the age in years that a text gives first, or ``None``."""
    match, young = _AGE.search(text), _MONTHS_OLD.search(text)
    if young and (match is None or young.start() < match.start()):
        return 0
    if match is None:
        return None
    years = int(next(v for k, v in match.groupdict().items() if v and k != "sex"))
    return years if years <= 120 else None


def is_fever(temperature: float) -> bool:
    """Return whether a temperature is a fever, in degrees Celsius or, above 50, Fahrenheit."""
    celsius = temperature if temperature <= 50 else round((temperature - 32) * 5 / 9, 1)
    return FEVER_CELSIUS <= celsius <= HOTTEST_CELSIUS


def band_of(age: int) -> str:
    """Return the decade that stands for an age, as ``Radiograph.age_band`` spells it."""
    return "90+" if age >= 90 else f"{age // 10 * 10}-{age // 10 * 10 + 9}"


def sex_of(text: str) -> Sex:
    """Return the sex that a text names, ``"unknown"`` for none or for both."""
    short = {(m["sex"] or "").upper() for m in _AGE.finditer(text)} - {""}
    female, male = bool(_FEMALE.search(text)) or "F" in short, bool(_MALE.search(text)) or "M" in short
    return "unknown" if female == male else "F" if female else "M"


def lab_sign(name: str, value: float, flag: str | None) -> str | None:
    """Return the sign that a laboratory value is by its own flag or by a passage's limit, or ``None``."""
    if name not in {"BNP", "NT-proBNP"}:
        return None
    # NICE refers from 400 ng/L of NT-proBNP (passage cardiomegaly-referral-times).
    if flag == "high" or (name == "NT-proBNP" and value >= 400):
        return "high_peptide"
    return "low_peptide" if flag in {"low", "normal"} else None


def _keys(text: str) -> tuple[str, ...]:
    graph = finding_graph()
    signs = graph.signs_in(text)
    covered = {cause for key in signs for cause in graph.signs[key].covers}
    return tuple(dict.fromkeys((*signs, *(c for c in graph.causes_in(text) if c not in covered))))
