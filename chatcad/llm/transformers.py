"""Backend ``transformers``: any Hugging Face chat model, on the local GPU in bf16 or else on the CPU.

``CHATCAD_MODEL`` is a folder or a hub id. A hub id is fetched at first use, unless ``HF_HUB_OFFLINE`` is set. For
4-bit, choose a checkpoint that was published in 4-bit: its own configuration says how it is read. Weights are
safetensors only, and no code that comes with a model is run.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatcad.config import Settings
from chatcad.errors import ModelMissing
from chatcad.llm.status import Status

if TYPE_CHECKING:
    from chatcad.llm.local import LocalChatModel

_CHOOSE = "set CHATCAD_MODEL to a folder or a Hugging Face id of an instruct model"


def status(settings: Settings) -> Status:
    """Say whether the model is on this disk."""
    name = settings.model
    if not name:
        return Status(False, "no model is chosen", _CHOOSE)
    if Path(name).is_dir():
        whole = (Path(name) / "config.json").is_file() and any(Path(name).glob("*.safetensors"))
        return Status(whole, f"folder {name}" if whole else f"folder {name} lacks config.json or *.safetensors",
                      "" if whole else _CHOOSE)  # fmt: skip
    from huggingface_hub import try_to_load_from_cache

    if not _is_hub_id(name):
        return Status(False, f"no such folder: {name}", _CHOOSE)
    if isinstance(try_to_load_from_cache(name, "config.json"), str):
        return Status(True, f"{name} in the Hugging Face cache")
    return Status(False, f"{name} is not on this disk", f"fetch it once: hf download {name}")


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
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from safetensors import SafetensorError

    from chatcad.llm.local import LocalChatModel

    try:
        network, tokenizer = _load(name, settings, local_only)
    except (OSError, ValueError, ImportError, SafetensorError) as error:
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
    safe = {"trust_remote_code": False, "local_files_only": local_only}
    tokenizer = AutoTokenizer.from_pretrained(name, **safe)
    placed = {"device_map": "auto"} if where == "cuda" else {}
    network = AutoModelForCausalLM.from_pretrained(name, dtype=dtype, use_safetensors=True, **placed, **safe)
    return network.eval(), tokenizer


def _is_hub_id(name: str) -> bool:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils._validators import validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True
