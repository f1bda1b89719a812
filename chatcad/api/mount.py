"""How the API, the health check and the figures stand beside the page in one server: as arguments of Gradio's launch.

Gradio keeps its own app, its start, its limits on uploads and its queue; this adds routes and middleware to it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.routing import Mount, Route

from chatcad import DISCLAIMER
from chatcad.access import guard
from chatcad.access.keys import Keys
from chatcad.access.rules import hosts
from chatcad.access.users import Users
from chatcad.access.who import Proxies
from chatcad.api import health
from chatcad.api.app import VERSION_PATH, build_api
from chatcad.api.service import Service
from chatcad.api.shelf import Shelf
from chatcad.config import Settings
from chatcad.desk import Desk
from chatcad.loading import Loading
from chatcad.pace import Pace

LOGINS_A_MINUTE = 10
_MULTIPART_BYTES = 2**20
"""What a form may have beside its film."""


def server_options(loading: Loading, settings: Settings) -> dict[str, Any]:
    """Return what ``launch`` needs besides ``launch_options``: routes, middleware, login."""
    service = Service(Desk(loading), Shelf(60 * settings.study_minutes), Keys.of(settings), settings)
    app = {"openapi_url": None, "routes": _routes(service), "middleware": middleware(settings)}
    return {"app_kwargs": app, **_login(settings)}


def _routes(service: Service) -> list[Route | Mount]:
    checks = health.Checks(service)
    return [
        Route("/healthz", checks.healthz),
        Route("/metrics", checks.metrics),
        Mount(VERSION_PATH, build_api(service)),
    ]


def middleware(settings: Settings) -> list[Middleware]:
    """Return what every request passes, the outermost first."""
    proxies = Proxies.of(settings)
    logins = {
        "none": [],
        "basic": [Middleware(guard.LoginEnds, Users.of(settings))],
        "proxy": [Middleware(guard.ProxyLogin, proxies)],
    }
    return [
        Middleware(guard.SecurityHeaders),
        Middleware(TrustedHostMiddleware, allowed_hosts=hosts(settings), www_redirect=False),
        Middleware(guard.SameOrigin),
        *logins[settings.auth],
        Middleware(guard.Paced, proxies, Pace(settings.requests_a_minute), Pace(LOGINS_A_MINUTE)),
        Middleware(guard.BodyLimit, settings.max_bytes + _MULTIPART_BYTES),
    ]


def _login(settings: Settings) -> dict[str, Any]:
    if settings.auth == "basic":
        users = Users.of(settings)

        async def fits(name: str, password: str) -> bool:
            return await asyncio.to_thread(users.fits, name, password)  # argon2 is slow on purpose

        return {"auth": fits, "auth_message": f"<h1>ChatCAD</h1>{DISCLAIMER}"}
    if settings.auth == "proxy":
        proxies = Proxies.of(settings)

        def named(request: Request) -> str | None:
            return proxies.user(request.scope)

        return {"auth_dependency": named}
    return {}
