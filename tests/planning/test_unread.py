"""What no network looks for by name is refused with its reason, alone, and never called absent."""

import pytest

from chatcad.config import load_settings
from chatcad.language import speaking
from chatcad.planning import Asked, Understanding, ask, plan
from chatcad.planning.subjects import labels_meant
from chatcad.planning.unread import unread_in, unread_things
from chatcad.retrieval.embedding import embedder
from chatcad.vocabulary import labels_in
from tests.factories import make_study

STUDY = make_study()


@pytest.fixture(scope="module")
def understand():
    return Understanding(embedder(load_settings()))


def said(asked, mode="clinician"):
    return [s.text for s in plan(asked, STUDY, (), mode).statements]


@pytest.mark.parametrize("mode", ["clinician", "patient"])
@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("gas beneath his diaphragm?", "diaphragm"),
        ("how is the aortic knob", "aort"),
        ("any calcified nodes?", "nodes"),
        ("rib lesions?", "bones"),
        ("does the back look crooked, scoliosis maybe", "ben"),
        ("has the trachea moved over", "shift"),
        ("any hiatal gas", "gas"),
        ("is there surgical emphysema", "skin"),
        ("fluid around my heart?", "around the heart"),
    ],
)
def test_what_nobody_looks_for_is_said_to_be_unassessed_and_nothing_else_is_listed(understand, question, word, mode):
    asked = ask(understand, question, (), "en")
    texts = said(asked, mode)
    assert (asked.intent, asked.labels) == ("finding", ())
    assert word in texts[0].lower()
    assert "not assessed" in texts[0] or "did not look for" in texts[0]
    assert not any("cardiomegaly" in t.lower() or "bigger than usual" in t for t in texts)


def test_a_label_beside_it_is_answered_first():
    asked = Asked("effusion with a shift of the trachea?", "finding", labels_meant("effusion with tracheal shift"), ())
    texts = said(asked)
    assert asked.labels == ("Effusion",)
    assert "effusion" in texts[0].lower()
    assert texts[1].startswith("A shift of the trachea was not assessed")


@pytest.mark.parametrize(
    "question", ["aortic dissection?", "is the tracheostomy tube in place", "emphysema?", "a diaphragmatic hernia?"]
)
def test_labels_are_not_taken_for_what_nobody_reads(question):
    assert labels_meant(question)
    assert not unread_in(question)


def test_no_name_of_what_nobody_reads_speaks_of_a_label():
    assert not [t for t in unread_things() if labels_in(t.name) or labels_in(t.plain)]


def test_what_has_no_name_in_another_language_is_refused_in_that_language():
    with speaking("de"):
        (first, *_) = said(Asked("scoliosis?", "finding", (), ()))
    assert "scoliosis" not in first
    assert "Netz" in first
