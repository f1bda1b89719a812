"""Questions asked before: which passage they speak for, and when nobody answers."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from chatcad.config import load_settings
from chatcad.errors import ModelMissing
from chatcad.retrieval import adapter, tuning
from chatcad.retrieval.adapter import Adapter
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
    assert known.nearest(NORTH, everyone, 5) == [(0, 1.0), (2, 1.0), (1, pytest.approx(np.sqrt(0.5)))]
    assert known.nearest(NORTH, np.array([False, True, False]), 5) == [(1, pytest.approx(np.sqrt(0.5)))]
    assert known.nearest(NORTH, everyone, 1) == [(0, 1.0)]


def test_a_passage_with_fewer_questions_is_not_punished_for_it():
    known = asked((0, NORTH), (0, EAST), (0, EAST), (1, NORTH))
    assert known.nearest(NORTH, np.ones(2, dtype=bool), 2)[0] == (1, 1.0)


def test_the_lead_is_of_what_passages_answer_over_what_nobody_does():
    known = asked((NOBODY, NORTH), (0, EAST))
    assert known.lead(EAST, passage=0.0) == pytest.approx(1.0)
    assert known.lead(NORTH, passage=0.0) < 0
    # A document without example questions speaks by its own nearness.
    assert known.lead(NORTH, passage=1.0) > 0


def test_without_examples_nothing_is_outside_and_nothing_is_found():
    known = Asked(np.zeros((0, 2), dtype=np.float32), np.zeros(0, dtype=np.int64))
    assert known.nearest(EAST, np.ones(1, dtype=bool), 3) == []
    assert known.lead(EAST, passage=0.0) > 0
    assert known.answered == frozenset()


def test_it_is_read_as_it_was_written_and_turned(tmp_path: Path):
    listed = examples([record("one", "A text of some length.", asks=["why so"])], ["what is on television"])
    save(tmp_path, listed, np.array([NORTH, EAST], dtype=np.float32))
    quarter = Adapter(np.array([[-1, 1], [-1, -1]], dtype=np.float32))  # with the identity: a quarter turn
    known = Asked.open(tmp_path, quarter)
    assert known.rows.tolist() == [NOBODY, 0]
    assert known.vectors.tolist() == [list(WEST), list(NORTH)]
    np.save(tmp_path / "questions.npy", np.ones((3, 2)), allow_pickle=False)
    with pytest.raises(IndexDamaged, match="3 vectors for 2 questions"):
        Asked.open(tmp_path, quarter)


def test_the_shipped_adapter_belongs_to_the_shipped_embedding_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings = replace(load_settings(), embedding_model="")
    assert Adapter.load(settings).matrix is not None
    assert Adapter.load(replace(settings, embedding_model="/models/other")).matrix is None
    copy = tmp_path / adapter.WEIGHTS.name
    shutil.copy(adapter.WEIGHTS, copy)
    with copy.open("r+b") as file:
        file.seek(-2, 2)
        file.write(b"xy")
    monkeypatch.setattr(adapter, "WEIGHTS", copy)
    with pytest.raises(ModelMissing, match="restore both"):
        Adapter.load(settings)
    copy.unlink()
    with pytest.raises(ModelMissing, match="can't be read"):
        Adapter.load(settings)


def test_learning_turns_questions_to_their_passages():
    rng = torch.Generator().manual_seed(3)
    unit = torch.nn.functional.normalize
    matter, rows = torch.randn(60, 8, generator=rng), torch.arange(60).repeat(8)
    # Most of what a vector says is its wording, in which questions and passages don't agree.
    passages = unit(torch.cat([matter, torch.randn(60, 24, generator=rng)], dim=1), dim=1)
    questions = unit(torch.cat([matter[rows], torch.randn(480, 24, generator=rng)], dim=1), dim=1)
    before = tuning.found(questions, rows, passages, torch.zeros(32, 32))
    after = tuning.found(questions, rows, passages, tuning.learn(questions, rows, passages))
    assert after > before + 0.2


def test_passages_that_it_never_saw_gain_from_the_shipped_adapter_too():
    about = json.loads(adapter.ABOUT.read_text(encoding="utf-8"))
    held_out = about["held-out passages in the first five"]
    assert held_out["after"] > held_out["before"], "documents of a user's own would be found less well"
