import pytest

from chatcad.retrieval.lexical import LexicalIndex, terms
from chatcad.retrieval.terms import label_words, topics_in
from chatcad.vocabulary import labels_in

INDEX = LexicalIndex.build(["Pneumothorax on a supine film", "Pulmonary oedema and emphysema", "Tumours of the pleura"])


def test_terms_have_one_spelling_and_no_plural() -> None:
    assert terms("The tumours, oedema and effusions") == terms("tumor edema effusion")


@pytest.mark.parametrize(
    ("typed", "meant"), [("pneumothroax", "pneumothorax"), ("emfysema", "emphysema"), ("kubernetes", "kubernetes")]
)
def test_misspelt_words_are_mended_and_foreign_ones_left(typed: str, meant: str) -> None:
    assert INDEX.mend(f"what is {typed}?") == f"what is {meant}?"


def test_scores_fall_on_the_text_with_the_term() -> None:
    assert INDEX.scores("edema").argmax() == 1
    assert not INDEX.scores("giraffe").any()


def test_labels_are_known_by_their_lay_names() -> None:
    assert labels_in("Do I have a collapsed lung or fluid around the lung?") == ("Pneumothorax", "Effusion")
    assert labels_in("a massive problem") == ()
    assert "pneumothorax" in label_words(["Pneumothorax"])
    assert label_words(["Tuberculosis"], beside="TB or tuberculosis") == ""


def test_the_wording_shows_what_is_wanted() -> None:
    assert "next_step" in topics_in("What next?")
    assert "urgency" in topics_in("Is it dangerous?")
    assert topics_in("Heart") == ()
