"""A network with a low-rank adapter on all its linear layers, and its state on disk.

It knows peft and safetensors. It doesn't know examples.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

RANK = 8
_PEFT = "base_model.model."


@dataclass(frozen=True, slots=True)
class Tuned:
    """A frozen network with trainable low-rank factors inside it."""

    network: Any
    wrapped: Any

    @property
    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """The trainable parameters by name."""
        return {n: p for n, p in self.wrapped.named_parameters() if p.requires_grad}

    def tensors(self) -> dict[str, torch.Tensor]:
        """Return the factors as `chatcad.llm.adapter` stores them, by module."""
        from peft import get_peft_model_state_dict

        return {k.removeprefix(_PEFT): t for k, t in get_peft_model_state_dict(self.wrapped).items()}


def open_for_training(name: str, rank: int, alpha: float) -> tuple[Tuned, Any]:
    """Load a chat model from a folder or hub id and give it an adapter; return it with its tokenizer.

    Frozen weights are bf16 where this machine is quick at it; the factors stay fp32. Attention is computed plainly,
    which is quicker than the fused kernel for short rows behind a long prompt (measured on a CPU).
    """
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from chatcad.llm import device

    where, dtype = device.pick()
    safe = {"trust_remote_code": False}
    network = AutoModelForCausalLM.from_pretrained(
        name, dtype=dtype, use_safetensors=True, attn_implementation="eager", **safe
    ).to(where)
    recipe = LoraConfig(r=rank, lora_alpha=alpha, target_modules="all-linear", lora_dropout=0.0, bias="none")
    wrapped = get_peft_model(network, recipe)
    return Tuned(network, wrapped.train()), AutoTokenizer.from_pretrained(name, **safe)


def save_state(path: Path, tuned: Tuned, optimizer: torch.optim.Optimizer, facts: dict[str, Any]) -> None:
    """Write factors, the optimizer's moments and ``facts``; a reader never finds half a file."""
    from safetensors.torch import save_file

    tensors = {}
    for name, parameter in tuned.parameters.items():
        tensors[f"value/{name}"] = parameter.detach()
        for moment in ("exp_avg", "exp_avg_sq"):
            if moment in optimizer.state[parameter]:
                tensors[f"{moment}/{name}"] = optimizer.state[parameter][moment]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    save_file({k: t.contiguous() for k, t in tensors.items()}, str(draft), metadata={"facts": json.dumps(facts)})
    draft.replace(path)


def load_state(path: Path, tuned: Tuned, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Take a state up again and return its facts, none where nothing was saved."""
    import torch
    from safetensors import safe_open

    if not path.is_file():
        return {}
    with safe_open(str(path), "pt") as file, torch.no_grad():
        facts: dict[str, Any] = json.loads(file.metadata()["facts"])
        for name, parameter in tuned.parameters.items():
            parameter.copy_(file.get_tensor(f"value/{name}"))
            optimizer.state[parameter] = {
                "step": torch.tensor(float(facts["step"])),
                "exp_avg": file.get_tensor(f"exp_avg/{name}").to(parameter.device),
                "exp_avg_sq": file.get_tensor(f"exp_avg_sq/{name}").to(parameter.device),
            }
    return facts
