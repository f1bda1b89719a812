"""The one door to the language models: which there are, whether they can be used, and the one that was chosen.

It knows the backends' names and keeps one model per choice of settings. Each backend is a module with the same two
functions, ``status(settings)`` and ``create(settings)``; only the module that is asked for is imported.
"""

from __future__ import annotations

import importlib
import threading
from typing import TYPE_CHECKING, Protocol, cast

from chatcad.config import Settings
from chatcad.errors import UsageError
from chatcad.llm.status import Status

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_MODULES = {
    "embedded": "chatcad.llm.embedded",
    "transformers": "chatcad.llm.transformers",
    "openai": "chatcad.llm.openai",
    "scripted": "chatcad.llm.scripted",
}
_loaded: dict[tuple[object, ...], BaseChatModel] = {}
_loading = threading.Lock()


class Backend(Protocol):
    """What a backend module offers."""

    def status(self, settings: Settings) -> Status:
        """Say whether the backend can be used, without loading it."""

    def create(self, settings: Settings) -> BaseChatModel:
        """Load the backend's chat model."""


def names() -> tuple[str, ...]:
    """Return the names of all backends, the default first."""
    return tuple(_MODULES)


def status(name: str, settings: Settings) -> Status:
    """Say whether a backend can be used with these settings; cheap, and without loading a model.

    Raises
    ------
    UsageError
        There is no backend of that name.
    """
    return _backend(name).status(settings)


def load(settings: Settings) -> BaseChatModel:
    """Return the chat model that the settings choose; it is loaded once per process and choice.

    Every model streams, and heeds the same three call arguments: ``max_tokens`` (int), ``stop`` (strings that end the
    text and aren't part of it) and ``deadline`` (a ``time.monotonic()`` value; the text ends there, unfinished).
    The last chunk's ``response_metadata["finish_reason"]`` is ``stop``, ``length``, ``repetition`` or ``deadline``.
    A failure while writing raises ``BackendFailed``, and so does a server that sends no word in its time.

    Raises
    ------
    UsageError
        There is no backend of that name, or its settings contradict each other.
    ModelMissing
        The model, its weights or its server is missing; the message names the remedy.
    """
    backend = _backend(settings.backend)
    choice = (settings.backend, settings.model, settings.base_url, settings.api_key, settings.allow_remote,
              settings.fallback, settings.llm_4bit, settings.threads, settings.cache)  # fmt: skip
    with _loading:
        if choice not in _loaded:
            _forbid_tracing()
            _loaded[choice] = backend.create(settings)
        return _loaded[choice]


def _backend(name: str) -> Backend:
    if name not in _MODULES:
        raise UsageError(f"no language-model backend is called {name!r}: set CHATCAD_BACKEND to {', '.join(_MODULES)}")
    return cast(Backend, importlib.import_module(_MODULES[name]))


def _forbid_tracing() -> None:
    """Keep prompts on the premises: LangChain would send them to LangSmith if a stray variable asked for it."""
    import langsmith

    langsmith.configure(enabled=False)
