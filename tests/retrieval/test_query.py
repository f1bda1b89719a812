import pytest

from chatcad.retrieval.query import understand


@pytest.mark.parametrize(
    ("question", "labels", "denied"),
    [
        ("No mass, no nodes, just a 5 mm nodule. Follow-up?", ("Nodule",), {"Mass"}),
        ("There's no effusion or mass. Is it pneumonia?", ("Pneumonia",), {"Effusion", "Mass"}),
        ("They found no pneumonia. Why do I feel so ill?", (), {"Pneumonia"}),
        ("Is there no effusion?", ("Effusion",), set()),
        ("Does a film rule out pneumonia?", ("Pneumonia",), set()),
        ("What next for the effusion?", ("Effusion",), set()),
    ],
)  # fmt: skip
def test_what_is_asked_and_what_is_denied(question: str, labels: tuple[str, ...], denied: set[str]) -> None:
    query = understand(question)
    assert query.labels == labels
    assert query.denied == denied


def test_denied_words_are_not_searched_where_others_are_left() -> None:
    query = understand("no pneumothorax, how is the effusion drained?")
    assert "pneumothorax" not in query.text.lower()
    assert "effusion" in query.text


def test_a_question_of_nothing_but_a_denied_finding_keeps_its_words() -> None:
    assert "pneumothorax" in understand("no pneumothorax?").text


def test_the_films_findings_stand_in_where_the_question_names_none() -> None:
    assert understand("what next?", ["Effusion", "Mass"]).labels == ("Effusion", "Mass")
    assert understand("what next for the nodule?", ["Effusion"]).labels == ("Nodule",)
    assert understand("no effusion, what next?", ["Effusion", "Mass"]).labels == ("Mass",)


@pytest.mark.parametrize(("question", "vague"), [("what next?", True), ("why is my garden wet", False)])
def test_a_question_without_a_subject_is_vague(question: str, vague: bool) -> None:
    assert understand(question, ["Effusion"]).vague is vague


def test_the_films_findings_widen_the_words_and_not_the_meaning():
    query = understand("is it safe to fly home by plane", ["Pneumothorax"])
    assert "pneumothorax" in query.text
    assert query.meant == "is it safe to fly home by plane"


def test_a_vague_question_means_the_films_findings():
    assert "effusion" in understand("what next?", ["Effusion"]).meant
