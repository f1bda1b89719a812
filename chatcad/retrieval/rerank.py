"""A second reading of the best hits by a cross-encoder, where its weights are on disk.

It knows sentence-transformers' cross-encoders. Without ``CHATCAD_RERANK_MODEL`` nothing here is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from chatcad.config import Settings
from chatcad.errors import ModelMissing
from chatcad.retrieval.embedding import opening

Rerank = Callable[[str, Sequence[str]], list[float]]
"""From a question and texts to how well each answers it, in ``[0, 1]``."""

LONGEST = 256  # tokens of question and passage together


def reranker(settings: Settings) -> Rerank | None:
    """Return the cross-encoder that the settings name, or None where they name none.

    Raises
    ------
    ModelMissing
        It isn't a folder with a cross-encoder.
    """
    if not settings.rerank_model:
        return None
    folder = Path(settings.rerank_model).expanduser()
    remedy = "set CHATCAD_RERANK_MODEL to a folder with a sentence-transformers cross-encoder, or unset it"
    if not (folder / "config.json").is_file():
        raise ModelMissing(f"no cross-encoder at {folder}: {remedy}")
    from sentence_transformers import CrossEncoder
    from torch import nn

    with opening("the cross-encoder", folder, remedy):
        model = CrossEncoder(
            str(folder),
            num_labels=1,
            max_length=LONGEST,
            device="cpu",
            activation_fn=nn.Sigmoid(),
            local_files_only=True,
            trust_remote_code=False,
        )

    def rerank(question: str, texts: Sequence[str]) -> list[float]:
        pairs = [(question, text) for text in texts]
        return [float(score) for score in model.predict(pairs, batch_size=32, show_progress_bar=False)]

    return rerank
