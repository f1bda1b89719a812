"""What every request of page and API passes: headers, a same-origin test, the proxy's login, the pace, the body's size.

Plain ASGI, so that streamed answers stream; Starlette's own ``TrustedHostMiddleware`` stands between them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatcad.access.users import Users
from chatcad.access.who import Proxies
from chatcad.api.problems import Problem, problem_of
from chatcad.errors import TooMany
from chatcad.observe import metrics
from chatcad.pace import Pace

API = "/api/"
CHECKS = ("/healthz", "/metrics")
OPEN = (*CHECKS, API, "/gradio_api/startup-events")
"""What has rules of its own instead of the page's login; Gradio asks the last one itself when it starts."""

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        # Gradio starts from a script in its page, and makes the code of its HTML components from text
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' blob:",
        "worker-src 'self' blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
SECURITY = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
LOGIN_SECONDS = 12 * 3600.0
"""How long a login holds: a long shift."""

_ASSETS = ("/assets/", "/static/", "/svelte/", "/theme.css", "/favicon.ico")
_SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class SecurityHeaders:
    """Give each response the headers, let nothing but the page's own files be cached, and count it."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(SECURITY)
                if not scope["path"].startswith(_ASSETS):
                    headers["Cache-Control"] = "no-store"
                metrics.requested(_part(scope["path"]), message["status"])
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


@dataclass(frozen=True, slots=True)
class SameOrigin:
    """Let no page of another origin change anything here by way of a visitor's browser (Fetch Metadata)."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] not in _SAFE:
            site = Headers(scope=scope).get("sec-fetch-site", "none")
            if site not in {"same-origin", "none"}:
                await Problem(403, "a page of another origin may not do this")(scope, receive, send)
                return
        await self.app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class ProxyLogin:
    """Serve the page only to whom the proxy names; Gradio itself leaves some of its paths open."""

    app: ASGIApp
    proxies: Proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and not scope["path"].startswith(OPEN) and self.proxies.user(scope) is None:
            detail = f"no user is named: come in through the reverse proxy that sets {self.proxies.header}"
            await Problem(401, detail)(scope, receive, send)
            return
        await self.app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class LoginEnds:
    """End a login by password after a while, and with its user: Gradio would keep it until the server ends."""

    app: ASGIApp
    users: Users
    seconds: float = LOGIN_SECONDS
    _begun: dict[str, float] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and not scope["path"].startswith(OPEN):
            self._end(scope["app"].tokens)
        await self.app(scope, receive, send)

    def _end(self, logins: dict[str, str]) -> None:
        """Take out of Gradio's own table of logins (token to user) what is over."""
        users, now = self.users.names.all(), time.monotonic()
        for token in self._begun.keys() - logins.keys():
            del self._begun[token]
        for token, user in list(logins.items()):
            if user not in users or now - self._begun.setdefault(token, now) >= self.seconds:
                del logins[token]


@dataclass(frozen=True, slots=True)
class Paced:
    """Count what each address asks; logins are counted more strictly. The page's own files are free."""

    app: ASGIApp
    proxies: Proxies
    requests: Pace
    logins: Pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and (scope["path"].startswith(API) or scope["method"] not in _SAFE):
            pace = self.logins if scope["path"].rstrip("/") == "/login" else self.requests
            try:
                pace.take(self.proxies.client(scope))
            except TooMany as error:
                await problem_of(error)(scope, receive, send)
                return
        await self.app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """End a request as soon as its body is larger than it may be, before it is read wholly.

    Parameters
    ----------
    films
        Bytes of a multipart body: a film and its frame.
    others
        Bytes of any other body; the largest is a question with a patient's record as FHIR.
    """

    app: ASGIApp
    films: int
    others: int = 4 * 2**20

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        most = self.films if headers.get("content-type", "").startswith("multipart/") else self.others
        declared = headers.get("content-length", "0")
        if declared.isdecimal() and int(declared) > most:
            await Problem(413, _too_large(most))(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413, _too_large(most))
            return message

        await self.app(scope, counted, send)


def _part(path: str) -> str:
    if path in CHECKS:
        return "checks"
    return "api" if path.startswith(API) else "page"


def _too_large(most: int) -> str:
    return f"the body is larger than {most / 2**20:.0f} MiB: send less (CHATCAD_MAX_BYTES is a film's limit)"
