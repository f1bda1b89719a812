"""An edited report against its film: each kind of contradiction, what is only not covered, omissions, clashes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatcad import DISCLAIMER
from chatcad.checking import check_draft
from chatcad.checking.proofread import CANT_CONFIRM, Checked, proofread
from chatcad.vocabulary import terms
from tests.factories import DESIGN_EXAMPLE, make_study

STUDY = check_draft(make_study({**DESIGN_EXAMPLE, "Pneumothorax": ("assessed", 0.93)}), {})
"""Cardiomegaly likely (F1), right effusion possible, opacity not flagged, tuberculosis weak, edema unlikely."""


def one(sentence: str, prior: object = None) -> Checked:
    return proofread(sentence, STUDY, prior).sentences[0]


def test_an_untouched_draft_agrees_in_every_sentence_and_leaves_nothing_out() -> None:
    proof = proofread(STUDY.draft_report, STUDY)
    assert {s.verdict for s in proof.sentences} == {"agrees"}
    assert len(proof.sentences) == len(STUDY.draft_report.splitlines())
    assert (proof.omissions, proof.clashes) == ((), ())


READINGS = st.tuples(st.sampled_from(["assessed", "weak", "not_assessed"]), st.floats(0, 1))


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(terms())), READINGS),
    st.dictionaries(st.sampled_from([k for k, t in terms().items() if t.sided]), st.sampled_from(["left", "right"])),
    st.sampled_from([None, 0.44, 0.50, 0.57]),
)
def test_no_draft_of_any_study_is_objected_to_and_a_changed_side_always_is(labels, sides, ctr) -> None:
    labels = {k: (r, None if r == "not_assessed" else p) for k, (r, p) in labels.items()}
    film = check_draft(make_study(labels, sides=sides, ctr=ctr), {})
    proof = proofread(film.draft_report.replace(".\n", ". \n"), replace(film, draft_report=""))
    assert {s.verdict for s in proof.sentences if s.facts} <= {"agrees"}, [s for s in proof.sentences if s.facts]
    assert (proof.omissions, proof.clashes) == ((), ())
    swap = {"left": "right", "right": "left"}
    turned = re.sub(r"\b(left|right)\b(?= side)", lambda m: swap[m[0]], film.draft_report)
    wrong = [s for s in proofread(turned, film).sentences if s.verdict == "contradicts"]
    flagged = [f for f in film.findings if f.side is not None]
    assert [s.kind for s in wrong] == ["side"] * len(flagged)


@pytest.mark.parametrize(
    ("sentence", "fact"),
    [
        ("The heart is probably enlarged.", "F1"),
        ("Possible right pleural effusion.", "F2"),
        ("Tuberculosis cannot be excluded.", "F11"),
        ("No pulmonary edema.", "F6"),
        ("The cardiothoracic ratio measures 0.57.", "M1"),
        ("Pneumothorax is definite (probability 0.93).", "F8"),
    ],
)
def test_a_sentence_in_a_readers_own_words_agrees_and_names_its_fact(sentence: str, fact: str) -> None:
    checked = one(sentence)
    assert (checked.verdict, checked.facts) == ("agrees", (fact,)), checked.reason


@pytest.mark.parametrize(
    ("sentence", "kind", "why"),
    [
        ("No pneumothorax.", "finding", "(F8) definite, 0.93"),
        ("Pulmonary edema.", "finding", "unlikely, 0.04"),
        ("Heart size is normal.", "finding", "(F1) likely, 0.82"),
        ("Right pleural effusion.", "certainty", "firmer than the networks"),
        ("Possible cardiomegaly.", "certainty", "weaker than the networks"),
        ("Possible left pleural effusion.", "side", "on the right side"),
        ("The cardiothoracic ratio is 0.67.", "number", "(M1) is 0.57"),
        ("The cardiothoracic ratio of 0.57 is within the reference.", "number", "reference <=0.50"),
        ("Cardiomegaly is likely (probability 0.28).", "number", "F1 is 0.82"),
        ("Cardiomegaly is likely, unchanged.", "change", "no earlier film was read"),
        ("The lungs are clear.", "all_clear", "tuberculosis pattern (F11)"),
        ("No acute cardiopulmonary process.", "all_clear", "pneumothorax (F8)"),
        ("Give furosemide 40 mg.", "drug", "drug or a dose"),
        ("PA radiograph of the chest.", "view", "read as AP"),
    ],
)
def test_a_contradiction_is_named_with_its_kind_and_what_the_facts_say(sentence: str, kind: str, why: str) -> None:
    checked = one(sentence)
    assert (checked.verdict, checked.kind) == ("contradicts", kind), checked.reason
    assert why in checked.reason


@pytest.mark.parametrize(
    "sentence",
    [
        "No fracture.",  # not assessed is never absent
        "Old rib fracture.",
        "No lung opacity.",  # a weak detector's silence rules nothing out
        "Opacity in the right lower zone.",
        "Possible right pleural effusion with a spiculated margin.",
        "No left pleural effusion.",
        "A catheter ends at the cavoatrial junction.",
        "Increased interstitial markings.",
        "2 cm nodule.",
        "Clinical history: dyspnoea.",
    ],
)
def test_what_the_networks_cant_know_is_not_called_wrong(sentence: str) -> None:
    assert one(sentence).verdict == "not_covered"


def test_the_word_that_goes_beyond_the_facts_is_named() -> None:
    assert "“spiculated”" in one("Possible right pleural effusion with a spiculated margin.").reason
    assert CANT_CONFIRM in one("No fracture.").reason


def test_a_zone_and_a_weak_detectors_loudness() -> None:
    findings = tuple(replace(f, zone="lower") if f.label == "Effusion" else f for f in STUDY.findings)
    zoned = replace(STUDY, findings=findings)
    assert proofread("Possible right upper zone effusion.", zoned).sentences[0].kind == "zone"
    assert one("Tuberculosis is likely.").kind == "certainty"
    assert "0.80" not in one("Tuberculosis is likely.").reason, "a weak detector's number is left to the table"


def test_a_probability_of_the_table_may_be_written_out_for_a_weak_detector_too() -> None:
    assert one("Tuberculosis is possible (probability 0.80).").verdict == "agrees"
    assert one("Tuberculosis is possible (probability 0.90).").kind == "number"


def test_change_needs_an_earlier_film_and_then_is_left_to_the_reader() -> None:
    assert one("The effusion has increased since the last film.").kind == "change"
    assert one("The cardiothoracic ratio of 0.57 is stable.", STUDY).verdict == "not_covered"
    assert one("No prior film for comparison.").verdict == "agrees"
    assert one("No prior film for comparison.", STUDY).verdict == "contradicts"


def test_an_all_clear_of_a_film_with_nothing_flagged_is_still_not_confirmed() -> None:
    quiet = make_study({"Edema": ("assessed", 0.04)}, ctr=0.44)
    assert proofread("The lungs are clear.", quiet).sentences[0].verdict == "not_covered"


def test_a_withheld_measurement_confirms_no_number() -> None:
    withheld = make_study(ctr=None)
    checked = proofread("The cardiothoracic ratio is 0.48.", withheld).sentences[0]
    assert checked.verdict == "not_covered"
    assert "withheld" in checked.reason


def test_omissions_are_what_is_flagged_or_out_of_range_the_urgent_first() -> None:
    proof = proofread("Possible right pleural effusion.", STUDY)
    assert [(o.fact, o.urgent) for o in proof.omissions] == [("F8", True), ("F1", False), ("F11", False), ("M1", False)]
    assert "Cardiomegaly" in proof.omissions[1].text


def test_left_and_right_of_one_finding_are_told_with_their_sentences() -> None:
    proof = proofread("Possible right pleural effusion.\nImpression: possible left pleural effusion.", STUDY)
    assert [(c.sentences, "on the left" in c.reason) for c in proof.clashes] == [((1, 2), True)]
    denied = proofread("Possible right pleural effusion. No pleural effusion.", STUDY)
    assert "denied" in denied.clashes[0].reason
    assert proofread("Possible right pleural effusion. No left pleural effusion.", STUDY).clashes == ()


def test_headings_bullets_and_the_research_line_are_no_sentences() -> None:
    text = f"# Chest radiograph\n\n*{DISCLAIMER}*\n\nFINDINGS:\n- Cardiomegaly is likely.\n2. No pulmonary edema.\n"
    proof = proofread(text, STUDY)
    assert [s.sentence for s in proof.sentences] == ["Cardiomegaly is likely.", "No pulmonary edema."]


def test_a_sentence_is_returned_as_it_was_written() -> None:
    assert one("  cardiomegaly  IS likely !").sentence == "cardiomegaly  IS likely !"
    assert proofread("", STUDY).sentences == ()
