"""Folders of a model hub: which files are taken, and which make a folder unfit. No file of code is ever among them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from cad_models.registry import Network
from chatcad.errors import ModelMissing, UsageError

TAKEN = ("*.json", "*.txt", "*.model", "*.jinja", "*.safetensors")
CODE_KEYS = ("auto_map", "custom_pipelines")


def download(network: Network, folder: Path) -> Sequence[str]:
    """Download the files of a repository that a reader needs, with progress, and return their names."""
    os.environ["HF_HUB_OFFLINE"] = "0"  # asking for it is the user's permission; nothing else here opens a connection
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    import httpx
    import huggingface_hub
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    from cad_models.public.fetch import by_hand

    repository = network.url.removeprefix("https://huggingface.co/")
    try:
        huggingface_hub.snapshot_download(
            repository, revision=network.revision or None, allow_patterns=list(TAKEN), local_dir=folder
        )
    except GatedRepoError as error:
        raise ModelMissing(by_hand(network, "its terms must be accepted there first; then log in")) from error
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, httpx.HTTPError, OSError) as error:
        raise ModelMissing(by_hand(network, str(error))) from error
    return _checked(network, folder)


def take(network: Network, given: Path, folder: Path) -> Sequence[str]:
    """Copy the files of a folder that was fetched by hand, and return their names."""
    if not given.is_dir():
        raise UsageError(f"{given} is a file: give the folder with the files of {network.url}")
    _checked(network, given)
    for pattern in TAKEN:
        for file in given.glob(pattern):
            shutil.copyfile(file, folder / file.name)
    return _checked(network, folder)


def _checked(network: Network, folder: Path) -> list[str]:
    """Return the names of a folder's files, or refuse it."""
    names = sorted(f.name for pattern in TAKEN for f in folder.glob(pattern) if f.name != "fetched.json")
    if "config.json" not in names or not any(n.endswith(".safetensors") for n in names):
        raise ModelMissing(
            f"{folder} has no config.json with *.safetensors (pickles are not read): fetch {network.url} again"
        )
    for name in names:
        if name.endswith(".json") and _wants_code(folder / name):
            raise ModelMissing(f"{folder / name} asks for code of its own, which is never run: choose another network")
    return names


def _wants_code(file: Path) -> bool:
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelMissing(f"{file} is not JSON: fetch it again") from error
    return isinstance(settings, dict) and any(_holds(settings, key) for key in CODE_KEYS)


def _holds(value: object, key: str) -> bool:
    if isinstance(value, dict):
        return key in value or any(_holds(v, key) for v in value.values())
    return isinstance(value, list) and any(_holds(v, key) for v in value)
