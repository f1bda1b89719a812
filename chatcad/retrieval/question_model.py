"""The embedding of questions: the sentence embedding, changed so that they come near the passages that answer them.

A question and its answer share few words, and the embedding was trained on other fields. Low-rank changes of its
weights (LoRA; Hu et al. 2021, arXiv 2106.09685), learnt from the example questions by
``python -m chatcad.retrieval.tuning``, are added when it is opened. Passages keep the plain embedding: a user's own
document needs nothing learnt for it. The changes were learnt for one embedding model; another one embeds questions as
it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatcad.config import Settings
from chatcad.errors import ModelMissing
from chatcad.retrieval.embedding import embed_questions, model_folder, model_name, opening

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS = Path(__file__).with_name("question_model.safetensors")
ABOUT = WEIGHTS.with_suffix(".json")
LONGEST = 64
"""Tokens of a question that are read, its last ones: a story comes before what is asked."""

Embed = Callable[[list[str]], list[list[float]]]
"""From texts to their unit vectors."""


def question_embedder(settings: Settings) -> Embed:
    """Return the embedding of questions that belongs to the embedding model in use.

    Raises
    ------
    ModelMissing
        The embedding model isn't on disk, or the changes that ship with the project are damaged.
    """
    if settings.embedding_model:
        return lambda texts: embed_questions(texts, settings)
    model = _changed(model_folder(settings), WEIGHTS)

    def embed(texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = model.encode(texts, show_progress_bar=False).tolist()
        return vectors

    return embed


@cache
def _changed(folder: Path, weights: Path) -> Any:
    """Return the model with the changes added; loaded once a process."""
    import torch

    model, changes = open_plain(folder), _changes(weights)
    with torch.no_grad():
        for name in sorted({key.removesuffix(".up") for key in changes if key.endswith(".up")}):
            encoder_of(model).get_submodule(name).weight += changes[f"{name}.up"] @ changes[f"{name}.down"]
    return model


def names(settings: Settings) -> str:
    """Return a name that changes when the embedding of passages or that of questions does."""
    plain = model_name(settings)
    return plain if settings.embedding_model else f"{plain};questions={_about()['sha256']}"


def open_plain(folder: Path) -> Any:
    """Return the sentence-transformers model of a folder as it is on disk; it reads a text's last `LONGEST` tokens."""
    from sentence_transformers import SentenceTransformer

    with opening("the embedding model", folder, "restore it"):
        model = SentenceTransformer(str(folder), device="cpu", local_files_only=True, trust_remote_code=False)
    model.max_seq_length = LONGEST
    model.tokenizer.truncation_side = "left"
    return model.eval()


def encoder_of(model: Any) -> Any:
    """Return the transformer inside a sentence-transformers model."""
    return model[0].auto_model


def _about() -> dict[str, Any]:
    try:
        return dict(json.loads(ABOUT.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ModelMissing(f"{ABOUT} can't be read ({error}): restore it, such as by git checkout") from error


def _changes(weights: Path) -> dict[str, Tensor]:
    """Return the two factors of each change, ``NAME.up`` (outputs, rank) and ``NAME.down`` (rank, inputs)."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        written = weights.read_bytes()
        if hashlib.sha256(written).hexdigest() != _about().get("sha256"):
            raise ModelMissing(f"{weights} isn't what {ABOUT.name} says: restore both, such as by git checkout")
        return {name: tensor.float() for name, tensor in load(written).items()}
    except (OSError, SafetensorError) as error:
        raise ModelMissing(f"{weights} can't be read ({error}): restore it, such as by git checkout") from error
