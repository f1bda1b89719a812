"""Well-known instruct models, and which of them fit a GPU in which precision: what ``doctor`` suggests.

Ids, sizes and licences were looked up in public copies of model pages, configurations and leaderboards, not on the
publishers' own pages: read the licence there before use. The fit is computed by ``memory``, as the ``transformers``
backend does when it loads. **None of them was run by us**: no GPU was at hand.
"""

from __future__ import annotations

from dataclasses import dataclass

from chatcad.llm.memory import GIB, Precision, Weights

CARDS = (8, 16, 24, 80)
"""Sizes of common cards in GB."""

_USABLE = 0.95
"""Share of a card that is free when nothing else runs on it: the driver and the screen take the rest."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One model: its Hugging Face id, licence and size."""

    id: str
    licence: str
    weights: Weights


SUGGESTIONS = (
    Suggestion("HuggingFaceTB/SmolLM2-1.7B-Instruct", "Apache-2.0", Weights(1_711_000_000, 49_152 * 2048)),
    Suggestion("Qwen/Qwen3-4B-Instruct-2507", "Apache-2.0", Weights(4_022_000_000, 151_936 * 2560)),
    Suggestion("Qwen/Qwen2.5-7B-Instruct", "Apache-2.0", Weights(7_616_000_000, 2 * 152_064 * 3584)),
    Suggestion("microsoft/phi-4", "MIT", Weights(14_660_000_000, 2 * 100_352 * 5120)),
    Suggestion("Qwen/Qwen2.5-14B-Instruct", "Apache-2.0", Weights(14_770_000_000, 2 * 152_064 * 5120)),
    Suggestion("Qwen/Qwen2.5-32B-Instruct", "Apache-2.0", Weights(32_764_000_000, 2 * 152_064 * 5120)),
    Suggestion(
        "meta-llama/Llama-3.3-70B-Instruct", "Llama 3.3 Community, gated", Weights(70_554_000_000, 2 * 128_256 * 8192)
    ),
)  # fmt: skip


def precision_on(weights: Weights, card: int) -> Precision | None:
    """Return the better precision in which a model fits a card of ``card`` GB, or ``None``."""
    choices: tuple[Precision, ...] = ("bf16", "4-bit")
    return next((p for p in choices if weights.fits(p, int(_USABLE * card * GIB))), None)


def largest(card: int) -> list[tuple[Suggestion, Precision]]:
    """Return the largest model that fits a card in each precision, the larger model first."""
    fitting = [(s, p) for s in SUGGESTIONS if (p := precision_on(s.weights, card))]
    best = {precision: (s, precision) for s, precision in fitting}  # sizes rise, so the last one stays
    return sorted(best.values(), key=lambda pair: -pair[0].weights.parameters)


def table() -> str:
    """Return the choice as a Markdown table, one row a model."""
    head = ["model", "licence", *(f"{card} GB" for card in CARDS)]
    rows = [
        [s.id, s.licence, *(precision_on(s.weights, card) or "–" for card in CARDS)] for s in SUGGESTIONS
    ]  # fmt: skip
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows))
