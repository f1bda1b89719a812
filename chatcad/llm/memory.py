"""How much memory a model's weights need, and in which precision they fit.

It reads the headers of safetensors files and asks devices for their free memory; it loads no weight.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from chatcad.errors import NoRoom

Precision = Literal["bf16", "4-bit", "as stored"]
GIB = 2**30

ROOM = 2 * GIB
"""Left free beside the weights: keys and values of a few thousand tokens, and what a pass needs on its way."""

_NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)
"""Bytes of a weight in NF4: four bits, and scales that are quantised themselves (Dettmers et al. 2023, QLoRA)."""

_NEVER_IN_4BIT = ("embed", "lm_head", "wte", "norm", "experts")
"""bitsandbytes quantises linear layers only, not the output layer. Experts are no linear layers in transformers 5:
they silently stay as they are (bitsandbytes issue 1849)."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The size of a model.

    Parameters
    ----------
    parameters
        All of them.
    kept
        Those of them that 4-bit leaves in bf16: embeddings, output layer, norms, experts.
    stored
        Bytes on disk.
    quantised
        Whether the checkpoint itself was published quantised; it is then read as it is.
    """

    parameters: int
    kept: int
    stored: int = 0
    quantised: bool = False

    def bytes_in(self, precision: Precision) -> int:
        """Return the bytes that the weights take on a device."""
        if precision == "as stored":
            return self.stored
        if precision == "bf16":
            return 2 * self.parameters
        return 2 * self.kept + int(_NF4_BYTES * (self.parameters - self.kept))

    def fits(self, precision: Precision, free: int) -> bool:
        """Return whether the weights leave enough room in ``free`` bytes to write with."""
        return self.bytes_in(precision) + ROOM <= free


def sizes(weights: Weights) -> str:
    """Return in words what a model's weights take."""
    ways: tuple[Precision, ...] = ("as stored",) if weights.quantised else ("bf16", "4-bit")
    return ", ".join(f"{weights.bytes_in(way) / GIB:.1f} GiB {way}" for way in ways)


def measure(folder: Path) -> Weights:
    """Return the size of the model in ``folder``, from the headers of its safetensors files.

    Raises
    ------
    SafetensorError, OSError
        A file is damaged or unreadable.
    """
    from safetensors import safe_open

    parameters = kept = 0
    files = sorted(folder.glob("*.safetensors"))
    for file in files:
        with safe_open(file, framework="numpy") as tensors:
            for name in tensors.keys():  # noqa: SIM118  -- the handle is no mapping
                shape = tensors.get_slice(name).get_shape()
                parameters += (size := math.prod(shape))
                kept += size if len(shape) != 2 or any(part in name for part in _NEVER_IN_4BIT) else 0
    stored = sum(file.stat().st_size for file in files)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    return Weights(parameters, kept, stored, "quantization_config" in config)


def choose(weights: Weights, free: int | None, wish: str, name: str) -> Precision:
    """Return the precision in which to load a model.

    Parameters
    ----------
    weights
        The model's size.
    free
        Bytes free on the GPUs together; ``None`` without a GPU, where nothing but the wish leads to 4-bit.
    wish
        ``CHATCAD_LLM_4BIT``: ``auto`` takes 4-bit where bf16 doesn't fit; ``off`` lets what doesn't fit lie in the
        machine's own memory, where it is slow.
    name
        Of the model, for the message.

    Raises
    ------
    NoRoom
        ``auto``, and it fits in neither.
    """
    if weights.quantised:
        return "as stored"
    if wish == "on":
        return "4-bit"
    if wish == "off" or free is None or weights.fits("bf16", free):
        return "bf16"
    if weights.fits("4-bit", free):
        return "4-bit"
    needs = ", ".join(f"{(weights.bytes_in(p) + ROOM) / GIB:.1f} GiB in {p}" for p in ("bf16", "4-bit"))
    raise NoRoom(
        f"{name} needs {needs}, and {free / GIB:.1f} GiB of the GPU are free: choose a smaller model"
        " (python -m chatcad doctor lists some), or set CHATCAD_LLM_4BIT=off, which is slow"
    )


def free_gpu() -> int | None:
    """Return the bytes that are free on all GPUs together, or ``None`` without a GPU."""
    import torch

    if not torch.cuda.is_available():
        return None
    return sum(int(torch.cuda.mem_get_info(i)[0]) for i in range(torch.cuda.device_count()))


def free_here() -> int:
    """Return the bytes of the machine's own memory that can be had without swapping."""
    import psutil

    return int(psutil.virtual_memory().available)


def report(network: Any) -> dict[str, str | int]:
    """Return where a loaded network lies: device, number format, quantisation, bytes of weights and bytes free."""
    places = getattr(network, "hf_device_map", None) or {"": network.device}
    gpu = free_gpu()
    quantised = getattr(network.config, "quantization_config", None)
    return {
        "device": " + ".join(sorted({_device(place) for place in places.values()})),
        "dtype": str(network.dtype).removeprefix("torch."),
        "quantisation": _method(quantised) if quantised else "none",
        "weights_bytes": int(network.get_memory_footprint()),
        "free_bytes": free_here() if gpu is None else gpu,
    }


def _device(place: object) -> str:
    """Return a device's name; accelerate calls the first GPU 0."""
    return f"cuda:{place}" if isinstance(place, int) else str(place)


def _method(config: Any) -> str:
    facts = config if isinstance(config, dict) else config.to_dict()
    bits = "4-bit " if facts.get("load_in_4bit") or facts.get("bits") == 4 else ""
    method = facts.get("quant_method", "")
    return f"{bits}{getattr(method, 'value', method)}"
