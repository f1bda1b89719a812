"""Backend ``openai``: a server on the premises that speaks the OpenAI chat API: vLLM, Ollama, llama.cpp, TGI.

``CHATCAD_BASE_URL`` is its address up to ``/v1``; ``CHATCAD_MODEL`` is needed only where it serves several models.
Nothing leaves the premises: an address on a public network is refused unless ``CHATCAD_ALLOW_REMOTE=1``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatcad.config import Settings
from chatcad.errors import ModelMissing, UsageError
from chatcad.llm.premises import on_premises
from chatcad.llm.status import Status

if TYPE_CHECKING:
    from chatcad.llm.remote import RemoteChatModel

PROBE_SECONDS = 2.0
_SET_URL = "set CHATCAD_BASE_URL, such as http://127.0.0.1:11434/v1"


def status(settings: Settings) -> Status:
    """Say whether the server answers; asks it for its models and waits two seconds at most."""
    try:
        served = _served(settings)
        return Status(True, f"{settings.base_url} serves {', '.join(served)}; in use: {_model(settings, served)}")
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
        No address is set, or no server with a model answers there.
    """
    served = _served(settings)

    from chatcad.llm.remote import RemoteChatModel

    return RemoteChatModel.connect(settings.base_url, settings.api_key, _model(settings, served))


def _model(settings: Settings, served: list[str]) -> str:
    return settings.model or served[0]


def _served(settings: Settings) -> list[str]:
    """Return the names of the models that the server offers (``GET /models``)."""
    import httpx

    from chatcad.llm.web import client

    url = settings.base_url.rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise ModelMissing(f"no language-model server is set ({url!r} is no http address): {_SET_URL}")
    if not (settings.allow_remote or on_premises(url)):
        raise UsageError(f"{url} is not on the premises, and questions would leave them: set CHATCAD_ALLOW_REMOTE=1")
    try:
        with client(PROBE_SECONDS) as web:
            reply = web.get(f"{url}/models", headers={"Authorization": f"Bearer {settings.api_key}"})
        served = _names(reply.raise_for_status().json())
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise ModelMissing(
            f"{url}/models does not answer ({_reason(error)}): start the server, or {_SET_URL}"
        ) from error
    if not served:
        raise ModelMissing(f"{url} serves no model: load one there, such as by ollama pull NAME")
    return served


def _names(reply: Any) -> list[str]:
    models = reply.get("data") if isinstance(reply, dict) else None
    return [str(m["id"]) for m in models or [] if isinstance(m, dict) and "id" in m]


def _reason(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0].split(" for url")[0] or type(error).__name__
