"""What a question is about: slips, parts of the body, sides."""

import pytest

from chatcad.planning.subjects import form_of, labels_meant, mend, only_names, side_in


@pytest.mark.parametrize(
    ("slip", "label"),
    [
        ("any pnuemonia?", "Pneumonia"),
        ("is there a pneumothroax", "Pneumothorax"),
        ("plueral efusion", "Effusion"),
        ("cardiomegally?", "Cardiomegaly"),
    ],
)
def test_a_misspelt_label_is_heard(slip, label):
    assert labels_meant(slip) == (label,)


@pytest.mark.parametrize("text", ["a fraction of it", "the infusion", "a mile", "nodules", "my patience is gone"])
def test_other_words_are_left_alone(text):
    assert mend(text) == text


@pytest.mark.parametrize(
    ("question", "labels"),
    [
        ("and the heart?", ("Cardiomegaly",)),
        ("what about the bones?", ("Fracture",)),
        ("How wide is the mediastinum?", ("Enlarged Cardiomediastinum",)),
        ("am I having a heart attack?", ()),
        ("Is there a nodule behind the heart?", ("Nodule",)),
        ("What do you see?", ()),
    ],
)
def test_a_part_of_the_body_stands_for_its_labels(question, labels):
    assert labels_meant(question) == labels


@pytest.mark.parametrize(
    ("question", "side"),
    [
        ("and the left side?", "left"),
        ("the right one too?", "right"),
        ("is it on the right", "right"),
        ("and the other lung?", "other"),
        ("Is that right?", None),
        ("Correct, you're right", None),
        ("left or right?", None),
        ("what is left to do?", None),
    ],
)
def test_the_side_asked_after(question, side):
    assert side_in(question) == side


@pytest.mark.parametrize(
    ("question", "only"),
    [("and the heart?", True), ("What about a nodule?", True), ("the left?", True), ("Is the heart big?", False)],
)
def test_a_question_without_a_verb(question, only):
    assert only_names(question) is only


def test_a_name_is_replaced_and_a_statement_is_not():
    assert form_of("Where is the effusion?") == "Where is the pneumonia?"
    assert form_of("How big is the heart?") == "How big is the heart?"
