"""The embedded model's adapter: low-rank changes of its weights (LoRA; Hu et al. 2021, arXiv 2106.09685).

It is one safetensors file with a card beside it (``chatcad/llm/adapters/``). The card says which weights it changes,
how it was made, and the file's sha256; the file is read only under that sha256. Merged, it costs nothing at inference.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatcad.errors import ModelMissing

if TYPE_CHECKING:
    import torch

ADAPTERS = Path(__file__).resolve().parent / "adapters"
_RESTORE = "restore it with `git checkout -- chatcad/llm/adapters`, or set CHATCAD_MODEL=untuned"


@dataclass(frozen=True, slots=True)
class Card:
    """What an adapter is: the weights it belongs to, its size, its file's sha256 and how it was trained."""

    name: str
    base: str
    base_sha256: str
    sha256: str
    rank: int
    alpha: float
    recipe: Mapping[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """The name of the file beside the card."""
        return f"{self.name}.safetensors"


def read_card(name: str, folder: Path | None = None) -> Card:
    """Return the card of an adapter.

    Raises
    ------
    ModelMissing
        The card is missing or damaged.
    """
    path = (folder or ADAPTERS) / f"{name}.json"
    try:
        return Card(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ModelMissing(f"the adapter's card {path} is missing or damaged: {_RESTORE}") from error


def write(name: str, tensors: Mapping[str, torch.Tensor], card: Mapping[str, Any], folder: Path | None = None) -> Card:
    """Write an adapter in bf16 with its card, and return the card.

    Parameters
    ----------
    name
        Of both files, without their endings.
    tensors
        ``<module>.lora_A.weight`` and ``<module>.lora_B.weight`` for every changed module.
    card
        The fields of `Card` that aren't known from the file.
    folder
        Where both are written; by default where they are shipped.
    """
    import torch
    from safetensors.torch import save_file

    folder = folder or ADAPTERS
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.safetensors"
    save_file({k: t.detach().to(torch.bfloat16).contiguous() for k, t in tensors.items()}, str(path))
    whole = Card(name=name, sha256=_sha256(path), **card)
    (folder / f"{name}.json").write_text(json.dumps(asdict(whole), indent=1) + "\n", encoding="utf-8")
    return whole


def load(card: Card, folder: Path | None = None) -> dict[str, torch.Tensor]:
    """Return an adapter's tensors.

    Raises
    ------
    ModelMissing
        The file is missing, or not the one that the card describes.
    """
    from safetensors.torch import load_file

    path = (folder or ADAPTERS) / card.file
    if not path.is_file():
        raise ModelMissing(f"the adapter {path} is missing: {_RESTORE}")
    if (digest := _sha256(path)) != card.sha256:
        raise ModelMissing(f"the adapter {path} is damaged (sha256 {digest[:12]}…): {_RESTORE}")
    return dict(load_file(str(path)))


def merge(network: Any, tensors: Mapping[str, torch.Tensor], card: Card) -> None:
    """Add an adapter to a network's weights: W + alpha / rank · B·A for every module that it changes.

    Raises
    ------
    ModelMissing
        The adapter names a module that the network lacks, or one of another shape.
    """
    import torch

    modules = dict(network.named_modules())
    names = sorted({key.rsplit(".lora_", 1)[0] for key in tensors})
    with torch.no_grad():
        for name in names:
            down, up = (tensors[f"{name}.lora_{part}.weight"].float() for part in "AB")
            weight = getattr(modules.get(name), "weight", None)
            if weight is None or weight.shape != (up.shape[0], down.shape[1]):
                raise ModelMissing(f"the adapter {card.name} doesn't fit the network at {name}: {_RESTORE}")
            weight += (card.alpha / card.rank * (up @ down)).to(weight.dtype)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
