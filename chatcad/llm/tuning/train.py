"""The training loop: simulated answers stream in, an adapter comes out. Resumable, with a log.

The learning rate follows the share of the minutes that is spent, so that a run of any length ends well.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from chatcad.llm.local import LocalChatModel
from chatcad.llm.tuning.branching import Dialogue, Rows, loss, rows
from chatcad.llm.tuning.examples import Branch, Draws, branches
from chatcad.llm.tuning.lora import Tuned, load_state, save_state
from chatcad.llm.tuning.phrases import Split

RATE = 8e-4
WARM_UP = 0.04
CLIP = 1.0
LOG_EVERY, SAVE_EVERY = 20, 40
HELD_OUT_SCENES = 12
HELD_OUT_SEED = 10_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to train, from which seed, where state and log are kept, and the highest learning rate."""

    minutes: float
    seed: int
    folder: Path
    rate: float = RATE


def train(tuned: Tuned, tokenizer: Any, plan: Plan) -> dict[str, Any]:
    """Train until the minutes are spent and return what was done, as an adapter's card records it."""
    import torch

    chat = LocalChatModel(tuned.network, tokenizer, model_name="in training")
    optimizer = torch.optim.AdamW(tuned.parameters.values(), lr=plan.rate, weight_decay=0.0)
    state = plan.folder / "state.safetensors"
    facts = load_state(state, tuned, optimizer) or {"step": 0, "seconds": 0.0, "wordings": 0, "scene": 0}
    if "held_out_before" not in facts:
        facts["held_out_before"] = held_out_loss(tuned, chat)
    draws, recent = Draws(), list[float]()
    before, start = facts["seconds"], time.monotonic()
    stream = batches(chat, draws, plan.seed, facts)
    while (spent := (before + time.monotonic() - start) / (60 * plan.minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * rate_at(spent)
        value = loss(tuned.network, next(stream))
        torch.autograd.backward(value)
        recent.append(value.item())
        torch.nn.utils.clip_grad_norm_(tuned.parameters.values(), CLIP)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        facts |= {"step": facts["step"] + 1, "seconds": before + time.monotonic() - start}
        if facts["step"] % LOG_EVERY == 0:
            _log(plan.folder, {**_round(facts), "loss": round(fmean(recent[-LOG_EVERY:]), 4)})
        if facts["step"] % SAVE_EVERY == 0:
            save_state(state, tuned, optimizer, facts)
    save_state(state, tuned, optimizer, facts)
    facts["held_out_after"] = held_out_loss(tuned, chat)
    done = _round(facts) | {"share_of_wordings_passed": round(draws.share, 4), "kinds": dict(draws.kinds)}
    _log(plan.folder, done)
    return done


def batches(chat: LocalChatModel, draws: Draws, seed: int, facts: dict[str, Any]) -> Iterator[Rows]:
    """Yield one simulated answer after another; ``facts`` counts scenes and wordings, to be resumed there."""
    while True:
        facts["scene"] += 1
        _, made = branches(seed + facts["scene"], draws)
        if made:
            facts["wordings"] += len(made)
            yield rows([dialogue(chat, b) for b in made])


def dialogue(chat: LocalChatModel, branch: Branch) -> Dialogue:
    """Return a branch in tokens, exactly as the model reads a request and ends a turn."""
    answer = chat._tokenizer.encode(branch.target, add_special_tokens=False)
    return Dialogue(tuple(chat.encode(branch.messages)), (*answer, chat._tokenizer.eos_token_id))


def held_out_loss(tuned: Tuned, chat: LocalChatModel) -> float:
    """Return the mean loss on frames and passages that training never uses."""
    import torch

    split: Split = "held_out"
    made = (branches(HELD_OUT_SEED + i, Draws(), split)[1] for i in range(HELD_OUT_SCENES))
    with torch.no_grad():
        return fmean(loss(tuned.network, rows([dialogue(chat, b) for b in m])).item() for m in made if m)


def rate_at(spent: float) -> float:
    """Return the share of the full rate at a share of the time: a short rise, then half a cosine to zero."""
    return min(spent / WARM_UP, 0.5 * (1 + math.cos(math.pi * spent)))


def _round(facts: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in facts.items()}


def _log(folder: Path, entry: dict[str, Any]) -> None:
    line = json.dumps(entry)
    print(line, flush=True)
    with (folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
