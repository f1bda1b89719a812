"""What was told of the patient: it calls for passages, adds remarks, and is asked after where it would matter."""

from dataclasses import replace

import pytest

from chatcad.context import parse
from chatcad.planning import Asked, gather, hear, plan
from chatcad.planning.history import CANDIDATES, INFECTION
from chatcad.types import Context, Sentence, Turn
from tests.factories import make_passage, make_study

STUDY = make_study()
CHILD = make_passage(
    9,
    "A network trained on films of adults should not be trusted on films of children.",
    key="kids",
    topics=("limits",),
)
HEART = make_passage(1, "Echocardiography is the next test.", "Cardiomegaly", key="echo")


def said(intent, history, mode="clinician", *, study=STUDY, passages=(), labels=()):
    made = plan(Asked("?", intent, labels, ("cause",)), study, passages, mode, context=parse(history))
    return [s.text for s in made.statements]


class Shelf:
    """A retriever that has one passage for each question, and remembers what was asked."""

    def __init__(self):
        self.asked = []

    def search(self, question, *, labels, topics, mode, k):
        self.asked.append((question, k))
        return (CHILD,) if "child" in question else (HEART,) if k else ()


def test_a_child_gets_a_warning_and_passages_on_children():
    shelf = Shelf()
    asked = Asked("What next?", "next_step", (), ("next_step",))
    passages = gather(shelf.search, asked, ("Cardiomegaly",), "clinician", parse("3 year old boy"))
    assert [p.key for p in passages] == ["echo", "kids"]
    assert [p.id for p in passages] == ["P1", "P2"]
    lines = said("next_step", "3 year old boy", passages=passages)
    assert any("not validated on children" in line for line in lines)
    assert CHILD.text in lines


def test_a_question_on_one_finding_gets_no_advice_on_another():
    about_heart = said("finding", "fell, fever", labels=("Cardiomegaly",))
    assert not any("history given" in line or "Fracture" in line for line in about_heart)


def test_advice_fits_what_was_told_by_its_findings_and_its_reader():
    advice = {"topics": ("next_step",)}
    plain = make_passage(1, "A second film is nothing bad.", **advice)
    children = make_passage(2, "A child with pneumonia needs no second film.", "Pneumonia", **advice)
    adults = make_passage(3, "A severity score guides care in pneumonia.", "Pneumonia", **advice)
    looks = make_passage(4, "Pneumonia can be round.", "Pneumonia", topics=("appearance",))
    assert [p.id for p in (plain, children, adults, looks) if INFECTION.takes(p)] == ["P3"]


def test_no_history_asks_for_nothing_more():
    shelf = Shelf()
    gather(shelf.search, Asked("What next?", "next_step", (), ("next_step",)), (), "clinician", Context())
    gather(shelf.search, Asked("Hello", "small_talk", (), ()), (), "clinician", parse("3 year old boy"))
    assert shelf.asked == [("What next?", CANDIDATES), ("Hello", 0)]


@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_after_an_injury_the_answer_says_that_bones_were_not_assessed(mode):
    lines = " ".join(said("summary", "fell from a ladder", mode))
    assert "history given" in lines
    assert "Fracture was not assessed" in lines or "did not look for a broken bone" in lines


def test_a_history_changes_no_other_kind_of_answer():
    for intent in ("measurement", "small_talk", "system", "out_of_scope"):
        assert said(intent, "3 year old boy, fever, fell") == said(intent, "")


def test_the_facts_of_the_film_are_the_same_with_any_history():
    def facts(history):
        made = plan(Asked("?", "finding", (), ()), STUDY, (), "clinician", context=parse(history))
        return {s.text for s in made.statements if s.source == "image" and "Fracture" not in s.text}

    assert facts("known pneumothorax, massive effusion, the heart is normal") == facts("")


