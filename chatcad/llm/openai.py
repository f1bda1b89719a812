"""Backend ``openai``: a server on the premises that speaks the OpenAI chat API: vLLM, Ollama, llama.cpp, TGI.

``CHATCAD_BASE_URL`` is its address up to ``/v1``; ``CHATCAD_MODEL`` is needed only where it serves several models.
Nothing leaves the premises: an address on a public network is refused unless ``CHATCAD_ALLOW_REMOTE=1``. A server that
is silent at the start is asked again at every answer, and the embedded model writes meanwhile, unless
``CHATCAD_FALLBACK=off``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from chatcad.config import Settings
from chatcad.errors import ModelMissing, UsageError
from chatcad.llm.status import Status
from chatcad.premises import keep_on_premises

if TYPE_CHECKING:
    from chatcad.llm.remote import RemoteChatModel

PROBE_SECONDS = 2.0
_SET_URL = "set CHATCAD_BASE_URL, such as http://127.0.0.1:11434/v1"


def status(settings: Settings) -> Status:
    """Say whether the server answers; asks it for its models and waits two seconds at most."""
    try:
        served = _served(settings)
        listed = ", ".join(served) or "without a list"
        return Status(True, f"{settings.base_url} serves {listed}; in use: {_model(settings, served)}")
    except (ModelMissing, UsageError) as error:
        detail, _, remedy = str(error).rpartition(": ")
        return Status(False, detail, remedy)


def create(settings: Settings) -> RemoteChatModel:
    """Return a model that asks the server.

    Raises
    ------
    UsageError
        The address isn't on the premises, and ``allow_remote`` isn't set.
    ModelMissing
        No address is set; or no server with a model answers there, and no fall back is wanted.
    """
    _check_address(settings)

    from chatcad.llm.remote import RemoteChatModel

    def find_name() -> str:
        return _model(settings, _served(settings))

    try:
        name = find_name()
    except ModelMissing as silence:
        if not settings.fallback:
            raise
        print(f"{silence}. Until then the embedded model writes.", file=sys.stderr, flush=True)
        name = settings.model
    return RemoteChatModel.connect(settings.base_url, settings.api_key, name, find_name)


def _model(settings: Settings, served: list[str]) -> str:
    return settings.model or served[0]


def _check_address(settings: Settings) -> None:
    url = settings.base_url
    if not url.startswith(("http://", "https://")):
        raise ModelMissing(f"no language-model server is set ({url!r} is no http address): {_SET_URL}")
    keep_on_premises(url, "questions", allow_remote=settings.allow_remote)


def _served(settings: Settings) -> list[str]:
    """Return the names of the models that the server offers (``GET /models``)."""
    import httpx

    from chatcad.llm.web import client

    _check_address(settings)
    url = settings.base_url.rstrip("/")
    try:
        with client(PROBE_SECONDS) as web:
            reply = web.get(f"{url}/models", headers={"Authorization": f"Bearer {settings.api_key}"})
        served = _names(reply.raise_for_status().json())
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise ModelMissing(
            f"{url}/models does not answer ({_reason(error)}): start the server, or {_SET_URL}"
        ) from error
    if not (served or settings.model):  # some servers list nothing and load what they are asked for
        raise ModelMissing(f"{url} serves no model: load one there, such as by ollama pull NAME, or set CHATCAD_MODEL")
    return served


def _names(reply: Any) -> list[str]:
    models = reply.get("data") if isinstance(reply, dict) else None
    return [str(m["id"]) for m in models or [] if isinstance(m, dict) and "id" in m]


def _reason(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0].split(" for url")[0] or type(error).__name__
