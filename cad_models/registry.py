"""The one door to every network: what there is, where it came from, whether it is usable, and the network itself.

It reads two indexes: ``cad_models/weights/index.json`` of the networks that ship, which the training scripts write, and
``cad_models/public/index.json`` of those that others publish, whose weights lie in the cache once they are fetched. It
doesn't import torch until a network is loaded, and it knows nothing of what the networks compute: each names the
module whose ``load(file)`` makes it.
"""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from cad_models.weights_io import INDEX, WEIGHTS, read_index, sha256_of
from chatcad.config import load_settings
from chatcad.errors import ModelMissing, UsageError

Task = Literal["gate", "view", "segmenter", "classifier", "reporter"]
State = Literal["ready", "missing", "corrupt"]
Form = Literal["safetensors", "state", "model", "hub"]
CARDS = WEIGHTS.parent / "cards"
PUBLIC_INDEX = WEIGHTS.parent / "public" / "index.json"
RECORD = "fetched.json"
"""What `cad_models.public.fetch` writes beside weights that it fetched."""

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
        The weight file in `folder`; empty, and an estimate, while a public network is not fetched.
    embedded
        Whether the weights ship with the project.
    needs
        Other networks by name with the sha256 that this one was trained on; other weights void it.
    files
        Further files of the network with their sha256, such as operating points or a vocabulary.
    figures
        Held-out figures in short, as the evaluation wrote them.
    url, revision
        Where weights that don't ship can be fetched, and at which revision of their repository.
    form
        How their owner publishes them: tensors in a pickle (``state``), a whole pickled network (``model``), or a
        folder of a model hub.
    url_sha256
        Of the published file, where its owner states it.
    published, published_in
        Figures that others published, which nobody measured here, and where.
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
    url: str = ""
    revision: str = ""
    form: Form = "safetensors"
    url_sha256: str = ""
    published: Mapping[str, float] = field(default_factory=dict)
    published_in: str = ""

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return WEIGHTS if self.embedded else local_folder(self.name)

    @property
    def path(self) -> Path:
        """The weight file."""
        return self.folder / self.file

    @property
    def card(self) -> Path:
        """The model card."""
        return CARDS / f"{self.name}.md"


def local_folder(name: str) -> Path:
    """Return where things of a network lie that don't ship: fetched weights, a local calibration."""
    return load_settings().cache / "networks" / name


def entries() -> tuple[Network, ...]:
    """Return every network: the embedded ones, then the public ones, each by name."""
    return tuple(_fetched(n) for n in _all().values())


def get(name: str) -> Network:
    """Return one network.

    Raises
    ------
    UsageError
        There is no network of that name.
    """
    known = _all()
    if name not in known:
        raise UsageError(f"no network is called {name!r}: choose one of {', '.join(known)}")
    return _fetched(known[name])


def state(network: Network) -> State:
    """Return whether a network's files are there and are those that the index names."""
    wanted = {network.file: network.sha256, **network.files}
    if any(not (network.folder / file).is_file() for file in wanted):
        return "missing"
    if any(sha256_of(network.folder / file) != digest for file, digest in wanted.items()):
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
        return _load(network.name, network.sha256)


_LOADING = threading.RLock()  # a network may load another one that it builds on


@cache
def _load(name: str, sha256: str) -> Any:
    """Load a network; ``sha256`` is there for the cache, since public weights may be fetched anew."""
    network = get(name)
    found = state(network)
    if found != "ready":
        raise ModelMissing(f"the weights of {name!r} ({network.file}) are {found}: {_remedy(network)}")
    return importlib.import_module(network.module).load(network.path)


def _remedy(network: Network) -> str:
    if network.embedded:
        return "they ship with the project, so restore them with `git checkout -- cad_models/weights`"
    return f"fetch them with `python -m chatcad models get {network.name}`"


def read_record(name: str) -> dict[str, Any]:
    """Return what was written down when a public network was fetched; empty when it wasn't."""
    file = local_folder(name) / RECORD
    if not file.is_file():
        return {}
    try:
        record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelMissing(f"{file} is damaged: remove it and fetch {name!r} again") from error
    return record


def _fetched(network: Network) -> Network:
    """Return a public network with the files that were fetched of it."""
    if network.embedded or not (record := read_record(network.name)):
        return network
    return replace(network, **{key: record[key] for key in ("file", "sha256", "bytes", "files")})


def _all() -> dict[str, Network]:
    return _entries(INDEX) | _entries(PUBLIC_INDEX)


@cache
def _entries(index: Path) -> dict[str, Network]:
    if not index.is_file():
        raise ModelMissing(f"{index} is missing: restore it with `git checkout -- cad_models`")
    return {name: _network(name, facts) for name, facts in read_index(index).items()}


def _network(name: str, facts: Mapping[str, Any]) -> Network:
    if not str(facts["module"]).startswith(_PACKAGE):
        raise ModelMissing(f"the index names a module outside {_PACKAGE[:-1]} for {name!r}: restore the index")
    return Network(name=name, **{**facts, "labels": tuple(facts["labels"])})
