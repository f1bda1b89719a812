"""What the parser hears in a sentence."""

import pytest

from chatcad.checking.claims import parse_claims


@pytest.mark.parametrize(
    ("sentence", "label", "stance"),
    [
        ("No pleural effusion is seen.", "Effusion", "negated"),
        ("There isn't a nodule.", "Nodule", "negated"),
        ("Pneumothorax is absent.", "Pneumothorax", "negated"),
        ("The film rules out pneumothorax.", "Pneumothorax", "negated"),
        ("Pneumothorax cannot be ruled out.", "Pneumothorax", "possible"),
        ("Pneumothorax can't be excluded.", "Pneumothorax", "possible"),
        ("There may be a small effusion.", "Effusion", "possible"),
        ("Effusion is not certain.", "Effusion", "possible"),
        ("Consolidation is probable.", "Consolidation", "likely"),
        ("Findings are consistent with pneumonia.", "Pneumonia", "likely"),
        ("Yes, you have a collapsed lung.", "Pneumothorax", "asserted"),
        ("There is no doubt about an effusion.", "Effusion", "definite"),
        ("Not only is there a pneumothorax.", "Pneumothorax", "definite"),
        ("The heart size is normal.", "Cardiomegaly", "negated"),
        ("The heart size is not normal.", "Cardiomegaly", "asserted"),
        ("The heart is not enlarged.", "Cardiomegaly", "negated"),
        ("Fracture was not assessed.", "Fracture", "not_assessed"),
        ("The computer did not look for a broken bone.", "Fracture", "not_assessed"),
        ("Lung opacity was not flagged, which doesn't rule it out.", "Lung Opacity", "not_flagged"),
        ("The lungs are clear.", "Lung Opacity", "negated"),
        ("No lung opacity was flagged.", "Lung Opacity", "not_flagged"),
        ("No network in use looks for a fracture.", "Fracture", "not_assessed"),
        ("The heart appears to be enlarged.", "Cardiomegaly", "likely"),
        ("A part of your left lung may have too little air.", "Atelectasis", "possible"),
        ("The mediastinum may be widened.", "Enlarged Cardiomediastinum", "possible"),
    ],
)
def test_stance(sentence, label, stance):
    assert [(c.label, c.stance) for c in parse_claims(sentence)] == [(label, stance)]


def test_a_list_shares_its_cue():
    claims = parse_claims("No pleural effusion, pneumothorax or consolidation is seen.")
    assert {(c.label, c.stance) for c in claims} == {
        ("Effusion", "negated"),
        ("Pneumothorax", "negated"),
        ("Consolidation", "negated"),
    }


def test_negation_ends_with_its_clause():
    claims = {c.label: c.stance for c in parse_claims("No effusion and the heart is enlarged.")}
    assert claims == {"Effusion": "negated", "Cardiomegaly": "asserted"}


def test_a_group_after_a_colon_keeps_its_cue():
    claims = parse_claims("Not assessed by any network in use: fracture, hiatal hernia, lung mass.")
    assert {c.stance for c in claims} == {"not_assessed"}
    assert [c.label for c in claims] == ["Fracture", "Hernia", "Mass"]


def test_side_and_zone():
    claim = parse_claims("Pleural effusion is likely on the right side, lower zone (probability 0.62).")[0]
    assert (claim.side, claim.zone) == ("right", "lower")
    assert parse_claims("There may be fluid around your right lung.")[0].side == "right"
    assert parse_claims("On the left side, there is an effusion.")[0].side == "left"
    assert parse_claims("Effusion on both sides.")[0].side == "bilateral"
    assert parse_claims("Effusion in the right and left lungs.")[0].side == "bilateral"
