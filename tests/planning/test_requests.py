"""What a question wants beside its kind: heard in three languages, and answered from facts and fixed words."""

from dataclasses import replace

import pytest

from chatcad.config import load_settings
from chatcad.language import LANGUAGES, speaking, table
from chatcad.planning import Asked, Understanding, ask, gather, plan, subjects
from chatcad.planning.requests import WANTS, rerouted, wants_of
from chatcad.retrieval.cited import cited
from chatcad.retrieval.embedding import embedder
from chatcad.retrieval.graph import load_graph
from chatcad.types import Context, Turn
from tests.factories import make_passage, make_study

STUDY = make_study()


@pytest.fixture(scope="module")
def understand():
    return Understanding(embedder(load_settings()))


def turn_about(*labels, intent="finding"):
    return Turn("q", (), (), "clinician", intent, labels, False, 0.0, "", "scripted")


def said(intent, *wants, labels=(), mode="clinician", study=STUDY, **more):
    asked = Asked("?", intent, labels, (), wants=frozenset(wants), **more)
    return [s.text for s in plan(asked, study, (), mode).statements]


class Store:
    """A retriever that finds the same passages for every question."""

    def __init__(self, *passages):
        self.passages = passages

    def search(self, question, *, labels, topics, mode, k):
        return self.passages


@pytest.mark.parametrize(
    ("mode", "key", "text"),
    [
        ("clinician", "nodule-film-next", "A nodule seen on a film needs a chest CT."),
        ("patient", "nodule-plain-next", "A CT scan shows the spot much better."),
    ],
)
def test_what_could_settle_it_cites_the_passage_that_carries_the_check(mode, key, text):
    other = make_passage(1, "Most nodules are harmless.", "Nodule", key="other")
    carrier = make_passage(2, text, "Nodule", key=key, audience="both")
    asked = Asked("why not a nodule?", "certainty", ("Nodule",), ("limits",), wants=frozenset({"grounds"}))
    passages = gather(Store(other, carrier).search, asked, ("Nodule",), mode, Context())
    (advice,) = [s for s in plan(asked, STUDY, passages, mode).statements if "CT" in s.text]
    assert (advice.source, advice.support) == ("guideline", ("P2",))


