"""The embedding of questions: what was learnt for it, for which model, and how it is learnt."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from chatcad.config import load_settings
from chatcad.errors import ModelMissing
from chatcad.retrieval import question_model, tuning
from chatcad.retrieval.asked import NOBODY
from chatcad.retrieval.embedding import embed_questions, model_folder
from chatcad.retrieval.question_model import names, open_plain, question_embedder

STORY = "Known COPD, old rib fractures, a pacemaker. "
OPENED_UP = "how do I know the tube in his windpipe is not too far in"


def test_what_was_learnt_brings_a_story_nearer_to_what_it_asks():
    settings = replace(load_settings(), embedding_model="")
    learnt, plain = (np.array(embed([OPENED_UP, STORY + OPENED_UP])) for embed in (
        question_embedder(settings),
        lambda texts: embed_questions(texts, settings),
    ))  # fmt: skip
    assert learnt.shape == (2, 384)
    assert np.linalg.norm(learnt, axis=1) == pytest.approx([1, 1], abs=1e-5)
    assert learnt[0] @ learnt[1] > plain[0] @ plain[1] + 0.05


def test_opening_shows_no_progress_bar(capfd):
    open_plain(model_folder(replace(load_settings(), embedding_model="")))
    assert capfd.readouterr().err == ""


def test_of_a_long_question_its_end_is_read():
    embed = question_embedder(replace(load_settings(), embedding_model=""))
    one, two = embed(["He was well until Monday. " * 30 + OPENED_UP, "She came with her son. " * 30 + OPENED_UP])
    assert np.dot(one, two) > np.dot(one, embed(["He was well until Monday."])[0])


def test_another_embedding_model_embeds_questions_as_it_is():
    shipped = replace(load_settings(), embedding_model="")
    other = replace(shipped, embedding_model=str(model_folder(shipped)))
    assert question_embedder(other)([OPENED_UP])[0] == pytest.approx(embed_questions([OPENED_UP], shipped)[0], abs=1e-6)
    assert "questions=" in names(shipped)
    assert "questions=" not in names(other)


def test_damaged_changes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings = replace(load_settings(), embedding_model="")
    copy = tmp_path / question_model.WEIGHTS.name
    shutil.copy(question_model.WEIGHTS, copy)
    with copy.open("r+b") as file:
        file.seek(-2, 2)
        file.write(b"xy")
    monkeypatch.setattr(question_model, "WEIGHTS", copy)
    with pytest.raises(ModelMissing, match="restore both"):
        question_embedder(settings)
    copy.unlink()
    with pytest.raises(ModelMissing, match="can't be read"):
        question_embedder(settings)


def test_a_question_is_drawn_to_its_passage_and_one_that_nobody_answers_to_none():
    passages, seen = torch.eye(3), torch.ones(3, 3, dtype=torch.bool)
    own, away = torch.tensor([[1.0, 0, 0]]), torch.tensor([[0, 1.0, 0]])
    first, nobody = torch.tensor([0]), torch.tensor([NOBODY])
    assert tuning.loss(own, first, passages, seen) < tuning.loss(away, first, passages, seen)
    far = torch.tensor([[-0.6, -0.6, -0.5]])
    assert tuning.loss(far, nobody, passages, seen) < tuning.loss(own, nobody, passages, seen)
    # A passage that the reader of the right one never sees costs nothing.
    hidden = seen.clone()
    hidden[0, 1] = False
    between = torch.tensor([[0.7, 0.7, 0.0]])
    assert tuning.loss(between, first, passages, hidden) < tuning.loss(between, first, passages, seen)


def test_a_lesson_is_learnt():
    rng = torch.Generator().manual_seed(3)
    passages = torch.nn.functional.normalize(torch.randn(4, 384, generator=rng), dim=1)
    words = ["tube", "fluid", "rib", "heart"]
    questions = [f"{start} {word}" for word in words for start in ("what of the", "is this a", "tell me the", "my")]
    lessons = tuning.Lessons(
        questions, torch.arange(4).repeat_interleave(4), passages, torch.ones(4, 4, dtype=torch.bool)
    )
    model = open_plain(model_folder(replace(load_settings(), embedding_model="")))

    def lost() -> float:
        vectors = torch.from_numpy(model.encode(questions))
        return float(tuning.loss(vectors, lessons.rows, passages, lessons.seen))

    before = lost()
    factors = tuning.learn(model, lessons, epochs=12)
    assert lost() < 0.9 * before
    assert {name.rpartition(".")[2] for name in factors} == {"up", "down"}


def test_passages_that_it_never_saw_gain_too():
    about = json.loads(question_model.ABOUT.read_text(encoding="utf-8"))
    held_out = about["held-out passages in the first five"]
    assert held_out["after one pass"] > held_out["before"], "documents of a user's own would be found less well"
