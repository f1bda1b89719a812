"""Where a local model runs, in which number format, and on how many threads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chatcad.config import Settings

if TYPE_CHECKING:
    import torch


def pick() -> tuple[str, torch.dtype]:
    """Return the device for local models and the number format that is quick on it."""
    import torch

    if torch.cuda.is_available():
        return "cuda", torch.bfloat16
    return "cpu", torch.bfloat16 if bf16_is_fast() else torch.float32


def bf16_is_fast() -> bool:
    """Return whether this CPU multiplies bf16 natively; without AMX or AVX512-BF16 it is eighty times slower than fp32.

    Measured on AVX2.
    """
    import torch

    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())


def use_threads(settings: Settings) -> int:
    """Give torch ``settings.threads``, or half the cores, and return the number.

    With other work on the cores a decoder that wants them all waits for the slowest at every token.
    """
    import torch

    threads = settings.threads or max(1, (os.cpu_count() or 2) // 2)
    torch.set_num_threads(threads)
    return threads
