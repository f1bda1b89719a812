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


def test_a_story_and_its_question_are_searched_apart_as_well():
    story = "She has a stent and an old rib fracture. How long until the pneumonia clears on film?"
    assert [part.split("?")[0] for part in understand(story).parts] == [
        "She has a stent and an old rib fracture.",
        "How long until the pneumonia clears on film",
    ]
    assert len(understand("What is a lung nodule, and how often is it scanned by CT?").parts) == 2
    assert understand("How is a pleural effusion drained?").parts == ()
    assert understand("Effusion on the film. What next?").parts == (), "one part alone has a subject"
