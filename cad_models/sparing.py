"""What a reader does without: a network that can't be loaded, or fails on a film, costs its own part and no other.

It knows how a failure is told and logged. Which parts can be spared is the reader's business: not the gate and not the
segmenter, since a film that no gate has seen is not read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from chatcad.errors import ModelMissing

_log = logging.getLogger("chatcad.networks")


@dataclass(frozen=True, slots=True)
class Absent:
    """Stands in for a network that could not be loaded: whatever is asked of it fails with the reason."""

    reason: str

    def __getattr__(self, name: str) -> NoReturn:
        # A new one each time: an exception that is raised again keeps the frames of every film that met it.
        raise ModelMissing(self.reason)


def load_or_spare(load: Callable[[], Any], *, lenient: bool) -> Any:
    """Return the network, or what stands in for it.

    Raises
    ------
    ModelMissing
        It can't be loaded, and nothing may be spared.
    """
    try:
        return load()
    except ModelMissing as error:
        if not lenient:
            raise
        _log.error("a network is missing: %s", error)
        return Absent(str(error))


@contextmanager
def sparing(what: str, network: str, missing: list[str], *, lenient: bool) -> Iterator[None]:
    """Let the block fail, and say so in ``missing``.

    Parameters
    ----------
    what
        How the film's reader is told what is missing, such as ``"not assessed"``.
    network
        What failed, such as ``"classifier"``.
    missing
        One remark is added where the block fails.
    lenient
        Otherwise the failure goes on to the caller.
    """
    try:
        yield
    except ModelMissing as error:
        if not lenient:
            raise
        missing.append(f"{what}: the {network} could not be loaded: {error}")
    except Exception as error:
        if not lenient:
            raise
        _log.exception("the %s failed on a film", network)
        missing.append(f"{what}: the {network} failed on this film ({type(error).__name__}); the log says where")
