"""Which network does which task: the embedded ones, unless `models use` chose another.

The choice is a small JSON file in the cache folder. It knows names only; ``registry`` knows the networks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from cad_models import registry
from chatcad.errors import UsageError

EMBEDDED: Mapping[registry.Task, str] = {
    "segmenter": "segmenter", "gate": "gate", "view": "view", "classifier": "classifier", "reporter": "template",
}  # fmt: skip
FILE = "networks.json"


def chosen(cache: Path) -> Mapping[registry.Task, str]:
    """Return the network of each task.

    Raises
    ------
    UsageError
        The file can't be read, or names a network that isn't in the registry.
    """
    file = cache / FILE
    if not file.is_file():
        return EMBEDDED
    try:
        stored = cast(dict[registry.Task, str], json.loads(file.read_text(encoding="utf-8")))
    except ValueError as error:
        raise UsageError(f"{file} is not JSON: remove it to use the embedded networks") from error
    return {**EMBEDDED, **{task: registry.get(name).name for task, name in stored.items()}}


def choose(name: str, cache: Path) -> registry.Network:
    """Use a network for its task from now on, and return it.

    Raises
    ------
    UsageError
        There is no network of that name, or its weights are not ready.
    """
    network = registry.get(name)
    if (state := registry.state(network)) != "ready":
        raise UsageError(f"{name!r} is {state}: get it first with `python -m chatcad models get {name}`")
    cache.mkdir(parents=True, exist_ok=True)
    (cache / FILE).write_text(json.dumps({**chosen(cache), network.task: network.name}), encoding="utf-8")
    return network
