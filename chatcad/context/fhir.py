"""A FHIR resource or Bundle (R4 or R5) as JSON to a ``Context``: five resources, few fields of each.

Own models instead of ``fhir.resources``: that library validates whole resources of one release and refuses a file
for a field that nobody here reads; these read what both releases spell alike. Names, addresses and identifiers are
in no model, so nothing can carry them further. MedicationStatement is read and never turned into advice.
"""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chatcad.context.labs import Flag, known_unit, lab_name
from chatcad.context.private import known_words_only, without_identity
from chatcad.context.words import band_of, is_fever, lab_sign, read_words
from chatcad.errors import ContextRefused
from chatcad.types import Context, Lab, Sex

MOST_RESOURCES = 1000
LONGEST_TERM = 120

R = TypeVar("R", bound="_Part")


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Coding(_Part):
    """A code with its words."""

    code: str = ""
    display: str = ""


class Concept(_Part):
    """FHIR CodeableConcept."""

    text: str = ""
    coding: tuple[Coding, ...] = ()

    @property
    def words(self) -> str:
        """What it says, in words."""
        return (self.text or next((c.display for c in self.coding if c.display), ""))[:LONGEST_TERM]

    def says(self, *codes: str) -> bool:
        """Whether it has one of the codes."""
        return any(c.code in codes for c in self.coding)


class Quantity(_Part):
    """FHIR Quantity."""

    value: float | None = None
    unit: str = ""


class Range(_Part):
    """FHIR Observation.referenceRange."""

    low: Quantity = Quantity()
    high: Quantity = Quantity()


class Patient(_Part):
    """FHIR Patient: sex and date of birth, from which an age band is made."""

    gender: str = ""
    birthDate: str = Field(default="", max_length=40)  # noqa: N815  -- FHIR's own spelling


class Condition(_Part):
    """FHIR Condition."""

    code: Concept = Concept()
    verificationStatus: Concept = Concept()  # noqa: N815


class Observation(_Part):
    """FHIR Observation with a number or a coded value."""

    status: str = ""
    code: Concept = Concept()
    valueQuantity: Quantity | None = None  # noqa: N815
    valueCodeableConcept: Concept | None = None  # noqa: N815
    valueBoolean: bool | None = None  # noqa: N815
    interpretation: tuple[Concept, ...] = ()
    referenceRange: tuple[Range, ...] = ()  # noqa: N815


class Medicine(_Part):
    """FHIR CodeableReference of R5."""

    concept: Concept = Concept()


class MedicationStatement(_Part):
    """FHIR MedicationStatement of R4 or R5."""

    status: str = ""
    medicationCodeableConcept: Concept = Concept()  # noqa: N815
    medication: Medicine = Medicine()


def read_resources(given: str, today: datetime.date) -> Context:
    """Return what a FHIR resource or Bundle tells of the patient.

    Raises
    ------
    ContextRefused
        No JSON, no FHIR resource, nested without end, or more resources than ``MOST_RESOURCES``.
    """
    resources = list(_resources(_decode(given)))
    patient = next((_read(Patient, r) for r in resources if r["resourceType"] == "Patient"), Patient())
    told = [s for r in resources if (s := _sentence(r))]
    # The latest value of each name stays, whatever the Bundle's order.
    dated = sorted(resources, key=lambda r: str(r.get("effectiveDateTime", "")))
    labs = tuple({lab.name: lab for r in dated if (lab := _lab(r))}.values())
    words = read_words(". ".join(told))
    age = _age(patient.birthDate, today)
    signs = [k for lab in labs if (k := lab_sign(lab.name, lab.value, lab.flag))]
    signs += ["fever" for lab in labs if lab.name == "temperature" and is_fever(lab.value)]
    return Context(
        age_band=None if age is None else band_of(age),
        sex=_SEXES.get(patient.gender, "unknown"),
        child=age is not None and age < 18,
        pregnant=words.pregnant,
        told=tuple(dict.fromkeys((*words.told, *signs))),
        denied=words.denied,
        labs=labs,
        medicines=tuple(dict.fromkeys(m for r in resources if (m := _medicine(r)))),
        text=words.text,
    )


