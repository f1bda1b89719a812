"""The differential: ranked by what speaks for and against, hedged, cited, and never fed by silence or by a history."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from chatcad.checking import Facts
from chatcad.checking.claims import parse_claims
from chatcad.checking.facts import contradiction
from chatcad.checking.finish import reading_grade
from chatcad.checking.settle import objection_to
from chatcad.context import parse
from chatcad.planning import NO_CONTEXT, Asked, differential, plan
from chatcad.planning.causes import MOST, MOST_LISTED, say_differential
from chatcad.retrieval.cited import cited, publisher
from chatcad.retrieval.graph import finding_graph
from chatcad.serialise import differential_to_json
from chatcad.types import Context, Finding
from chatcad.vocabulary import labels_in
from tests.factories import make_passage, make_study

STUDY = make_study()
HEART = make_study(
    {"Edema": ("assessed", 0.95), "Effusion": ("assessed", 0.7), "Cardiomegaly": ("assessed", 0.04)}, ctr=0.44
)
OPACITY = make_study({"Lung Opacity": ("weak", 0.8), "Pneumonia": ("weak", 0.1), "Edema": ("assessed", 0.02)})
CAUSES = make_passage(
    1, "Heart failure and pneumonia are common causes of a pleural effusion.", "Effusion", key="effusion-causes"
)


def found(study, key, context=NO_CONTEXT):
    return next(c for c in differential(study, context=context).candidates if c.key == key)


def keys(study, history="", labels=()):
    return [c.key for c in differential(study, labels, parse(history)).candidates]


def told(study, mode, history="", labels=(), passages=()):
    return plan(Asked("Why?", "cause", labels, ("cause",)), study, passages, mode, context=parse(history)).statements


def test_the_cause_that_explains_most_comes_first_with_its_facts():
    heart = found(STUDY, "heart_failure")
    assert keys(STUDY)[0] == "heart_failure"
    assert [f.id for f in heart.speaks_for] == ["F1", "M1", "F2"]
    assert heart.speaks_against == ()


def test_an_assessed_absence_and_a_ratio_within_speak_against():
    heart = found(HEART, "heart_failure")
    assert [f.id for f in heart.speaks_against] == ["F1", "M1"]
    assert heart.score < found(replace(HEART, findings=HEART.findings[1:]), "heart_failure").score


def test_silence_is_never_against():
    for study in (STUDY, HEART, OPACITY):
        for c in differential(study).candidates:
            facts = [f for f in c.speaks_against if isinstance(f, Finding)]
            assert all(f.reliability == "assessed" and f.state not in {"not_flagged", "not_assessed"} for f in facts)
            assert all(f.state in {"present", "uncertain"} for f in c.speaks_for if isinstance(f, Finding))
    pneumonia = found(OPACITY, "pneumonia")
    assert [f.label for f in pneumonia.not_flagged] == ["Pneumonia"]
    assert [f.label for f in found(OPACITY, "atelectasis").not_assessed] == ["Atelectasis"]


def test_a_weak_flag_supports_less_than_a_present_finding():
    surely = make_study({"Lung Opacity": ("assessed", 0.95)})
    assert found(OPACITY, "pneumonia").score < found(surely, "pneumonia").score


def test_a_history_reorders_and_stays_apart_from_the_film():
    assert keys(STUDY).index("pneumonia") > keys(STUDY, "fever and cough").index("pneumonia")
    context = parse("fever and cough, no leg swelling")
    pneumonia, heart = (found(STUDY, key, context) for key in ("pneumonia", "heart_failure"))
    assert pneumonia.told_for == ("fever", "cough")
    assert heart.told_against == ("leg_swelling",)
    assert found(STUDY, "heart_failure").speaks_for[0].id == heart.speaks_for[0].id == "F1"
    assert keys(OPACITY, "known tuberculosis")[0] == keys(OPACITY)[0]  # it can't explain what it isn't linked to


def test_findings_with_heat_maps_are_told_as_well():
    maps = tuple(replace(f, heat_map=np.zeros((4, 4), dtype=np.float32)) for f in STUDY.findings)
    assert told(replace(STUDY, findings=maps), "clinician") == told(STUDY, "clinician")


def test_a_film_without_findings_has_no_differential():
    clean = make_study({"Effusion": ("assessed", 0.02)}, ctr=0.44)
    assert differential(clean).candidates == ()
    assert differential(clean, ["Effusion"]).candidates == ()  # what is absent has no cause
    assert say_differential(differential(clean), (), Context(), "clinician") == []


def test_a_finding_that_was_not_assessed_gets_general_causes_only():
    said = " ".join(s.text for s in told(STUDY, "clinician", labels=("Fracture",)))
    assert "stays open on this film" in said
    assert "on this film:" not in said
    assert "fall or blow" in said


@pytest.mark.parametrize(
    ("study", "mode", "history"),
    itertools.product(
        [STUDY, HEART, OPACITY], ["clinician", "patient"], ["", "58M smoker, fever and cough, fell, no leg swelling"]
    ),
)
def test_every_statement_holds(study, mode, history):
    statements = told(study, mode, history, passages=(CAUSES,))
    facts = Facts(study, (CAUSES,))
    ids = {f.id for f in study.findings} | {m.id for m in study.measurements} | {"P1"}
    assert len({s.text for s in statements}) == len(statements)
    for s in statements:
        assert set(s.support) <= ids
        assert (s.source == "image") == any(i[0] in "FM" for i in s.support)
        if s.reword:
            assert objection_to(s.text, s, facts) is None
        if s.source == "image":
            assert [why for c in parse_claims(s.text) if (why := contradiction(c, study))] == []
        assert "%" not in s.text
        assert "diagnosis is" not in s.text
    named = [
        s for s in statements if "possible cause" in s.text or "may come from" in s.text or "may be a cause" in s.text
    ]
    assert 2 <= len(named) <= MOST
    if mode == "patient":
        assert reading_grade(" ".join(s.text for s in statements if s.source != "guideline")) <= 6


def test_a_history_is_never_worded_as_a_fact_of_the_film():
    statements = told(STUDY, "clinician", "fever, fell yesterday, no cough")
    (told_of,) = (s for s in statements if any(word in s.text for word in ("fever", "injury", "cough")))
    assert told_of.source == "general"
    assert "history given" in told_of.text
    assert told_of.support == ()


def test_a_retrieved_passage_is_cited_and_any_other_source_named():
    heart = next(s for s in told(STUDY, "clinician", passages=(CAUSES,)) if s.text.startswith("Heart failure is"))
    assert (heart.text, heart.support, heart.source) == ("Heart failure is a possible cause.", ("P1",), "guideline")
    alone = next(s for s in told(STUDY, "clinician") if s.text.startswith("Heart failure is"))
    assert (alone.text, alone.support, alone.source) == (
        "Heart failure is a possible cause (ESC, 2021).",
        (),
        "general",
    )
    assert any("NHLBI, 2024" in s.text for s in told(STUDY, "patient"))


def test_a_cause_that_the_film_calls_absent_is_not_offered():
    study = make_study({"Lung Opacity": ("assessed", 0.8), "Edema": ("assessed", 0.02)})
    assert not any("edema" in s.text.lower() and "cause" in s.text for s in told(study, "clinician"))


def test_the_check_that_separates_the_first_ones_is_told():
    said = [s.text for s in told(OPACITY, "clinician")]
    assert any(s.startswith("To tell pneumonia from atelectasis: signs of volume loss") for s in said)


def test_the_json_has_ids_and_no_probability():
    shape = differential_to_json(differential(STUDY))
    assert shape[0]["cause"] == "heart_failure"
    assert shape[0]["for"] == ["F1", "M1", "F2"]
    assert [c["rank"] for c in shape] == list(range(1, len(shape) + 1))
    assert not {"score", "probability"} & set(shape[0])


def test_every_source_of_the_graph_has_a_short_name_that_claims_nothing():
    for _, key, _ in finding_graph().sources():
        assert 2 < len(cited(key).publisher) <= 50
        assert not labels_in(cited(key).publisher)
    assert publisher("Clinical and radiologic features of pulmonary edema, RadioGraphics") == "RadioGraphics"


@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_a_long_list_of_causes_is_cut_and_the_rest_is_offered(mode):
    history = parse("58M smoker, known heart failure, fever and cough, fell")
    found_here = differential(HEART, (), history)
    short, whole = (say_differential(found_here, (CAUSES,), history, mode, whole=w) for w in (False, True))
    assert len(short) < len(whole)
    assert len(whole) > MOST_LISTED
    names = [s.text for s in whole if "possible cause" in s.text or "may come from" in s.text]
    assert set(names) <= {s.text for s in short}
    assert any("each cause?" in s.text for s in short)
    assert not any("each cause?" in s.text for s in whole)
