"""What reaches a reader: the rules against the lies that small models told on our prompts, and others."""

import itertools

import pytest

from chatcad.checking import Facts
from chatcad.checking.claims import parse_claims
from chatcad.checking.facts import contradiction
from chatcad.checking.settle import objection_to, settle
from chatcad.findings.wording import describe, describe_group, describe_measurement
from chatcad.types import Statement
from tests.factories import echo, make_passage, make_study, say

STUDY = make_study(
    {
        "Cardiomegaly": ("assessed", 0.82),
        "Effusion": ("assessed", 0.46),
        "Pneumothorax": ("assessed", 0.04),
        "Edema": ("assessed", 0.95),
        "Consolidation": ("assessed", 0.12),
        "Lung Opacity": ("weak", 0.10),
        "Tuberculosis": ("weak", 0.80),
    }
)
FACTS = Facts(STUDY)


def statement_of(label, mode="clinician"):
    finding = STUDY.finding(label)
    return Statement(describe(finding, mode), (finding.id,), "image")


@pytest.mark.parametrize(
    ("label", "mode"), itertools.product([f.label for f in STUDY.findings], ["clinician", "patient"])
)
def test_every_fact_sentence_passes_its_own_check(label, mode):
    statement = statement_of(label, mode)
    assert objection_to(statement.text, statement, FACTS) is None
    for claim in parse_claims(statement.text):
        assert contradiction(claim, STUDY) is None


@pytest.mark.parametrize("mode", ["clinician", "patient"])
@pytest.mark.parametrize("state", ["not_flagged", "not_assessed"])
def test_group_sentences_agree_with_the_facts(state, mode):
    group = [f for f in STUDY.findings if f.state == state]
    claims = parse_claims(describe_group(group, state, mode))
    assert {c.label for c in claims} >= {f.label for f in group}
    assert all(contradiction(c, STUDY) is None for c in claims)


@pytest.mark.parametrize(
    ("label", "lie"),
    [
        ("Pneumothorax", "Yes, you have a collapsed lung."),
        ("Pneumothorax", "Pneumothorax is likely (probability 0.04): no sign of it was found."),
        ("Pneumothorax", "Pneumothorax is unlikely (probability 0.40): no sign of it was found."),
        ("Pneumothorax", "Pneumothorax is unlikely (probability 0.04): sign of it was found."),
        ("Pneumothorax", "Pneumothorax is not unlikely (probability 0.04): sign of it was found."),
        ("Pneumothorax", "Yes, pneumothorax is unlikely (probability 0.04): no sign of it was found."),
        ("Cardiomegaly", "The heart is 21.5 cm."),
        ("Cardiomegaly", "There is cardiomegaly (probability 0.82)."),
        ("Cardiomegaly", "Cardiomegaly is definite (probability 0.82)."),
        ("Cardiomegaly", "Cardiomegaly is possible (probability 0.82)."),
        ("Cardiomegaly", "Cardiomegaly is unlikely (probability 0.82)."),
        ("Cardiomegaly", "Cardiomegaly is likely (probability 0.28)."),
        ("Cardiomegaly", "Cardiomegaly is likely (probability 0.82) and has increased."),
        ("Cardiomegaly", "Cardiomegaly is likely (probability 0.82), with tracheal deviation."),
        ("Cardiomegaly", "Cardiomegaly is likely (probability 0.82); take 40 mg of furosemide."),
        ("Cardiomegaly", "Cardiomegaly and effusion are likely (probability 0.82)."),
        ("Effusion", "Pleural effusion is possible on the left side (probability 0.46)."),
        ("Effusion", "Pleural effusion is possible (probability 0.46)."),
        ("Effusion", "Pleural effusion is possible on both sides (probability 0.46)."),
        ("Fracture", "There is no fracture."),
        ("Fracture", "Fracture was assessed: the networks in use look for it, so this film is cleared for it."),
        ("Lung Opacity", "No lung opacity was found, which rules it out: the detector is strong."),
        ("Lung Opacity", "Lung opacity was flagged, which doesn't rule it out: the detector is weak."),
        ("Lung Opacity", "The lungs are clear."),
        ("Edema", "Pulmonary edema is likely (probability 0.95)."),
        ("Cardiomegaly", "Cardiomegaly is likely (probability 0.82). Everything else is fine."),
        ("Cardiomegaly", "Cardiomegaly is likely (probability 0.82) <img src=x>."),
        ("Cardiomegaly", "Your heart is enlarged on this film, with a probability of zero point eight two."),
        ("Cardiomegaly", "Cardiomegaly is likely (probability zero point six)."),
        ("Cardiomegaly", "The likely cardiomegaly is seen in the report of another person (probability 0.82)."),
        ("Effusion", "Pleural effusion is possible on the side other than the right (probability 0.46)."),
        ("Pneumothorax", "Pneumothorax is unlikely and absent (probability 0.04): no sign of it was found."),
        (
            "Fracture",
            "Fracture was not assessed, but there is one: none of the networks in use looks for it, "
            "so this film is neither cleared nor flagged for it.",
        ),
        (
            "Lung Opacity",
            "Lung opacity may be there: it was not flagged, which doesn't rule it out: the detector is weak.",
        ),
        ("Cardiomegaly", "Is cardiomegaly likely (probability 0.82)?"),
        ("Cardiomegaly", ""),
    ],
)
def test_a_lie_never_reaches_the_reader(label, lie):
    statement = statement_of(label)
    shown = settle(statement, FACTS, say(lie, lie))
    assert shown.text == statement.text
    assert shown.checked == "replaced"
    assert shown.reason


