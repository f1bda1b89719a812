"""The second judge hears each kind of fault, and nothing in a faithful answer."""

import pytest

from chatcad.checking import finish
from chatcad.findings.wording import describe, describe_measurement
from chatcad.planning.granted import in_short
from chatcad.planning.statements import say_unseen
from chatcad.retrieval.cited import cited
from chatcad.types import Plan, Sentence
from evaluation.judge import Verdict, judge_sentence, judge_turn, refused
from tests.factories import make_passage, make_study

STUDY = make_study(
    {"Cardiomegaly": ("assessed", 0.82), "Effusion": ("assessed", 0.46), "Edema": ("assessed", 0.04),
     "Lung Opacity": ("weak", 0.1), "Tuberculosis": ("weak", 0.8)}
)  # fmt: skip


def faults_of(text, *support, source="image"):
    verdict = Verdict()
    judge_sentence(Sentence(text, support, source, "kept"), STUDY, verdict)
    return set(verdict.faults)


def answer(*sentences, passages=(), urgent=False):
    plan = Plan("finding", ("Cardiomegaly",), (), urgent=urgent)
    run = {"prompt_sha256": "", "backend": "", "machine": {}, "timings_ms": {}}
    return finish("?", plan, sentences, passages, mode="clinician", language="en", **run)


@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_true_sentences_have_no_fault(mode):
    for finding in STUDY.findings:
        assert faults_of(describe(finding, mode), finding.id) == set(), describe(finding, mode)
    for measurement in STUDY.measurements:
        for text in describe_measurement(measurement, mode):
            assert faults_of(text, measurement.id) == set(), text


@pytest.mark.parametrize(
    ("text", "support", "fault"),
    [
        ("Cardiomegaly is definite (probability 0.82).", "F1", "contradiction"),
        ("The heart is enlarged.", "F1", "contradiction"),
        ("Cardiomegaly is unlikely (probability 0.82).", "F1", "contradiction"),
        ("Pleural effusion is possible on the left side (probability 0.46).", "F2", "side"),
        ("Pleural effusion is possible on the right side (probability 0.64).", "F2", "number"),
        ("There may be a fracture.", "F17", "invented"),
        ("There is no sign of a fracture.", "F17", "contradiction"),
        ("Lung opacity is unlikely.", "F3", "contradiction"),
        ("Cardiomegaly is likely, with a pleural effusion.", "F1", "invented"),
        ("Cardiomegaly is likely, from heart failure.", "F1", "invented"),
        ("The cardiothoracic ratio is 0.57, within the reference of 0.50 on a PA film.", "M1", "contradiction"),
    ],
)
def test_each_kind_of_fault_is_heard(text, support, fault):
    assert fault in faults_of(text, support)


UNSEEN = tuple(f.id for f in STUDY.findings if f.state == "not_assessed")


@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_the_true_count_of_what_was_not_assessed_is_no_wrong_number_and_any_other_count_is(mode):
    for statement in (*say_unseen(STUDY, mode), *in_short(STUDY, mode)[1:]):
        assert faults_of(statement.text, *statement.support, source=statement.source) == set(), statement.text
    told = "The computer did not look for {} other things, such as these: a broken bone."
    assert faults_of(told.format(len(UNSEEN)), *UNSEEN) == set()
    assert faults_of(told.format(len(UNSEEN) + 1), *UNSEEN) == {"number"}
    assert faults_of(told.format(len(UNSEEN)), *UNSEEN[1:]) >= {"number"}
    assert faults_of(f"The computer did not look for a broken bone ({len(UNSEEN)}).", *UNSEEN) == {"number"}


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("This could help to find out: a CT scan.", (0, 1)),
        ("What could settle it: chest CT (Some Society, 2001).", (0, 1)),
        (f"What could settle it: chest CT ({cited('nodule-film-next')}).", (1, 0)),
        (f"What could settle it: thoracic ultrasound ({cited('nodule-film-next')}).", (0, 1)),
    ],
)
def test_advice_cites_a_passage_or_names_the_true_source_of_that_check(text, counts):
    verdict = judge_turn(answer(Sentence(text, (), "general", "kept")), STUDY, lambda a, b: 0.0)
    assert (verdict.named, verdict.uncited) == counts


@pytest.mark.parametrize(
    ("sentence", "text", "supported"),
    [
        ("A check that can narrow this down: echocardiography.", "Echocardiography is the key test.", 1),
        ("Pulmonary edema is a possible cause.", "It can be due to infection, edema or scarring.", 1),
        ("Pulmonary edema is a possible cause.", "It can be due to infection or scarring.", 0),
    ],
)
def test_a_short_statement_is_covered_by_the_passage_that_says_its_one_word(sentence, text, supported):
    passage = make_passage(1, text, "Cardiomegaly")
    said = Sentence(sentence, ("P1",), "guideline", "kept")
    verdict = judge_turn(answer(said, passages=(passage,)), STUDY, lambda a, b: 0.0)
    assert verdict.supported == supported


def test_quotations_need_a_passage_that_covers_them():
    passage = make_passage(1, "Echocardiography is the usual next test for an enlarged heart.", "Cardiomegaly")
    good = Sentence("For an enlarged heart, echocardiography is the usual next test.", ("P1",), "guideline", "kept")
    bad = Sentence("Cardiac surgery within two days cures an enlarged heart.", ("P1",), "guideline", "kept")
    bare = Sentence("Echocardiography is usual.", (), "guideline", "kept")
    verdict = judge_turn(answer(good, bad, bare, passages=(passage,)), STUDY, lambda a, b: 0.0)
    assert (verdict.quoted, verdict.supported, verdict.uncited) == (3, 1, 1)
    assert verdict.faults == {"citation": [bad.text]}


def test_agreement_is_a_contradiction_and_refusals_are_heard():
    yes = Sentence("Yes, cardiomegaly is likely (probability 0.82).", ("F1",), "image", "kept")
    assert "contradiction" in judge_turn(answer(yes), STUDY, lambda a, b: 0.0).faults
    no = Sentence("I can only talk about this chest picture, so I can't help with that.", (), "general", "kept")
    assert refused(answer(no), STUDY)
    assert not refused(answer(no, yes), STUDY)


def test_an_offered_cause_must_be_one_that_the_graph_has_for_the_finding():
    def judged(text):
        return judge_turn(answer(Sentence(text, (), "general", "kept")), STUDY, lambda a, b: 0.0).faults

    assert judged("Heart failure is a possible cause.") == {}
    assert judged("It may come from a heart that pumps too weakly.") == {}
    assert judged("It may come from a heart, that pumps too weakly.") == {}
    assert "invented" in judged("It may come from a heart that pumps too fast.")
    assert "invented" in judged("Asbestos exposure is a possible cause.")