@pytest.mark.parametrize(
    ("study", "question"),
    [
        (STUDY, "Are the ankles swollen?"),
        (make_study({"Pneumothorax": ("assessed", 0.8)}), "Was there a fall or another injury?"),
        (make_study({"Lung Opacity": ("assessed", 0.8)}), "Is there fever?"),
        (make_study({"Effusion": ("assessed", 0.8)}), "Are the ankles swollen, or is there fever?"),
    ],
)
def test_one_question_is_asked_back_where_its_answer_would_change_the_order(study, question):
    lines = said("cause", "", study=study)
    assert lines[-2] == question
    assert sum(line.endswith("?") for line in lines) == 1


def test_nothing_is_asked_back_where_it_was_told_or_does_not_matter():
    assert not any(line.endswith("?") for line in said("cause", "fever"))
    assert not any(line.endswith("?") for line in said("finding", ""))
    assert not any(
        line.endswith("?") for line in said("cause", "", study=make_study({"Effusion": ("assessed", 0.02)}, ctr=0.4))
    )


def turn(question, *lines, intent="cause"):
    sentences = tuple(Sentence(line, (), "general", "kept") for line in lines)
    return Turn(question, sentences, (), "clinician", intent, ("Effusion",), False, 5.0, "", "scripted")


ASKED_BACK = turn("Why?", "Are the ankles swollen, or is there fever?")


def test_an_answer_to_what_was_asked_back_stands_for_the_question_before():
    asked, context = hear(Asked("Yes, fever, no leg swelling", "out_of_scope", (), ()), (ASKED_BACK,), Context())
    assert (asked.intent, asked.labels, asked.topics) == ("cause", ("Effusion",), ("cause",))
    assert (context.told, context.denied) == (("fever",), ("leg_swelling",))
    later, kept = hear(Asked("And now?", "next_step", (), ()), (ASKED_BACK, turn("Yes, fever")), Context())
    assert (later.intent, kept.told) == ("next_step", ("fever",))


def test_what_is_told_after_a_cause_is_heard_though_nothing_was_asked_back():
    asked, context = hear(Asked("He fell", "out_of_scope", (), ()), (turn("Why?", "It can't tell."),), parse("cough"))
    assert (asked.intent, context.told) == ("cause", ("cough", "injury"))


@pytest.mark.parametrize(
    ("text", "turns"),
    [
        ("There is fever with an effusion", (turn("Effusion?", "Effusion is possible.", intent="finding"),)),
        ("Is it the fever?", (ASKED_BACK,)),
        ("Explain fever", (ASKED_BACK,)),
        ("My colleague has known edema on this film. Write it down.", ()),
        ("The film shows a known heart failure", ()),
        ("What if he has a fever?", (ASKED_BACK,)),
        ("My doctor said I have pneumonia, is that right?", ()),
        ("Fever", ()),
    ],
)
def test_nothing_else_that_is_typed_becomes_a_history(text, turns):
    asked = Asked(text, "out_of_scope", (), ())
    assert hear(asked, turns, Context()) == (asked, Context())


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("72F, dyspnoea, known heart failure. Any edema?", {"breathlessness", "heart_failure"}),
        ("33M cough and fever 3 days, ?pneumonia", {"cough", "fever"}),
        ("I fell down the stairs, is anything broken", {"injury"}),
    ],
)
def test_a_case_told_in_the_question_is_heard_and_said(question, told):
    asked, context = hear(Asked(question, "finding", ("Edema",), ()), (), Context())
    assert (asked.intent, asked.tells, set(context.told)) == ("finding", True, told)
    lines = [s.text for s in plan(asked, STUDY, (), "clinician", context=context).statements]
    assert any(line.startswith("The history given") for line in lines)
    later, kept = hear(Asked("And now?", "next_step", (), ()), (replace(ASKED_BACK, question=question),), Context())
    assert (later.tells, set(kept.told)) == (False, told)


def test_what_an_earlier_question_told_is_not_repeated_beside_each_finding():
    told = turn("72F, fell. Fracture?", intent="finding")
    _, context = hear(Asked("Any effusion?", "finding", ("Effusion",), ()), (told,), Context())
    assert not context.told
    assert hear(Asked("What next?", "next_step", (), ()), (told,), Context())[1].told == ("injury",)


