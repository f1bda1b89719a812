"""``mcp``: ChatCAD's tools for an agent on this machine, over standard input and output (``docs/server.md``)."""

from __future__ import annotations

import argparse
from importlib.util import find_spec

import httpx

from chatcad.config import Settings
from chatcad.errors import UsageError
from chatcad.premises import keep_on_premises

_SECONDS = 180


def run(_: argparse.Namespace, settings: Settings) -> None:
    """Serve until the agent closes the pipe; films go to ``CHATCAD_SERVER_URL`` and nowhere else."""
    if find_spec("mcp") is None:
        raise UsageError("agents need the package mcp: pip install -r requirements/mcp.txt")
    from chatcad.api.tools import build_tools

    keep_on_premises(settings.server_url, "films", allow_remote=settings.allow_remote)
    key = {"Authorization": f"Bearer {settings.server_key}"} if settings.server_key else {}
    with httpx.Client(base_url=settings.server_url, headers=key, timeout=_SECONDS, trust_env=False) as client:
        build_tools(client).run("stdio")
