"""One prompt read once, several requests branching off it: what inference sees, at a fraction of its price.

All sentences of an answer share their prompt (`chatcad.prompting`), and at inference its keys and values are kept
(`chatcad.llm.decoding`). Training does the same: the shared tokens are read once, without gradient, and every request
with its wording is a row that sees them and itself. The logits are those of each dialogue read alone; only what the
adapter would learn from the shared tokens is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatcad.llm.decoding import common_prefix

if TYPE_CHECKING:
    import torch

IGNORED = -100
"""The target of a token that isn't learnt, as torch's cross entropy has it."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The tokens of one request, and of the wording that answers it with the token that ends a turn."""

    request: tuple[int, ...]
    answer: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Dialogues with one beginning: ``shared`` once, the rest row by row, padded on the right.

    ``targets`` holds, at each position, the token to be said next, or `IGNORED`.
    """

    shared: torch.Tensor
    tokens: torch.Tensor
    seen: torch.Tensor
    targets: torch.Tensor


def rows(dialogues: Sequence[Dialogue]) -> Rows:
    """Lay dialogues out as rows behind the tokens that all of them begin with."""
    import torch

    shared = dialogues[0].request
    for dialogue in dialogues[1:]:
        shared = shared[: common_prefix(shared, dialogue.request)]
    shared = shared[: min(len(d.request) for d in dialogues) - 1]
    start = len(shared)
    width = max(len(d.request) + len(d.answer) for d in dialogues) - start - 1
    tokens = torch.zeros((len(dialogues), width), dtype=torch.long)
    targets = torch.full((len(dialogues), width), IGNORED)
    seen = torch.zeros((len(dialogues), start + width), dtype=torch.long)
    for i, d in enumerate(dialogues):
        whole = torch.tensor((d.request + d.answer)[start:])
        tokens[i, : len(whole) - 1] = whole[:-1]
        targets[i, len(d.request) - start - 1 : len(whole) - 1] = torch.tensor(d.answer)
        seen[i, : start + len(whole) - 1] = 1
    return Rows(torch.tensor([shared]), tokens, seen, targets)


def logits(network: Any, batch: Rows) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the logits at every position whose next token is learnt, and those tokens.

    Parameters
    ----------
    network
        A causal network of transformers, with or without an adapter.
    batch
        One shared beginning and its rows.
    """
    import torch
    from transformers import DynamicCache

    where, cache = network.device, DynamicCache(config=network.config)
    if batch.shared.shape[1]:
        with torch.no_grad():
            network.model(input_ids=batch.shared.to(where), past_key_values=cache, use_cache=True)
        cache.batch_repeat_interleave(len(batch.tokens))
    hidden = network.model(
        input_ids=batch.tokens.to(where), attention_mask=batch.seen.to(where), past_key_values=cache, use_cache=True
    ).last_hidden_state
    targets = batch.targets.to(where)
    return network.lm_head(hidden[targets != IGNORED]).float(), targets[targets != IGNORED]


def loss(network: Any, batch: Rows) -> torch.Tensor:
    """Return the mean cross entropy of the wordings' tokens."""
    import torch

    said, meant = logits(network, batch)
    return torch.nn.functional.cross_entropy(said, meant)
