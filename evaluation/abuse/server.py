"""A real server in a process of its own, for suites that knock at its door."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chatcad.config import ROOT

START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Server:
    """Where it answers, its process, where its uploads lie, and what it has printed."""

    port: int
    pid: int
    uploads: Path
    log: Path


@contextlib.contextmanager
def serve(folder: Path, **environment: str) -> Iterator[Server]:
    """Run ``app.py`` with templates only until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    log, uploads = folder / "server.log", folder / "uploads"
    ours = {"CHATCAD_PORT": str(port), "CHATCAD_HOST": "127.0.0.1", "CHATCAD_BACKEND": "scripted", "CHATCAD_MODEL": ""}
    ours |= {"GRADIO_TEMP_DIR": str(uploads), "PYTHONUNBUFFERED": "1"} | environment
    with log.open("w") as out:
        process = subprocess.Popen(  # noqa: S603  -- our own server
            [sys.executable, ROOT / "app.py"], cwd=ROOT, env=os.environ | ours, stdout=out, stderr=out
        )
    try:
        _wait(f"http://127.0.0.1:{port}/", process)
        yield Server(port, process.pid, uploads, log)
    finally:
        process.terminate()
        process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):  # noqa: S310  -- our own server
            return
        time.sleep(0.3)
    raise TimeoutError(f"the server was not up after {START_SECONDS} s")


def wait_for_models(server: Server) -> None:
    """Wait until films are read and questions answered.

    Raises
    ------
    TimeoutError
        They aren't in time.
    """
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError):  # 503 while they are loading
            urllib.request.urlopen(f"http://127.0.0.1:{server.port}/healthz", timeout=5).close()
            return
        time.sleep(0.5)
    raise TimeoutError(f"the models were not ready: {server.log.read_text(errors='replace')[-500:]}")
