"""German and Spanish questions: the kind and labels by words, or no claim to have understood."""

import pytest

from chatcad.planning import Asked, ask
from chatcad.planning.case import subjects
from chatcad.planning.foreign import labels_asked, understand
from chatcad.planning.plan import plan
from chatcad.types import Turn
from evaluation.languages import load_questions, outcome
from tests.factories import make_study

EFFUSION = Turn("?", (), (), "clinician", "finding", ("Effusion",), False, 0.0, "", "none", language="de")


@pytest.mark.parametrize(
    ("question", "intent", "labels"),
    [
        ("Sehen Sie einen Pleuraerguss?", "finding", ("Effusion",)),
        ("sehen sie einen pleuraerguss", "finding", ("Effusion",)),
        ("Und das Herz?", "finding", ("Cardiomegaly",)),
        ("Wie sicher sind Sie?", "certainty", ("Effusion",)),
        ("Kann ich mit dem Pleuraerguss fliegen?", "unclear", ("Effusion",)),
        ("Wie wird das Wetter?", "out_of_scope", ()),
        ("Ist da eine Skoliose?", "unclear", ()),
        ("Ich will mich umbringen.", "self_harm", ()),
        ("Ich nehme Ramipril. Ist mein Herz groß?", "finding", ("Cardiomegaly",)),
        ("Was sehen Sie?", "summary", ()),
    ],
)
def test_german(question, intent, labels):
    asked = understand(question, (EFFUSION,), "de")
    assert asked.intent == intent
    assert intent in {"unclear", "out_of_scope", "self_harm"} or asked.labels == labels


@pytest.mark.parametrize(
    ("question", "intent", "labels"),
    [
        ("¿Hay neumotórax?", "finding", ("Pneumothorax",)),
        ("hay neumotorax", "finding", ("Pneumothorax",)),
        ("¿Y el corazón?", "finding", ("Cardiomegaly",)),
        ("¿En qué lado está el derrame?", "location", ("Effusion",)),
        ("¿A qué se debe el derrame?", "cause", ("Effusion",)),
        ("Si es cáncer, me mato.", "self_harm", ("Mass",)),
    ],
)
def test_spanish(question, intent, labels):
    asked = understand(question, (), "es")
    assert (asked.intent, asked.labels) == (intent, labels)


def test_passages_and_measurements_are_looked_up_in_english():
    asked = understand("Was ist beim Pleuraerguss als Nächstes zu tun?", (), "de")
    assert asked.question == "What should be done next about pleural effusion?"
    assert asked.topics == ("next_step",)
    ratio = understand("Wie groß ist der Herz-Thorax-Quotient?", (), "de")
    assert "0.57" in plan(ratio, make_study(), (), "clinician").statements[0].text
    assert subjects(ratio, make_study()) == ("Cardiomegaly",)


def test_an_unclear_question_gets_what_is_known_and_what_can_be_asked():
    asked = understand("Kann ich mit dem Pleuraerguss fliegen?", (), "de")
    said = [s.text for s in plan(asked, make_study(), (), "clinician").statements]
    assert said[0].startswith("I did not understand")
    assert any("emergency" in line for line in said)
    assert "Pleural effusion is possible on the right side (probability 0.46)." in said


def test_a_question_is_understood_in_its_own_language_whatever_is_spoken():
    def english(question, turns):
        return Asked(question, "small_talk", (), ())

    assert ask(english, "¿Hay derrame pleural?", (), "en").labels == ("Effusion",)
    assert ask(english, "Is there an effusion?", (), "de").intent == "small_talk"


def test_the_longer_name_wins():
    assert labels_asked("Ist da ein Pleuraerguss?", "de") == ("Effusion",)
    assert labels_asked("Wasser in der Lunge", "de") == ("Edema",)


@pytest.mark.parametrize("language", ["de", "es"])
def test_the_questions_that_the_tables_were_mended_on_stay_understood(language):
    own = [q for q in load_questions() if q.language == language and q.split == "dev"]
    found = [outcome(q, ask(lambda q, t: Asked(q, "small_talk", (), ()), q.question, (), language)) for q in own]
    assert found.count("right") / len(found) >= 0.9
    assert found.count("wrong") / len(found) <= 0.03
