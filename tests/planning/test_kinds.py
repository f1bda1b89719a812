"""The trained head: its files fit each other, its examples, and the embedding in use."""

import json
import shutil

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from chatcad.config import load_settings
from chatcad.errors import ModelMissing
from chatcad.planning import kinds
from chatcad.planning.kinds import RECORD, WEIGHTS, KindHead, digest_of, examples, features
from chatcad.planning.plan import BUILDERS
from chatcad.retrieval.embedding import embedder
from evaluation.understanding import load_questions


@pytest.fixture(scope="module")
def embeddings():
    return embedder(load_settings())


def test_the_weights_are_as_new_as_the_examples():
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    assert record["examples_sha256"] == digest_of(examples()), f"run {kinds.TRAIN}"


def test_every_kind_has_an_answer_and_enough_examples_none_twice():
    assert set(examples()) <= set(BUILDERS)
    for kind, texts in examples().items():
        assert len(texts) >= 60, kind
        assert len({t.lower().rstrip("?.! ") for t in texts}) == len(texts), kind


def test_no_benchmark_question_is_an_example():
    known = {t.lower().strip(" ?.!") for texts in examples().values() for t in texts}
    assert not known & {q.question.lower().strip(" ?.!") for q in load_questions()}


def test_probabilities_sum_to_one(embeddings):
    (shares,) = KindHead.open(embeddings)(["Is there a pneumonia?"])
    assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
    assert max(shares, key=shares.get) == "finding"


def test_a_slip_leaves_most_of_the_letters():
    fake = DeterministicFakeEmbedding(size=4)
    right, slip, other = features(["dangerous", "dangeorus", "measurement"], fake)[:, 4:]
    assert right @ slip > 0.3 > right @ other


def test_other_weights_are_refused(tmp_path, embeddings):
    copy = shutil.copy(WEIGHTS, tmp_path / WEIGHTS.name)
    copy.write_bytes(copy.read_bytes()[:-1] + b"\x01")
    with pytest.raises(ModelMissing, match=r"planning\.training"):
        KindHead.open(embeddings, weights=copy)
    with pytest.raises(ModelMissing, match="missing"):
        KindHead.open(embeddings, weights=tmp_path / "none")


@pytest.mark.parametrize("size", [384, 768])
def test_another_embedding_is_refused(size):
    with pytest.raises(ModelMissing, match="another embedding"):
        KindHead.open(DeterministicFakeEmbedding(size=size))


def test_features_are_finite_for_nothing():
    assert np.isfinite(features([""], DeterministicFakeEmbedding(size=4))).all()