_SEXES: dict[str, Sex] = {"female": "F", "male": "M"}


def _decode(given: str) -> Any:
    try:
        return json.loads(given, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ContextRefused(
            "the context begins like JSON and is none: give a FHIR resource, or plain words"
        ) from error


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _resources(given: Any) -> Iterator[dict[str, Any]]:
    entries = [given]
    if isinstance(given, dict) and given.get("resourceType") == "Bundle":
        listed = given.get("entry", [])
        entries = [e.get("resource") for e in listed if isinstance(e, dict)] if isinstance(listed, list) else []
    if len(entries) > MOST_RESOURCES:
        raise ContextRefused(f"the Bundle has more than {MOST_RESOURCES} resources: give those that matter")
    found = [e for e in entries if isinstance(e, dict) and isinstance(e.get("resourceType"), str)]
    if not found:
        raise ContextRefused("the context is JSON, and no FHIR resource: it needs a resourceType")
    yield from found


def _read(kind: type[R], resource: dict[str, Any]) -> R:
    try:
        return kind.model_validate(resource)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ContextRefused(f"{kind.__name__}.{field} of the context is not as FHIR has it") from error


def _sentence(resource: dict[str, Any]) -> str:
    """Return a condition, or an observation that is no number, as a short sentence."""
    if resource["resourceType"] == "Condition":
        condition = _read(Condition, resource)
        said, status = condition.code.words, condition.verificationStatus
        if status.says("entered-in-error", "unconfirmed", "provisional", "differential"):
            return ""
        return f"no {said}" if status.says("refuted") and said else said
    if resource["resourceType"] != "Observation":
        return ""
    seen = _read(Observation, resource)
    value = seen.valueCodeableConcept.words if seen.valueCodeableConcept else ""
    if seen.status in _VOID or not (value or seen.valueBoolean is not None):
        return ""
    if seen.valueBoolean is False or _NEGATIVE.match(value):
        return f"no {seen.code.words}"
    return f"{seen.code.words} {value}"


_NEGATIVE = re.compile(r"(?:no|not|negative|absent|never|none|denie[sd])\b", re.IGNORECASE)
_VOID = frozenset({"entered-in-error", "cancelled", "not-taken"})


def _lab(resource: dict[str, Any]) -> Lab | None:
    if resource["resourceType"] != "Observation":
        return None
    seen = _read(Observation, resource)
    name, amount = lab_name(seen.code.words), seen.valueQuantity
    if (
        name is None
        or amount is None
        or amount.value is None
        or seen.status in _VOID
        or not math.isfinite(amount.value)
    ):
        return None
    return Lab(name, amount.value, known_unit(amount.unit), _flag(seen, amount.value))


def _flag(seen: Observation, value: float) -> Flag | None:
    for codes, flag in _FLAGS:
        if any(i.says(*codes) for i in seen.interpretation):
            return flag
    limits = seen.referenceRange[0] if seen.referenceRange else Range()
    if limits.high.value is not None and value > limits.high.value:
        return "high"
    if limits.low.value is not None and value < limits.low.value:
        return "low"
    return "normal" if limits.high.value is not None else None


_FLAGS: tuple[tuple[tuple[str, ...], Flag], ...] = (
    (("H", "HH", "HU"), "high"), (("L", "LL", "LU"), "low"), (("N",), "normal"),
)  # fmt: skip


def _medicine(resource: dict[str, Any]) -> str:
    if resource["resourceType"] != "MedicationStatement":
        return ""
    taken = _read(MedicationStatement, resource)
    words = taken.medicationCodeableConcept.words or taken.medication.concept.words
    return "" if taken.status in _VOID else known_words_only(without_identity(words))


def _age(birth: str, today: datetime.date) -> int | None:
    """Return the age in whole years; FHIR allows a year alone, or a year with a month."""
    parts = birth[:10].split("-")
    try:
        year, month, day = (int(p) for p in (*parts, *("1", "1")[len(parts) - 1 :]))
        born = datetime.date(year, month, day)
    except ValueError:
        return None
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return age if 0 <= age <= 120 else None
