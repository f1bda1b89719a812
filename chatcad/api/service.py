"""What the API's routes share: the desk, the shelf, the keys. Made once, handed to each request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from fastapi import Request
from starlette.exceptions import HTTPException

from chatcad.access.keys import Keys
from chatcad.access.rules import open_to_all
from chatcad.api.shelf import Shelf
from chatcad.config import Settings
from chatcad.desk import LOCAL, Desk


@dataclass(frozen=True, slots=True)
class Service:
    """The API's parts."""

    desk: Desk
    shelf: Shelf
    keys: Keys
    settings: Settings

    def owner(self, headers: Mapping[str, str]) -> str:
        """Return who asks, by the key in ``Authorization: Bearer`` or ``X-API-Key``.

        Raises
        ------
        HTTPException
            401: no key, or none that is known.
        """
        scheme, _, given = headers.get("authorization", "").partition(" ")
        key = given.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
        if not key and open_to_all(self.settings, self.keys):
            return LOCAL
        holder = self.keys.holder(key) if key else None
        if holder is None:
            said = "the API key is unknown or revoked" if key else "the API needs a key: send Authorization: Bearer KEY"
            detail = f"{said} (`python -m chatcad keys add NAME` on the server makes one)"
            raise HTTPException(401, detail, {"WWW-Authenticate": "Bearer"})
        return f"key:{holder}"

    def ready(self, what: Literal["films", "system"]) -> None:
        """Refuse to wait for models that are still loading.

        Raises
        ------
        HTTPException
            503: they are; one that failed to load raises its own error later.
        """
        if not getattr(self.desk.loading, what).done():
            raise HTTPException(503, "the models are loading: try again in some seconds")


def service_of(request: Request) -> Service:
    """Return the service of the app that this request came to."""
    return cast(Service, request.app.state.service)
