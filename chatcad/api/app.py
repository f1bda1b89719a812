"""The API as an app of its own: its routes, its errors as problem documents, its OpenAPI document."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.models import HTTPBearer as BearerScheme
from starlette.exceptions import HTTPException
from starlette.responses import Response

from chatcad import DISCLAIMER, __version__
from chatcad.api.problems import Problem, problem_of
from chatcad.api.routes import router
from chatcad.api.service import Service
from chatcad.errors import ChatCADError

VERSION_PATH = "/api/v1"


def build_api(service: Service) -> FastAPI:
    """Return the app that answers below ``/api/v1``.

    FastAPI's pages of documentation are off, since they load scripts from elsewhere; ``openapi.json`` is there.
    """
    app = FastAPI(
        title="ChatCAD",
        version=__version__,
        description=f"{DISCLAIMER} Films are read into facts; every sentence of an answer is checked against them.",
        docs_url=None,
        redoc_url=None,
        root_path_in_servers=False,
        servers=[{"url": VERSION_PATH}],
    )
    app.state.service = service
    app.include_router(router)
    app.add_exception_handler(ChatCADError, _typed)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.openapi = lambda: _with_keys(app, FastAPI.openapi(app))  # type: ignore[method-assign]
    return app


def _with_keys(app: FastAPI, document: dict[str, Any]) -> dict[str, Any]:
    schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["key"] = BearerScheme(description="`python -m chatcad keys add NAME`").model_dump(
        exclude_none=True, mode="json", by_alias=True
    )
    document["security"] = [{"key": []}, {}]
    return document


async def _typed(_: Request, error: Exception) -> Response:
    assert isinstance(error, ChatCADError)  # noqa: S101  -- registered for this class
    return problem_of(error)


async def _plain(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  -- registered for this class
    return Problem(error.status_code, str(error.detail), headers=error.headers)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  -- registered for this class
    return Problem(400, "; ".join(_where(e) for e in error.errors()), "RequestInvalid")


def _where(wrong: Any) -> str:
    """Say what is wrong and where; what was sent is not said again, it may be about a patient."""
    place = wrong.get("loc", ())
    return f"{'.'.join(str(part) for part in place)}: {wrong.get('msg', 'invalid')}"
