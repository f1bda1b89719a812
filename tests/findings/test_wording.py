"""How facts are said: nothing is certain by rounding, and patients get short lists."""

import pytest

from chatcad.checking.claims import parse_claims
from chatcad.findings.wording import PATIENT_LIST, describe, describe_group
from chatcad.types import Finding
from chatcad.vocabulary import find_mentions, terms


@pytest.mark.parametrize(
    ("probability", "said"),
    [(0.001, "below 0.01"), (0.01, "0.01"), (0.82, "0.82"), (0.994, "0.99"), (0.999, "above 0.99")],
)
def test_no_probability_is_told_as_certain(probability, said):
    band = "definite" if probability > 0.9 else "likely"
    finding = Finding("F1", "Cardiomegaly", "present", "assessed", probability, band)
    assert describe(finding, "clinician") == f"Cardiomegaly is {band} (probability {said})."


@pytest.mark.parametrize("state", ["not_flagged", "not_assessed"])
def test_a_long_list_for_a_patient_is_several_sentences_with_one_meaning(state):
    group = [Finding(f"F{i}", label, state, "weak") for i, label in enumerate(terms(), start=1)]
    text = describe_group(group, state, "patient")
    sentences = [s for s in text.split(". ") if s]
    assert len(sentences) == -(-len(group) // PATIENT_LIST)
    assert max(len({m.label for m in find_mentions(s)}) for s in sentences) == PATIENT_LIST
    claims = parse_claims(text)
    assert {c.label for c in claims} == set(terms())
    assert {c.stance for c in claims} == {state}
    assert describe_group(group, state, "clinician").count(".") == 1


@pytest.mark.parametrize("state", ["not_flagged", "not_assessed"])
def test_one_finding_alone_is_no_list_to_a_patient(state):
    alone = Finding("F5", "Pneumonia", state, "weak")
    assert describe_group([alone], state, "patient") == describe(alone, "patient")
