"""Errors as problem documents (RFC 9457): the typed error's one line, and the status that fits it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse

from chatcad import errors

MEDIA_TYPE = "application/problem+json"
STATUS: tuple[tuple[type[errors.ChatCADError], int], ...] = (
    (errors.ImageRefused, 422),
    (errors.TooMany, 429),
    (errors.Busy, 503),
    (errors.ModelMissing, 503),
    (errors.AuditFailed, 503),
    (errors.BackendFailed, 502),
    (errors.UsageError, 400),
)
"""The first class that an error is of decides."""

RETRY_SECONDS = {429: "30", 503: "30"}


class Problem(JSONResponse):
    """A refusal that a program can tell by its status and a person can read."""

    media_type = MEDIA_TYPE

    def __init__(self, status: int, detail: str, kind: str = "", headers: Mapping[str, str] | None = None) -> None:
        body = {"type": "about:blank", "title": kind or HTTPStatus(status).phrase, "status": status, "detail": detail}
        retry = {"Retry-After": RETRY_SECONDS[status]} if status in RETRY_SECONDS else {}
        super().__init__(body, status, {**retry, **(headers or {})})


def problem_of(error: errors.ChatCADError) -> Problem:
    """Return a typed error as a response; its title is the error's class."""
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
    return Problem(status, str(error), type(error).__name__)
