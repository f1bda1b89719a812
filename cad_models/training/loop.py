"""One training loop for every embedded network: AdamW, cosine schedule, averaged weights, checkpoints.

It knows steps, minutes, number formats and files. The dial is the time: the learning rate falls over ``minutes`` of
training, whatever the machine. It doesn't know the data or the loss; both come in as one function.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from chatcad.llm.device import bf16_is_fast

N = TypeVar("N", bound=nn.Module)
Tensors = tuple[Tensor, ...] | list[Tensor]

WARM_UP = 0.03
EMA_DECAY = 0.995
CHECKPOINT_SECONDS = 60.0


def train(
    network: N,
    loss_of_batch: Callable[[N, torch.Generator], Tensor],
    *,
    minutes: float,
    checkpoint: Path,
    learning_rate: float = 2e-3,
    seed: int = 0,
) -> N:
    """Train until ``minutes`` of training are spent, over restarts, and return the network with averaged weights.

    Parameters
    ----------
    network
        Starts with the weights it has, unless the checkpoint exists.
    loss_of_batch
        Draws a batch with the generator and returns its mean loss. It runs under bfloat16 autocast where the CPU
        multiplies that fast, so it takes the network's outputs to ``float()`` before it sums anything.
    minutes
        Wall-clock budget of training proper.
    checkpoint
        Safetensors file, written each minute and at the end; a restart goes on from it. The optimiser's moments
        aren't kept: they settle within some dozens of steps.
    learning_rate
        At the top of the schedule.
    seed
        Of the batches.
    """
    average = AveragedModel(network, multi_avg_fn=_average, use_buffers=True)
    spent = _resume(average, checkpoint)
    network.load_state_dict(average.module.state_dict())
    network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=1e-2)
    rng = torch.Generator().manual_seed(seed + int(spent))
    saved, step, running = spent, 0, math.nan
    while spent < minutes * 60:
        began = time.monotonic()
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * _schedule(spent / (minutes * 60))
        network.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16_is_fast()):
            loss = loss_of_batch(network, rng)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        average.update_parameters(network)
        spent, step = spent + time.monotonic() - began, step + 1
        running = loss.item() if math.isnan(running) else 0.95 * running + 0.05 * loss.item()
        if spent - saved > CHECKPOINT_SECONDS:
            _save(average, checkpoint, spent)
            saved = spent
            print(f"{checkpoint.stem}: {spent / 60:5.1f} min, step {step}, loss {running:.4f}", flush=True)
    _save(average, checkpoint, spent)
    network.load_state_dict(average.module.state_dict())
    return network.eval()


def _average(averaged: Tensors, current: Tensors, count: Tensor | int) -> None:
    """Average exponentially; the window grows from a few steps, or short runs would keep their random beginning."""
    decay = min(EMA_DECAY, (1 + float(count)) / (10 + float(count)))
    get_ema_multi_avg_fn(decay)(averaged, current, count)  # type: ignore[no-untyped-call]


def _schedule(progress: float) -> float:
    if progress < WARM_UP:
        return 0.1 + 0.9 * progress / WARM_UP
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def _save(average: nn.Module, checkpoint: Path, spent: float) -> None:
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    fresh = checkpoint.with_suffix(".new")
    save_file({k: v.contiguous() for k, v in average.state_dict().items()}, fresh, metadata={"seconds": str(spent)})
    fresh.replace(checkpoint)


def _resume(average: nn.Module, checkpoint: Path) -> float:
    if not checkpoint.exists():
        return 0.0
    with safe_open(checkpoint, framework="pt") as file:
        average.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
        return float(file.metadata()["seconds"])
