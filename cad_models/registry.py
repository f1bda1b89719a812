"""The one door to every network: what there is, where it came from, whether it is usable, and the network itself.

It reads ``cad_models/weights/index.json``, which the training scripts write. It doesn't import torch until a network
is loaded, and it knows nothing of what the networks compute: each names the module whose ``load(file)`` makes it.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from cad_models.weights_io import INDEX, WEIGHTS, read_index, sha256_of
from chatcad.errors import ModelMissing, UsageError

Task = Literal["gate", "view", "segmenter", "classifier", "reporter"]
State = Literal["ready", "missing", "corrupt"]
CARDS = WEIGHTS.parent / "cards"
_PACKAGE = "cad_models."


@dataclass(frozen=True, slots=True)
class Network:
    """One network as the registry knows it.

    Parameters
    ----------
    name, task
        What it is called and what it is for.
    module
        Inside this package, with ``load(file: Path)``; nothing else is ever imported on the index's word.
    labels
        What its outputs mean, in order.
    licence, source, citation
        One line each: under which terms, trained by whom on what, and what to cite.
    file, sha256, bytes
        The weight file in ``cad_models/weights``.
    embedded
        Whether the weights ship with the project.
    needs
        Other networks by name with the sha256 that this one was trained on; other weights void it.
    files
        Further files of the network with their sha256, such as operating points or a vocabulary.
    figures
        Held-out figures in short, as the evaluation wrote them.
    url
        Where weights that don't ship can be fetched.
    """

    name: str
    task: Task
    module: str
    labels: tuple[str, ...]
    licence: str
    source: str
    citation: str
    file: str
    sha256: str
    bytes: int
    embedded: bool = True
    needs: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    url: str | None = None

    @property
    def path(self) -> Path:
        """The weight file."""
        return WEIGHTS / self.file

    @property
    def card(self) -> Path:
        """The model card."""
        return CARDS / f"{self.name}.md"


def entries() -> tuple[Network, ...]:
    """Return every network of the index, by name."""
    return tuple(_entries(INDEX).values())


def get(name: str) -> Network:
    """Return one network.

    Raises
    ------
    UsageError
        There is no network of that name.
    """
    known = _entries(INDEX)
    if name not in known:
        raise UsageError(f"no network is called {name!r}: choose one of {', '.join(known)}")
    return known[name]


def state(network: Network) -> State:
    """Return whether a network's files are there and are those that the index names."""
    wanted = {network.file: network.sha256, **network.files}
    if any(not (WEIGHTS / file).is_file() for file in wanted):
        return "missing"
    if any(sha256_of(WEIGHTS / file) != digest for file, digest in wanted.items()):
        return "corrupt"
    fits = all(get(name).sha256 == digest for name, digest in network.needs.items())
    return "ready" if fits else "corrupt"


def load(name: str) -> Any:
    """Return the network itself, checked against its sha256 and loaded once a process; safe between threads.

    Returns
    -------
    object
        What the ``load`` of the network's module makes of the weight file; its type is that module's business.

    Raises
    ------
    UsageError
        There is no network of that name.
    ModelMissing
        Its weights are missing, damaged, or belong to another version of the network that they build on.
    """
    network = get(name)
    with _LOADING:
        return _load(network.name)


_LOADING = threading.RLock()  # a network may load another one that it builds on


@cache
def _load(name: str) -> Any:
    network = get(name)
    found = state(network)
    if found != "ready":
        raise ModelMissing(f"the weights of {name!r} ({network.file}) are {found}: {_remedy(network)}")
    return importlib.import_module(network.module).load(network.path)


def _remedy(network: Network) -> str:
    if network.embedded:
        return "they ship with the project, so restore them with `git checkout -- cad_models/weights`"
    return f"fetch them with `python -m chatcad models get {network.name}`"


@cache
def _entries(index: Path) -> dict[str, Network]:
    if not index.is_file():
        raise ModelMissing(f"{index} is missing: restore it with `git checkout -- cad_models/weights`")
    return {name: _network(name, facts) for name, facts in read_index(index).items()}


def _network(name: str, facts: Mapping[str, Any]) -> Network:
    if not str(facts["module"]).startswith(_PACKAGE):
        raise ModelMissing(f"the index names a module outside {_PACKAGE[:-1]} for {name!r}: restore the index")
    return Network(name=name, **{**facts, "labels": tuple(facts["labels"])})
