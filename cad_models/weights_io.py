"""Weight files: half-precision safetensors, named with their sha256 in one index.

It knows the files in ``cad_models/weights``. It doesn't know what the networks do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

WEIGHTS = Path(__file__).resolve().parent / "weights"
INDEX = WEIGHTS / "index.json"


def sha256_of(file: Path) -> str:
    """Return the hexadecimal sha256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_index(index: Path = INDEX) -> dict[str, dict[str, Any]]:
    """Return what the index says of each network, by name."""
    entries: dict[str, dict[str, Any]] = json.loads(index.read_text(encoding="utf-8"))
    return entries


def update_index(name: str, facts: Mapping[str, Any], index: Path = INDEX) -> None:
    """Write a network's facts into the index, over those of the same keys; the rest of its entry stays."""
    entries = read_index(index) if index.exists() else {}
    entries[name] = {**entries.get(name, {}), **facts}
    index.write_text(json.dumps(dict(sorted(entries.items())), indent=2) + "\n", encoding="utf-8")


def save_weights(network: nn.Module, name: str, facts: Mapping[str, Any], folder: Path = WEIGHTS) -> Path:
    """Write a network's weights as fp16 safetensors and enter file, size and sha256 in the index beside them.

    Parameters
    ----------
    network
        Its floating-point tensors are stored in half precision; integer ones (step counts) as they are.
    name
        Of the network in the registry.
    facts
        The rest of its index entry: see `cad_models.registry.Network`.
    folder
        Where the weights and ``index.json`` lie.

    Returns
    -------
    pathlib.Path
        The weight file.
    """
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.safetensors"
    tensors = {k: v.detach().half() if v.is_floating_point() else v for k, v in network.state_dict().items()}
    save_file({k: v.contiguous() for k, v in tensors.items()}, file)
    file.chmod(0o644)  # safetensors writes for its owner alone
    known = {"file": file.name, "sha256": sha256_of(file), "bytes": file.stat().st_size}
    update_index(name, {**facts, **known}, folder / INDEX.name)
    return file


def read_weights(file: Path) -> dict[str, Tensor]:
    """Return a weight file's tensors, floating-point ones as float32."""
    from safetensors.torch import load_file

    return {k: v.float() if v.is_floating_point() else v for k, v in load_file(file).items()}
