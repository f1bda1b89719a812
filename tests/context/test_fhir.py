"""FHIR R4 and R5: a few fields of five resources, read with care, and hostile files refused in one line."""

import datetime
import json

import pytest

from chatcad.context import in_words, parse
from chatcad.context.fhir import MOST_RESOURCES
from chatcad.errors import ContextRefused

TODAY = datetime.date(2026, 11, 24)
R4 = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {
            "resource": {
                "resourceType": "Patient",
                "id": "canary-id",
                "identifier": [{"value": "MRN-CANARY"}],
                "name": [{"family": "Canaryson", "given": ["Johanna"]}],
                "address": [{"city": "Canaryville"}],
                "gender": "female",
                "birthDate": "1961-03-12",
            }
        },
        {
            "resource": {
                "resourceType": "Condition",
                "code": {
                    "coding": [{"system": "http://snomed.info/sct", "code": "84114007", "display": "Heart failure"}]
                },
                "subject": {"display": "Johanna Canaryson"},
                "recordedDate": "2024-05-06",
            }
        },
        {
            "resource": {
                "resourceType": "Condition",
                "code": {"text": "Tuberculosis"},
                "verificationStatus": {"coding": [{"code": "refuted"}]},
            }
        },
        {
            "resource": {
                "resourceType": "Condition",
                "code": {"text": "Pneumonia"},
                "verificationStatus": {"coding": [{"code": "provisional"}]},
            }
        },
        {
            "resource": {
                "resourceType": "Observation",
                "status": "final",
                "code": {"text": "NT-proBNP"},
                "valueQuantity": {"value": 2500, "unit": "pg/mL"},
                "interpretation": [{"coding": [{"code": "H"}]}],
            }
        },
        {
            "resource": {
                "resourceType": "Observation",
                "code": {"coding": [{"display": "C-reactive protein"}]},
                "valueQuantity": {"value": 4.0, "unit": "Canaryson"},
                "referenceRange": [{"high": {"value": 5}}],
            }
        },
        {
            "resource": {
                "resourceType": "MedicationStatement",
                "status": "active",
                "medicationCodeableConcept": {"text": "Oxygen 2 L for Johanna Canaryson"},
            }
        },
        {"resource": {"resourceType": "Encounter", "status": {"odd": ["shape"]}}},
    ],
}


def read(resource):
    return parse(json.dumps(resource), TODAY)


def test_a_bundle_becomes_a_context_that_names_nobody():
    context = read(R4)
    assert (context.age_band, context.sex, context.child) == ("60-69", "F", False)
    assert set(context.told) == {"heart_failure", "high_peptide"}
    assert context.denied == ("tuberculosis",)
    assert {lab.name: (lab.value, lab.unit, lab.flag) for lab in context.labs} == {
        "NT-proBNP": (2500, "pg/mL", "high"),
        "CRP": (4.0, "", "normal"),
    }
    assert context.medicines == ("Oxygen for",)
    line = f"{context} {in_words(context)}".lower()
    assert not [c for c in ("canary", "johanna", "1961", "2024", "mrn") if c in line]


def test_r5_spells_a_medicine_in_another_way():
    r5 = {"resourceType": "MedicationStatement", "status": "recorded", "medication": {"concept": {"text": "oxygen"}}}
    assert read(r5).medicines == ("oxygen",)


@pytest.mark.parametrize(
    ("birth", "band", "child"),
    [("2024-12", "0-9", True), ("2008-11-25", "10-19", True), ("2008-11-24", "10-19", False), ("1930", "90+", False)],
)
def test_an_age_is_reckoned_from_the_parts_of_a_date_that_are_there(birth, band, child):
    context = read({"resourceType": "Patient", "birthDate": birth})
    assert (context.age_band, context.child) == (band, child)


@pytest.mark.parametrize("birth", ["", "not a date", "2090-01-01", "1800-01-01", "2024-02-31", "2024-1-1-1"])
def test_no_age_from_a_date_that_is_none(birth):
    assert read({"resourceType": "Patient", "birthDate": birth}).age_band is None


def test_a_coded_pregnancy_and_a_void_observation():
    pregnant = {
        "resourceType": "Observation",
        "code": {"text": "Pregnancy status"},
        "valueCodeableConcept": {"text": "Pregnant"},
    }
    assert read(pregnant).pregnant
    assert not read({**pregnant, "status": "entered-in-error"}).pregnant
    assert not read({**pregnant, "valueCodeableConcept": {"text": "Not pregnant"}}).pregnant


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("{", "is none"),
        ('{"resourceType": "Observation", "valueQuantity": {"value": NaN}}', "is none"),
        ("[" * 100_000, "is none"),
        ('{"a":' * 50_000, "is none"),
        ('{"resourceType": "Patient", "birthDate": ' + "9" * 5000 + "}", "is none"),
        ("{}", "resourceType"),
        ("[]", "resourceType"),
        ('{"resourceType": "Bundle", "entry": {"resource": 1}}', "resourceType"),
        ('{"resourceType": "Patient", "birthDate": {"$gt": ""}}', "Patient.birthDate"),
        ('{"resourceType": "Condition", "code": {"coding": "x"}}', "Condition.code.coding"),
        (json.dumps({"resourceType": "Patient", "birthDate": "9" * 1000}), "Patient.birthDate"),
        ('{"x": "' + "a" * 2_000_001 + '"}', "longer"),
    ],
)
def test_a_hostile_file_is_refused_in_one_line(given, why):
    with pytest.raises(ContextRefused, match=why) as refused:
        parse(given, TODAY)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 200


def test_too_many_resources_are_refused():
    many = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient"}}] * (MOST_RESOURCES + 1)}
    with pytest.raises(ContextRefused, match="more than"):
        read(many)


def test_of_several_values_the_latest_counts_in_any_order():
    def taken(day, value):
        amount = {"value": value, "unit": "°C"}
        return {
            "resourceType": "Observation",
            "code": {"text": "Body temperature"},
            "effectiveDateTime": day,
            "valueQuantity": amount,
        }

    days = [taken("2026-11-24", 39.2), taken("2026-11-01", 36.6)]
    for order in (days, days[::-1]):
        context = parse(json.dumps({"resourceType": "Bundle", "entry": [{"resource": r} for r in order]}), TODAY)
        assert [lab.value for lab in context.labs] == [39.2]
        assert context.told == ("fever",)