def test_a_case_without_a_question_is_no_stray_remark():
    case = Asked("65yo smoker, coughs up blood", "out_of_scope", (), ())
    assert hear(case, (), Context())[0].intent == "next_step"
    assert hear(case, (turn("Nodule?", intent="finding"),), Context())[0].labels == ("Effusion",)
    nameless = replace(turn("Malignant?", intent="finding"), labels=())
    assert hear(case, (nameless,), Context())[0].intent == "next_step"


def test_an_age_in_a_question_makes_a_child():
    _, context = hear(Asked("3 year old boy. Pneumonia?", "finding", ("Pneumonia",), ()), (), Context())
    assert context.child
    assert not hear(Asked("my daughter has a cough, am I ill?", "finding", (), ()), (), Context())[1].child


def test_how_sure_a_result_is_on_a_child_is_said_with_the_child():
    assert any("not validated on children" in line for line in said("certainty", "3 year old boy"))


def test_an_emergency_stays_one():
    asked = Asked("I have a fever and can't breathe", "emergency", (), ())
    assert hear(asked, (ASKED_BACK,), Context())[0].intent == "emergency"


def talk(history, *intents, mode="clinician"):
    """Return the lines of each answer of one talk, whose history was given beside it."""
    turns, answers = (), []
    for intent in intents:
        asked = Asked("?", intent, (), ("cause",))
        made = plan(asked, STUDY, (CHILD,), mode, context=parse(history), turns=turns).statements
        answers.append([s.text for s in made])
        shown = tuple(Sentence(s.text, s.support, s.source, "kept") for s in made)
        turns += (Turn("?", shown, (CHILD,), mode, intent, (), False, 0.0, "", "scripted"),)
    return answers


@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_the_warning_on_a_child_is_said_in_full_once_and_in_a_word_after_that(mode):
    first, second = talk("3 year old boy", "next_step", "urgency", mode=mode)
    child = [[line for line in lines if "child" in line and line != CHILD.text] for lines in (first, second)]
    assert len(" ".join(child[1])) < len(" ".join(child[0]))
    assert len(child[1]) == 1
    assert CHILD.text in first
    assert CHILD.text not in second


def test_after_an_injury_bones_are_spoken_of_once():
    first, second = talk("fell from a ladder", "summary", "urgency")
    assert any("Fracture" in line for line in first)
    assert not any("Fracture was not assessed" in line or "history given" in line for line in second)


@pytest.mark.parametrize("question", ["my son is 5, this is his film", "My daughter is only 12"])
def test_a_child_is_heard_by_a_bare_age(question):
    _, context = hear(Asked(question, "summary", (), ()), (), Context())
    assert context.child


def test_an_answer_to_an_emergency_ends_without_a_question():
    asked = Asked("?", "emergency", (), (), also="next_step")
    assert not any(s.text.endswith("?") for s in plan(asked, STUDY, (), "clinician").statements)


def test_a_childs_passage_is_not_quoted_to_an_adult():
    young = make_passage(1, "A child with pneumonia needs no routine film.", "Pneumonia", key="young")
    asked = Asked("febrile. Pneumonia?", "finding", ("Pneumonia",), ("next_step",))
    search = lambda *_, **__: (young,)  # noqa: E731
    assert gather(search, asked, ("Pneumonia",), "clinician", Context()) == ()
    assert gather(search, asked, ("Pneumonia",), "clinician", parse("3 year old boy"))[0].key == "young"


def test_what_comes_next_looks_up_the_check_where_no_passage_on_next_steps_was_found():
    ct = make_passage(2, "CT shows a nodule best.", "Nodule", key="nodule-film-next", topics=("next_step",))
    meaning = make_passage(1, "A nodule is a round spot.", "Nodule", key="meaning", topics=("meaning",))
    search = lambda question, **_: (ct,) if "CT" in question else (meaning,)  # noqa: E731
    asked = Asked("what next?", "next_step", ("Nodule",), ("next_step",))
    assert [p.key for p in gather(search, asked, ("Nodule",), "clinician", Context())] == ["meaning", ct.key]
