"""The cross-encoder's door, with a tiny one of random weights."""

from dataclasses import replace
from pathlib import Path

import pytest

from chatcad.config import Settings, load_settings
from chatcad.errors import ModelMissing
from chatcad.retrieval.embedding import model_folder
from chatcad.retrieval.rerank import reranker


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("cross-encoder")
    tokenizer = AutoTokenizer.from_pretrained(model_folder(load_settings()))
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        num_labels=1,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_texts_get_a_share_each(tiny: Path) -> None:
    rerank = reranker(replace(Settings(), rerank_model=str(tiny)))
    assert rerank is not None
    scores = rerank("is it drained", ["A drain.", "Another text, longer than the first."])
    assert len(scores) == 2
    assert all(0 < score < 1 for score in scores)


def test_none_is_used_unless_it_is_named() -> None:
    assert reranker(Settings()) is None


def test_a_missing_one_says_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="CHATCAD_RERANK_MODEL"):
        reranker(replace(Settings(), rerank_model=str(tmp_path)))