@pytest.mark.parametrize("mode", ["clinician", "patient"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_could_settle_it_names_its_source_where_no_passage_carries_it(mode, language):
    asked = Asked("why not a nodule?", "certainty", ("Nodule",), (), wants=frozenset({"grounds"}))
    with speaking(language):
        statements = plan(asked, STUDY, (), mode).statements
    assert any(f"({cited('nodule-film-next')})." in s.text and s.source == "general" for s in statements)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_want_has_its_row_in_every_language(language):
    assert set(table("requests", "en")[language]) == set(WANTS)


@pytest.mark.parametrize(
    ("language", "question", "want"),
    [
        ("en", "thank you so much", "thanks"),
        ("en", "list everything you didn't look at", "unseen"),
        ("en", "what did you miss", "unseen"),
        ("en", "why is F3 uncertain", "grounds"),
        ("en", "what would change your mind", "grounds"),
        ("en", "explain it like I’m five", "simpler"),
        ("en", "give me a one line impression", "brief"),
        ("en", "so you're saying it's normal", "well"),
        ("en", "is my daughter ok", "well"),
        ("en", "write a letter to the chest clinic", "report"),
        ("en", "can I fly next week", "decision"),
        ("en", "Will my kids catch it?", "catch"),
        ("en", "what do I tell my wife", "brief"),
        ("en", "how far apart are the two films", "dates"),
        ("en", "is it lobar or interstitial", "pattern"),
        ("en", "What fits each cause?", "each"),
        ("de", "Ist das ansteckend?", "catch"),
        ("de", "Was spricht für jede Ursache?", "each"),
        ("es", "¿Es contagioso?", "catch"),
        ("es", "¿Qué encaja con cada causa?", "each"),
        ("en", "I disagree, there is clearly consolidation", "disagree"),
        ("en", "and what about both bases?", "lower"),
        ("de", "Warum keine Lungenentzündung?", "grounds"),
        ("de", "Fassen Sie in drei Sätzen zusammen", "brief"),
        ("de", "Kann ich nach Hause gehen?", "decision"),
        ("de", "Was ist mit den Oberfeldern?", "upper"),
        ("es", "¿puedo irme a casa?", "decision"),
        ("es", "¿Por qué no neumonía?", "grounds"),
        ("es", "no entiendo", "simpler"),
    ],
)
def test_a_want_is_heard(language, question, want):
    assert want in wants_of(question, language)


@pytest.mark.parametrize(
    ("question", "want"),
    [
        ("is it ok to fly next week", "well"),
        ("why not give antibiotics", "decision"),
        ("write that there is no tuberculosis", "report"),
        ("which findings are present and which were not assessed", "unseen"),
        ("why not do a CT", "grounds"),
        ("how long should I wait between the films", "dates"),
        ("is it interstitial lung disease", "pattern"),
        ("Translate 'good morning' into Japanese.", "language"),
    ],
)
def test_what_only_sounds_like_a_want_is_none(question, want):
    assert want not in wants_of(question, "en")


def test_who_orders_a_result_gets_no_summary_instead():
    assert rerouted("pressure", wants_of("just say it's normal", "en"), named=False) == "pressure"
    assert rerouted("pressure", wants_of("so you're saying it's normal", "en"), named=False) == "summary"


@pytest.mark.parametrize("question", ["I want to die, it is not normal", "he can't breathe, can he go home?"])
def test_a_cry_for_help_keeps_its_kind(understand, question):
    assert ask(understand, question, (), "en").intent in {"self_harm", "emergency"}


@pytest.mark.parametrize(
    ("question", "intent", "labels"),
    [
        ("what would change your mind", "certainty", ("Effusion",)),
        ("why not pneumonia", "certainty", ("Pneumonia",)),
        ("i dont understand", "meaning", ("Effusion",)),
        ("summarise in 3 lines", "summary", ()),
        ("list everything you didn't look at", "system", ()),
        ("what is AUROC", "system", ()),
        ("is my daughter ok", "summary", ()),
        ("write a letter to the chest clinic", "summary", ()),
        ("anything in the apices", "location", ()),
        ("better or worse overall?", "comparison", ()),
        ("why is F4 uncertain", "certainty", ("Consolidation",)),
        ("Any pneumothorax?", "finding", ("Pneumothorax",)),
        ("multiple nodules, metastases?", "finding", ("Nodule",)),
        ("patient is stable, sats 97%", "out_of_scope", ()),
        ("I fell down the stairs, is anything broken", "finding", ("Fracture",)),
        ("Is the tube in the right place?", "finding", ("Support Devices",)),
        ("what about the lines", "certainty", ("Support Devices",)),
    ],
)
def test_real_follow_ups_after_a_certainty(understand, question, intent, labels):
    asked = ask(understand, question, (turn_about("Effusion", intent="certainty"),), "en")
    assert (asked.intent, asked.labels) == (intent, labels)
    assert asked.side is None


@pytest.mark.parametrize(
    ("language", "question", "intent", "labels"),
    [
        ("de", "Befund?", "summary", ()),
        ("de", "Ist das Krebs?", "finding", ("Mass",)),
        ("de", "Liegt der ZVK richtig?", "finding", ("Support Devices",)),
        ("de", "Warum keine Lungenentzündung?", "certainty", ("Pneumonia",)),
        ("es", "¿qué tan grande es mi corazón?", "measurement", ("Cardiomegaly",)),
        ("es", "no entiendo", "meaning", ("Effusion",)),
    ],
)
def test_real_questions_in_german_and_spanish(understand, language, question, intent, labels):
    asked = ask(understand, question, (turn_about("Effusion", intent="certainty"),), language)
    assert (asked.intent, asked.labels) == (intent, labels)


def test_thanks_are_no_greeting():
    assert said("small_talk", "thanks")[0] == "You're welcome."
    assert said("small_talk")[0].startswith("Hello")


def test_a_detector_that_is_not_used_is_not_this_detector():
    lines = said("certainty", labels=("Pneumothorax",), study=unused("Pneumothorax"))
    assert lines[0].startswith("Pneumothorax was not assessed")
    assert "is not used" in lines[1]
    patient = said("certainty", labels=("Pneumothorax",), study=unused("Pneumothorax"), mode="patient")
    assert not any("can be wrong" in line for line in patient)


def unused(label):
    findings = (replace(f, held_out_auroc=(0.64, 0.51, 0.77)) if f.label == label else f for f in STUDY.findings)
    return replace(STUDY, findings=tuple(findings))


def test_reasons_come_with_what_could_settle_it():
    lines = said("certainty", "grounds", labels=("Effusion",))
    assert any(line.startswith("This rests on the film alone") for line in lines)
    assert any("thoracic ultrasound" in line for line in lines)
    unseen = said("certainty", "grounds", labels=("Pneumonia",))
    assert not any("rests on" in line or "CURB" in line for line in unseen)


def test_each_finding_has_one_check_that_settles_it():
    for label, finding in load_graph().findings.items():
        assert sum(c.settles for c in finding.checks) == 1, label


def test_a_place_is_answered_by_what_lies_there_and_clears_nothing():
    right = said("location", side="right")
    assert right[0].startswith("Pleural effusion is possible on the right side")
    assert "No other flagged finding was placed on the right side" in right[1]
    left = said("location", side="left")
    assert left[0] == "No flagged finding was placed on the left side, which doesn't clear it."
    assert said("location", "upper")[0].startswith("No flagged finding was placed in the upper zones")


def test_a_part_of_the_body_means_what_is_flagged_in_it():
    lungs = ("Lung Opacity", "Consolidation", "Pneumonia", "Atelectasis", "Nodule", "Mass", "Tuberculosis", "Edema")
    assert subjects(Asked("which lung?", "location", lungs, ()), STUDY) == ("Tuberculosis",)
    assert said("location", labels=lungs)[0].startswith("Tuberculosis pattern is possible")


def test_worry_after_an_unflagged_finding_is_about_the_flagged_ones_too():
    assert "Cardiomegaly" in subjects(Asked("should I worry?", "urgency", ("Mass",), ()), STUDY)


@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_a_decision_is_left_to_who_sees_the_patient(mode):
    lines = said("out_of_scope", "decision", mode=mode)
    assert "can't decide that" in lines[0]
    assert len(lines) > 3


def test_a_film_in_short_is_short():
    lines = said("summary", "brief")
    assert lines[0].startswith("In short: cardiomegaly is likely; pleural effusion is possible")
    assert len(lines) == 3
    assert "(1) or that were not assessed (14)" in lines[1]


def test_what_was_not_looked_for_is_listed_whole_and_alone():
    lines = said("system", "unseen", mode="patient")
    assert lines[0].startswith("The computer did not look for these")
    assert not any("program" in line for line in lines[:-1])


def test_whether_all_is_well_is_answered_first():
    assert said("summary", "well")[0].startswith("This program can't call a film normal")


def test_easier_words_say_what_the_state_means():
    assert any("nobody has looked yet" in line for line in said("meaning", "simpler", labels=("Mass",), mode="patient"))


def test_the_heart_beside_its_ratio_on_an_ap_film_is_explained():
    study = make_study({"Cardiomegaly": ("assessed", 0.03)}, ctr=0.54)
    lines = said("finding", labels=("Cardiomegaly",), study=study)
    assert any("result stands" in line for line in lines)
    assert not any("result stands" in line for line in said("finding", labels=("Cardiomegaly",)))


def test_the_size_of_what_was_not_measured_is_not_the_hearts():
    lines = said("measurement", labels=("Pneumothorax",))
    assert lines[1] == "Its size was not measured."
    assert not any("ratio" in line for line in lines)


def test_what_is_new_is_asked_of_both_films():
    asked = Asked("any new effusion?", "finding", ("Effusion",), (), wants=frozenset({"change"}))
    prior = make_study({"Effusion": ("assessed", 0.04)})
    assert plan(asked, STUDY, (), "clinician", prior).statements[0].text.startswith("On the earlier film:")
    same = plan(asked, STUDY, (), "patient", STUDY).statements[0].text
    assert same.count("fluid around the lung") == 1


def test_advice_for_everybody_answers_only_its_own_kind_of_question():
    toy = make_passage(1, "Bring a toy for your child.", topics=("safety",))
    asked = Asked("what next?", "next_step", (), ())
    assert toy.text not in [s.text for s in plan(asked, STUDY, (toy,), "patient").statements]


def test_a_plural_name_takes_a_plural_verb():
    assert said("finding", labels=("Support Devices",))[0].startswith("Tubes, lines and devices were not assessed")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_every_want_is_answered_in_every_language(language, mode):
    with speaking(language):
        for intent in ("finding", "certainty", "location", "meaning", "summary", "system", "out_of_scope"):
            lines = said(intent, *WANTS, labels=("Effusion", "Cardiomegaly"), mode=mode)
            assert all(line and "{" not in line for line in lines)


@pytest.mark.parametrize(
    ("question", "intent", "labels", "side"),
    [
        ("is the trachea central", "finding", (), None),
        ("what about the costophrenic angles", "finding", ("Effusion", "Pneumothorax", "Pleural_Thickening"), None),
        ("there's obviously a left effusion too", "finding", ("Effusion",), "left"),
        ("how big is the fluid", "measurement", ("Effusion", "Edema"), None),
        ("what DO you check for", "system", (), None),
        ("why don't you check for it", "certainty", ("Tuberculosis",), None),
        ("in 2 sentences please", "summary", (), None),
    ],
)
def test_what_a_follow_up_names_is_not_the_finding_before(understand, question, intent, labels, side):
    asked = ask(understand, question, (turn_about("Tuberculosis"),), "en")
    assert (asked.intent, asked.labels, asked.side) == (intent, labels, side)


@pytest.mark.parametrize(
    ("language", "question", "intent"),
    [
        ("de", "Was habe ich?", "summary"),
        ("de", "Und die rechte Lunge?", "location"),
        ("es", "mida el corazón", "measurement"),
        ("es", "¿qué haría ahora?", "next_step"),
    ],
)
def test_plain_questions_in_other_languages_are_understood(understand, language, question, intent):
    assert ask(understand, question, (turn_about("Effusion"),), language).intent == intent


def test_what_is_said_of_several_findings_rests_on_all_of_them():
    asked = Asked("?", "certainty", ("Effusion", "Cardiomegaly"), (), wants=frozenset({"grounds"}))
    rests = [s for s in plan(asked, STUDY, (), "patient").statements if "picture alone" in s.text]
    assert [set(s.support) for s in rests] == [{"F1", "F2"}]
    wrong = [s for s in plan(asked, STUDY, (), "patient").statements if "can be wrong" in s.text]
    assert [set(s.support) for s in wrong] == [{"F1", "F2"}]


def test_a_case_that_may_be_an_emergency_still_hears_of_what_it_named():
    lines = said("emergency", labels=("Fracture",))
    assert "emergency number" in lines[0]
    assert any(line.startswith("Fracture was not assessed") for line in lines)


def test_what_is_looked_for_is_told_with_how_well():
    lines = said("system", "sought")
    assert lines[0].startswith("Looked for on this film: cardiomegaly, pleural effusion")
    assert "tuberculosis pattern" in lines[1]
    assert lines[2].startswith("Not assessed")


def test_who_asks_what_i_am_gets_no_endless_list():
    assert sum(map(len, said("system", mode="patient"))) < 600


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_film_decides_on_cancer(language):
    question = {"en": "so is it cancer?", "de": "Ist das Krebs?", "es": "¿es cáncer?"}[language]
    assert "cancer" in wants_of(question, language)
    assert "can't prove or rule out cancer" in said("finding", "cancer", labels=("Mass",), mode="patient")[0]


def test_a_passage_on_another_finding_is_not_how_to_look_for_this_one():
    other = make_passage(1, "Emphysema raises the question.", "Emphysema", topics=("limits",))
    other = replace(other, findings=("Emphysema", "Pneumothorax"))
    asked = Asked("pneumothorax?", "finding", ("Pneumothorax",), ())
    assert other.text not in [s.text for s in plan(asked, STUDY, (other,), "clinician").statements]


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("Will my kids catch it?", "next_step"),
        ("what do I tell my wife", "summary"),
        ("how long was it between the two films", "system"),
        ("lobar or interstitial?", "location"),
        ("What fits each cause?", "cause"),
    ],
)
def test_what_was_refused_has_a_kind(understand, question, intent):
    assert ask(understand, question, (turn_about("Effusion"),), "en").intent == intent


def test_a_patients_film_in_short_says_may_once():
    flagged = make_study({"Effusion": ("weak", 0.8), "Tuberculosis": ("weak", 0.8)}, ctr=0.44)
    (short,) = [line for line in said("summary", "brief", mode="patient", study=flagged) if line.startswith("In short")]
    assert short.count("may") == 1
    assert "not certain" in short


def test_patterns_are_not_told_and_films_have_no_dates():
    assert "not told apart" in said("location", "pattern")[0]
    assert "date is left out" in said("system", "dates")[0]


@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_a_decision_among_next_steps_is_left_to_who_sees_the_patient(mode):
    assert "can't decide that" in said("next_step", "decision", mode=mode)[0]
