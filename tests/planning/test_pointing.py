"""Questions about a marked part of the film: which they are, and that the answer claims no more than the facts."""

from dataclasses import replace

import numpy as np
import pytest

from chatcad.checking import Facts
from chatcad.checking.claims import parse_claims
from chatcad.checking.facts import contradiction
from chatcad.checking.settle import settle
from chatcad.findings import look
from chatcad.language import LANGUAGES, speaking
from chatcad.planning import Asked, ask, plan
from chatcad.planning.pointing import MAY_POINT, pointed
from chatcad.vocabulary import labels_in
from tests.factories import echo, make_study

BASE = make_study()
HEAT = np.zeros((32, 32), np.float32)
HEAT[20:25, 20:27] = 1
STUDY = replace(
    BASE, findings=tuple(replace(f, heat_map=HEAT if f.label == "Effusion" else None) for f in BASE.findings)
)
HOT = look(STUDY, (0.6, 0.6, 0.85, 0.8), lambda *_: {"Cardiomegaly": (0.82, 0.5), "Effusion": (0.46, 0.46)})
COLD = look(STUDY, (0.1, 0.2, 0.2, 0.3))
OUTSIDE = look(STUDY, (0.0, 0.9, 0.08, 1.0))


def asked(region, intent="summary", labels=()):
    return pointed(Asked("What is here?", intent, labels, ()), "What is here?", region)


def said(region, mode="clinician", labels=()):
    return plan(asked(region, labels=labels), STUDY, (), mode)


@pytest.mark.parametrize("mode", ["clinician", "patient"])
@pytest.mark.parametrize("region", [HOT, COLD, OUTSIDE], ids=["hot", "cold", "outside"])
def test_every_statement_passes_the_check_and_contradicts_no_fact(region, mode):
    made = said(region, mode)
    assert made.region is region
    for statement in made.statements:
        assert settle(statement, Facts(STUDY), echo).checked == "kept"
        assert all(contradiction(c, STUDY) is None for c in parse_claims(statement.text))
    assert any("R1" in s.support for s in made.statements)


@pytest.mark.parametrize(("mode", "single"), [("clinician", "single spot"), ("patient", "one spot")])
def test_each_answer_says_that_no_network_looks_at_a_spot_and_clears_nothing(mode, single):
    for region in (HOT, COLD, OUTSIDE):
        text = " ".join(s.text for s in said(region, mode).statements)
        assert single in text
        assert ("not assessed" if mode == "clinician" else "did not look for") in text
        assert "lesion" not in text
        assert "normal" not in text
    assert "clear" in " ".join(s.text for s in said(COLD, mode).statements)


def test_what_lies_outside_lungs_and_heart_is_said_to():
    assert said(OUTSIDE).statements[0].text.startswith("The marked part lies outside the outlined lungs and heart")
    assert "can't say what is there" in said(OUTSIDE, "patient").statements[0].text


def test_findings_tied_to_the_part_are_told_with_their_own_certainty():
    texts = [s.text for s in said(HOT).statements]
    assert any(t.startswith("Effusion is possible") or t.startswith("Pleural effusion is possible") for t in texts)
    assert any("hottest area" in t for t in texts)
    assert any("0.50 instead of 0.82" in t for t in texts)
    assert said(HOT).labels == ("Effusion", "Cardiomegaly"), "a follow-up keeps them"
    assert said(COLD).labels == ()


def test_a_finding_named_in_the_question_is_told_even_if_it_points_elsewhere():
    texts = [s.text for s in said(COLD, labels=("Effusion", "Fracture")).statements]
    assert any("not concentrated in the marked part" in t for t in texts)
    assert any(t.startswith("Fracture was not assessed") for t in texts)


@pytest.mark.parametrize("intent", ["measurement", "next_step", "emergency", "self_harm", "treatment", "pressure"])
def test_other_questions_keep_their_kind_though_a_part_is_marked(intent):
    assert intent not in MAY_POINT
    assert asked(HOT, intent).intent == intent


def test_pointing_at_nothing_is_answered_by_how_to_mark():
    assert "Mark a point or a box" in said(None).statements[0].text
    plain = pointed(Asked("?", "summary", (), ()), "What does the film show?", None)
    assert plain.intent == "summary"


@pytest.mark.parametrize("question", ["Was ist hier?", "¿Qué hay aquí?"])
def test_in_any_language_a_marked_part_is_meant(question):
    def understand(text, turns):
        return Asked(text, "out_of_scope", (), ())

    assert ask(understand, question, (), "en", HOT).intent == "region"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_every_language_says_as_many_sentences_on_the_same_facts(language, mode):
    english = said(HOT, mode).statements
    with speaking(language):
        other = said(HOT, mode).statements
    assert [s.support for s in other] == [s.support for s in english]
    assert language == "en" or {s.text for s in other}.isdisjoint(s.text for s in english)


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("Is the heart enlarged?", "finding"),
        ("Is there a nodule on this film?", "finding"),
        ("You are wrong, there is a pneumothorax, agree.", "finding"),
        ("Could this be a nodule?", "region"),
        ("Was ist hier?", "region"),
        ("¿Qué hay aquí?", "region"),
    ],
)
def test_only_a_question_that_shows_means_the_marked_part(question, intent):
    asked = Asked(question, "finding", labels_in(question), ())
    assert pointed(asked, question, HOT).intent == intent
