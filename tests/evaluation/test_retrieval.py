"""The measures of the retrieval benchmark, and that its questions are well formed."""

import json
from pathlib import Path

import pytest

from evaluation.qrels import agreement, as_graded, load_qrels
from evaluation.retrieval import ndcg, recall, reciprocal_rank
from evaluation.retrieval_questions import Question, counted, load_questions
from tests.factories import make_passage

FOUND = tuple(make_passage(n, "Text.") for n in range(1, 6))


@pytest.mark.parametrize(
    ("relevant", "share", "gain", "rank"),
    [
        ({"key-1"}, 1.0, 1.0, 1.0),
        ({"key-2"}, 1.0, 0.63, 0.5),
        ({"key-1", "elsewhere"}, 0.5, 0.61, 1.0),
        ({"elsewhere"}, 0.0, 0.0, 0.0),
    ],
)
def test_measures(relevant: set[str], share: float, gain: float, rank: float) -> None:
    wanted = frozenset(relevant)
    assert recall(FOUND, wanted) == share
    assert ndcg(FOUND, wanted) == pytest.approx(gain, abs=0.01)
    assert reciprocal_rank(FOUND, wanted) == rank


def test_the_questions_are_split_and_some_have_no_answer() -> None:
    questions = load_questions()
    assert len({q.id for q in questions}) == len(questions) >= 150
    assert {q.split for q in questions} == {"dev", "test"}
    assert {q.mode for q in questions} == {"clinician", "patient"}
    assert any(not q.relevant for q in questions)


def test_further_fields_are_left_out(tmp_path: Path) -> None:
    row = {"id": "a", "split": "dev", "mode": "patient", "question": "?", "labels": ["Mass"], "relevant": [],
           "kind": "plain", "topic": "what a fitting passage says"}  # fmt: skip
    path = tmp_path / "questions.jsonl"
    path.write_text(json.dumps(row) + "\n")
    (question,) = load_questions(path)
    assert question.labels == ("Mass",)


def question(name: str, *relevant: str) -> Question:
    return Question(name, "dev", "patient", "?", (), frozenset(relevant), "plain")


def test_pooled_grades_replace_the_first_labels():
    grades = {"a": {"one": 2, "two": 1, "three": 0}, "b": {"one": 1}}
    (graded,) = as_graded([question("a", "two"), question("b", "one"), question("never judged", "one")], grades)
    assert graded.relevant == {"one"}


def test_agreement_is_counted_over_the_pooled_pairs():
    same = agreement([question("a", "one")], {"a": {"one": 2, "two": 0}})
    assert same["kappa"] == 1
    apart = agreement([question("a", "one")], {"a": {"one": 0, "two": 2}})
    assert (apart["by the first labels only"], apart["by the pooled grades only"]) == (1, 1)
    assert apart["kappa"] < 0


def test_every_labelled_passage_was_judged_again():
    grades = load_qrels()
    assert all(q.relevant <= grades[q.id].keys() for q in load_questions() if counted(q))
    assert {grade for of_question in grades.values() for grade in of_question.values()} == {0, 1, 2}
