"""Backend ``transformers``: any Hugging Face chat model, on the local GPU in bf16 or else on the CPU.

``CHATCAD_MODEL`` is a folder or a hub id. A hub id is fetched at first use, unless ``HF_HUB_OFFLINE`` is set.
``CHATCAD_LLM_4BIT`` is ``auto`` (4-bit where bf16 doesn't fit the GPU), ``on`` or ``off``. A checkpoint that was
published quantised is read as its own configuration says. Weights are safetensors only, and no code that comes with a
model is run.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatcad.config import Settings
from chatcad.errors import ModelMissing, NoRoom
from chatcad.llm import memory
from chatcad.llm.status import Status

if TYPE_CHECKING:
    from chatcad.llm.local import LocalChatModel

_CHOOSE = "set CHATCAD_MODEL to a folder or a Hugging Face id of an instruct model"
_FILES = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt"]
_NOT_NEEDED = ["*/*", "consolidated*"]  # the same weights in other formats, which some publishers lay beside them


def status(settings: Settings) -> Status:
    """Say whether the model is on this disk."""
    name = settings.model
    if not name:
        return Status(False, "no model is chosen", _CHOOSE)
    if Path(name).is_dir():
        return _folder_status(Path(name), f"folder {name}")
    from huggingface_hub import try_to_load_from_cache

    if not _is_hub_id(name):
        return Status(False, f"no such folder: {name}", _CHOOSE)
    config = try_to_load_from_cache(name, "config.json")
    if isinstance(config, str):
        return _folder_status(Path(config).parent, f"{name} in the Hugging Face cache")
    return Status(False, f"{name} is not on this disk", f"fetch it once: hf download {name}")


def _folder_status(folder: Path, called: str) -> Status:
    from safetensors import SafetensorError

    if not ((folder / "config.json").is_file() and any(folder.glob("*.safetensors"))):
        return Status(False, f"{called} lacks config.json or *.safetensors", _CHOOSE)
    try:
        weights = memory.measure(folder)
    except (OSError, ValueError, SafetensorError) as error:
        return Status(False, f"{called} is damaged ({error})", _CHOOSE)
    return Status(True, f"{called}: {memory.sizes(weights)}")


def create(settings: Settings) -> LocalChatModel:
    """Load the chosen model.

    Raises
    ------
    ModelMissing
        No model is chosen, it can't be had, or it isn't a chat model in safetensors.
    """
    if not settings.model:
        raise ModelMissing(f"no model is chosen for the transformers backend: {_CHOOSE}")
    return open_model(settings.model, settings, Path(settings.model).name)


def open_model(name: str, settings: Settings, label: str, *, local_only: bool = False) -> LocalChatModel:
    """Load the model in folder or hub id ``name`` and call it ``label`` in run records.

    Raises
    ------
    ModelMissing
        It can't be had, is damaged, or has no chat template.
    NoRoom
        It doesn't fit into memory.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    import torch
    from safetensors import SafetensorError

    from chatcad.llm.local import LocalChatModel

    try:
        network, tokenizer = _load(name, settings, local_only)
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise NoRoom(
            f"{name} doesn't fit into the memory that is free: free some, choose a smaller model"
            " (python -m chatcad doctor lists some), or set CHATCAD_LLM_4BIT=on"
        ) from error
    # RuntimeError: transformers', for weights of other shapes than config.json says
    except (OSError, ValueError, ImportError, RuntimeError, SafetensorError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelMissing(f"can't load {name} ({reason}): {_CHOOSE}, or run: hf download {name}") from error
    if not tokenizer.chat_template:
        raise ModelMissing(f"{name} has no chat template, so it isn't a chat model: {_CHOOSE}")
    return LocalChatModel(network, tokenizer, model_name=label)


def _load(name: str, settings: Settings, local_only: bool) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    from chatcad.llm import device

    logging.disable_progress_bar()
    device.use_threads(settings)
    where, dtype = device.pick()
    folder = _folder(name)
    wish = "off" if local_only else settings.llm_4bit  # the embedded model is small enough anywhere
    precision = memory.choose(memory.measure(folder), memory.free_gpu(), wish, name)
    placed: dict[str, Any] = {"device_map": "auto"} if where == "cuda" else {}
    if precision == "4-bit":
        placed["quantization_config"] = _four_bit(dtype, name)
    safe = {"trust_remote_code": False, "local_files_only": True}
    tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
    network = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, use_safetensors=True, **placed, **safe)
    return network.eval(), tokenizer


def _folder(name: str) -> Path:
    """Return where the model lies on this disk, fetching it first where it is a hub id."""
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(name, allow_patterns=_FILES, ignore_patterns=_NOT_NEEDED))


def _four_bit(dtype: Any, name: str) -> Any:
    """Return the recipe of QLoRA's NF4; bitsandbytes is looked for only now, because few machines need it."""
    from transformers import BitsAndBytesConfig

    if find_spec("bitsandbytes") is None:
        raise ModelMissing(
            f"{name} is to be read in 4-bit, and bitsandbytes is not installed: pip install -r requirements/gpu.txt,"
            " or choose a smaller model"
        )
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def _is_hub_id(name: str) -> bool:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils._validators import validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True