@pytest.mark.parametrize(
    ("label", "wording"),
    [
        ("Cardiomegaly", "An enlarged heart is likely (probability 0.82)."),
        ("Cardiomegaly", "The heart is probably enlarged (probability 82%)."),
        ("Effusion", "There may be a pleural effusion on the right side (probability 0.46)."),
        ("Cardiomegaly", "In short, cardiomegaly is likely, with a probability of zero point eight two."),
        ("Effusion", "A right-sided pleural effusion can't be excluded (probability 0.46)."),
        ("Pneumothorax", "Pneumothorax is unlikely (probability 0.04), and no sign of it was found."),
        ("Pneumothorax", "No sign of a pneumothorax was found, so it's unlikely (0.04)."),
        ("Lung Opacity", "Since the detector is weak, lung opacity isn't ruled out, though it was not flagged."),
        (
            "Fracture",
            "No network in use looks for a fracture, so it was not assessed and this film is neither cleared "
            "nor flagged for it.",
        ),
    ],
)
def test_an_honest_rewording_is_kept(label, wording):
    shown = settle(statement_of(label), FACTS, say(wording))
    assert (shown.text, shown.checked) == (wording, "kept")


def test_a_failed_wording_is_rewritten_once():
    shown = settle(
        statement_of("Cardiomegaly"),
        FACTS,
        say("The heart is 21.5 cm.", "An enlarged heart is likely (probability 0.82)."),
    )
    assert (shown.text, shown.checked) == ("An enlarged heart is likely (probability 0.82).", "rewritten")


def test_a_silent_model_leaves_the_statement():
    statement = statement_of("Effusion")
    shown = settle(statement, FACTS, say())
    assert (shown.text, shown.checked, shown.reason) == (statement.text, "replaced", "no time was left for the model")


def test_a_guideline_sentence_keeps_its_sense():
    passage = make_passage(1, "Echocardiography is the usual next test when the heart looks enlarged.", "Cardiomegaly")
    statement = Statement(passage.text, ("P1",), "guideline")
    facts = Facts(STUDY, (passage,))
    assert settle(statement, facts, echo).checked == "kept"
    for lie in (
        "Echocardiography is not the usual next test when the heart looks enlarged.",
        "Surgery is the usual next test when the heart looks enlarged.",
        "Echocardiography is the usual next test.",
        "Echocardiography is the usual next test because the heart looks enlarged.",
        "Echocardiography is the usual next test when your heart looks enlarged.",
    ):
        assert settle(statement, facts, say(lie)).text == passage.text


@pytest.mark.parametrize("ctr", [0.57, 0.43, None])
@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_measurement_sentences_pass_and_their_reversal_does_not(ctr, mode):
    study = make_study(ctr=ctr)
    for text in describe_measurement(study.measurements[0], mode):
        statement = Statement(text, ("M1",), "image")
        assert settle(statement, Facts(study), echo).checked == "kept"
        for there, back in (("above", "within"), ("within", "above"), ("wider than", "within"), ("0.57", "0.75")):
            if there in text:
                assert settle(statement, Facts(study), say(text.replace(there, back, 1))).text == text


def test_a_finding_that_is_named_twice_is_a_claim_more():
    statement = Statement("Rib fracture is a possible cause.", (), "general")
    facts = Facts(make_study())
    assert objection_to("Rib fracture is a possible cause of rib fracture.", statement, facts) is not None
    assert objection_to("A possible cause is rib fracture.", statement, facts) is None


def test_what_was_found_on_the_film_is_not_put_down_to_guidance():
    statement = Statement("Cardiomegaly is unlikely (probability 0.02): no sign of it was found.", ("F1",), "image")
    facts = Facts(make_study({"Cardiomegaly": ("assessed", 0.02)}, ctr=0.44))
    said = "{} cardiomegaly is unlikely (probability 0.02), and no sign of it was found."
    assert "guidance" in str(objection_to(said.format("The guidance notes that"), statement, facts))
    assert objection_to(said.format("On this film"), statement, facts) is None


def test_names_that_take_no_article_get_none():
    statement = Statement("Heart failure is a possible cause (ESC, 2021).", (), "general")
    facts = Facts(make_study())
    assert "article" in str(objection_to("A heart failure is a possible cause (ESC, 2021).", statement, facts))
    assert objection_to("A possible cause is heart failure (ESC, 2021).", statement, facts) is None
