"""Guidelines in another language: a translation that agrees by words, else the English sentence with the reason."""

import pytest

from chatcad.checking import Facts, settled
from chatcad.checking.settle import NoWording
from chatcad.checking.translation import objection_to_translation
from chatcad.planning import mentions_in
from chatcad.types import Statement
from tests.factories import make_passage, make_study

STUDY = make_study()
ENGLISH = "Ultrasound can find a pleural effusion of 20 mm, and the film may not show it on the left side."
GERMAN = (
    "Der Ultraschall kann einen Pleuraerguss von 20 mm finden, und die Aufnahme zeigt ihn auf der linken Seite nicht."
)
SPANISH = (
    "La ecografía puede detectar un derrame pleural de 20 mm, y la radiografía no lo muestra en el lado izquierdo."
)
QUOTE = Statement(ENGLISH, ("P1",), "guideline")
FINDING = Statement("Eine Kardiomegalie ist wahrscheinlich (Wahrscheinlichkeit 0,82).", ("F1",), "image")
CLOSING = Statement("Forschungswerkzeug, kein Medizinprodukt.", (), "general", reword=False)
FACTS = Facts(STUDY, (make_passage(1, f"{ENGLISH} More follows.", "Effusion"),))


class Model:
    """A model that may translate, with these replies in turn."""

    def __init__(self, *replies, able=True):
        self.replies, self.able, self.objections = list(replies), able, []

    def __call__(self, statement, objection):
        self.objections.append(objection)
        if not self.replies:
            raise NoWording("no time was left for the model")
        return self.replies.pop(0)

    def translates(self, language):
        return self.able

    def learn(self, statement, shown):
        raise AssertionError("nothing is learnt from another language")


def shown(model, language="de", statements=(FINDING, QUOTE, CLOSING)):
    return list(settled(statements, FACTS, model, language=language, mode="clinician", mentions=mentions_in))


@pytest.mark.parametrize(("language", "text"), [("de", GERMAN), ("es", SPANISH)])
def test_a_faithful_translation_is_shown_with_its_source(language, text):
    sentences = shown(Model(text), language, (QUOTE,))
    assert [(s.text, s.support, s.source, s.checked) for s in sentences] == [(text, ("P1",), "guideline", "kept")]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (GERMAN.replace("20", "200"), "numbers"),
        (GERMAN.replace("Pleuraerguss", "Pneumothorax"), "other findings"),
        (GERMAN.replace("Pleuraerguss", "Pleuraerguss oder Tumor"), "other findings"),
        (GERMAN.replace(" nicht", ""), "'not'"),
        (GERMAN.replace("linken", "rechten"), "'left'"),
        (GERMAN.replace("kann", "muss"), "'possible'"),
        (GERMAN.replace("finden", "sofort finden"), "'urgent'"),
        (GERMAN.replace("finden", "finden, wenn er da ist"), "'condition'"),
        (GERMAN[:-1] + ", und geben Sie 40 mg Furosemid.", "drug"),
        (ENGLISH, "language"),
        (GERMAN[:-1] + " und" + " das ist so" * 20 + ".", "longer"),
        ("", "nothing"),
        ("<b>" + GERMAN, "markup"),
    ],
)
def test_a_translation_that_says_something_else_is_refused(wrong, why):
    assert why in (objection_to_translation(wrong, ENGLISH, "de", mentions_in) or "")


def test_a_second_try_gets_the_objection():
    model = Model(GERMAN.replace("20", "200"), GERMAN)
    (sentence,) = shown(model, statements=(QUOTE,))
    assert (sentence.text, sentence.checked) == (GERMAN, "rewritten")
    assert model.objections == [None, "the numbers differ"]


def test_what_fails_twice_is_shown_in_english_with_the_reason():
    quote, note = shown(Model("Nein.", "Nein."), statements=(QUOTE,))
    assert (quote.text, quote.checked) == (ENGLISH, "replaced")
    assert "Übersetzung hat die Prüfung nicht bestanden" in note.text


def test_a_model_that_writes_english_only_is_not_asked():
    model = Model(able=False)
    finding, quote, note, closing = shown(model)
    assert not model.objections
    assert (finding.text, finding.checked, finding.source) == (FINDING.text, "kept", "image")
    assert (quote.text, note.source) == (ENGLISH, "general")
    assert "Das verwendete Sprachmodell schreibt nur Englisch" in note.text
    assert closing.text == CLOSING.text


def test_the_reason_stands_once():
    more = Statement("More follows.", ("P1",), "guideline")
    assert len(shown(Model(able=False), statements=(QUOTE, more))) == 3


def test_what_planning_said_of_a_passage_needs_no_translation():
    own = Statement("Mögliche Ursache: Herzinsuffizienz.", ("P1",), "guideline")
    assert [s.text for s in shown(Model(), statements=(own,))] == [own.text]
