"""Whether the server lives and is ready (``/healthz``), and its figures (``/metrics``)."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from chatcad import __version__
from chatcad.access.who import Proxies, is_loopback
from chatcad.api.problems import Problem
from chatcad.api.service import Service
from chatcad.observe import metrics


@dataclass(frozen=True, slots=True)
class Checks:
    """The two answers that a machine asks for."""

    service: Service

    async def healthz(self, _: Request) -> Response:
        """Answer 200 when films are read and questions answered, else 503; that it answers at all means it lives."""
        loading = self.service.desk.loading
        states = {"networks": _state(loading.films), "answers": _state(loading.system)}
        ready = all(state == "ready" for state in states.values())
        body = {"live": True, "ready": ready, "waiting": len(loading.line), "version": __version__, **states}
        return JSONResponse(body, 200 if ready else 503)

    def metrics(self, request: Request) -> Response:
        """Answer this machine, or who has a key: figures tell nothing of a patient, but something of a department."""
        if not is_loopback(Proxies.of(self.service.settings).client(request.scope)):
            try:
                self.service.owner(request.headers)
            except HTTPException as error:
                return Problem(error.status_code, error.detail, headers=error.headers)
        metrics.WAITING.set(len(self.service.desk.line))
        return Response(metrics.exposition(), media_type="text/plain; version=0.0.4")


def _state(promise: Future[Any]) -> str:
    if not promise.done():
        return "loading"
    error = promise.exception()
    return "ready" if error is None else f"failed: {type(error).__name__}"  # the start said why, to who started it
