"""Questions asked before: which passage they speak for, and when nobody answers."""

from pathlib import Path

import numpy as np
import pytest

from chatcad.retrieval.asked import NOBODY, Asked, examples, save
from chatcad.retrieval.dense import IndexDamaged
from tests.retrieval.small import record

EAST, NORTH, WEST = (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)
BETWEEN = (np.sqrt(0.5), np.sqrt(0.5))


def asked(*listed: tuple[int, tuple[float, float]]) -> Asked:
    return Asked(np.array([v for _, v in listed], dtype=np.float32), np.array([row for row, _ in listed]))


def test_a_passage_is_as_near_as_its_three_nearest_questions():
    known = asked((0, NORTH), (0, NORTH), (0, NORTH), (0, WEST), (1, BETWEEN), (2, NORTH))
    everyone = np.ones(3, dtype=bool)
    assert known.nearest(known.alike(NORTH), everyone, 5) == [(0, 1.0), (2, 1.0), (1, pytest.approx(np.sqrt(0.5)))]
    assert known.nearest(known.alike(NORTH), np.array([False, True, False]), 5) == [(1, pytest.approx(np.sqrt(0.5)))]
    assert known.nearest(known.alike(NORTH), everyone, 1) == [(0, 1.0)]


def test_a_passage_with_fewer_questions_is_not_punished_for_it():
    known = asked((0, NORTH), (0, EAST), (0, EAST), (1, NORTH))
    assert known.nearest(known.alike(NORTH), np.ones(2, dtype=bool), 2)[0] == (1, 1.0)


def test_the_lead_is_of_what_passages_answer_over_what_nobody_does():
    known = asked((NOBODY, NORTH), (0, EAST))
    assert known.lead(known.alike(EAST), passage=0.0) == pytest.approx(1.0)
    assert known.lead(known.alike(NORTH), passage=0.0) < 0
    # A document without example questions speaks by its own nearness.
    assert known.lead(known.alike(NORTH), passage=1.0) > 0


def test_without_examples_nothing_is_outside_and_nothing_is_found():
    known = Asked(np.zeros((0, 2), dtype=np.float32), np.zeros(0, dtype=np.int64))
    assert known.nearest(known.alike(EAST), np.ones(1, dtype=bool), 3) == []
    assert known.lead(known.alike(EAST), passage=0.0) > 0
    assert known.answered == frozenset()


def test_it_is_read_as_it_was_written(tmp_path: Path):
    listed = examples([record("one", "A text of some length.", asks=["why so"])], ["what is on television"])
    save(tmp_path, listed, np.array([NORTH, EAST], dtype=np.float32))
    known = Asked.open(tmp_path)
    assert known.rows.tolist() == [NOBODY, 0]
    assert known.vectors.tolist() == [list(NORTH), list(EAST)]
    np.save(tmp_path / "questions.npy", np.ones((3, 2)), allow_pickle=False)
    with pytest.raises(IndexDamaged, match="3 vectors for 2 questions"):
        Asked.open(tmp_path)
