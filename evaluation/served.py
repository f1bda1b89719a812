"""A real server in a process of its own, for benchmarks that ask it over HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from chatcad.config import ROOT

START_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Served:
    """Its address, its process and what it prints."""

    url: str
    pid: int
    log: Path


@contextmanager
def serving(folder: Path, **environment: str) -> Iterator[Served]:
    """Run ``app.py`` until the block ends; its models are loaded when the block begins.

    Parameters
    ----------
    folder
        For uploads and log.
    environment
        Further variables, such as ``CHATCAD_BACKEND``.

    Raises
    ------
    TimeoutError
        It isn't ready in time, or has ended.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {"CHATCAD_HOST": "127.0.0.1", "CHATCAD_PORT": str(port), "GRADIO_TEMP_DIR": str(folder / "uploads")}
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, str(ROOT / "app.py")], env={**os.environ, **own, **environment}, stdout=out, stderr=out
        )
    try:
        served = Served(f"http://127.0.0.1:{port}", process.pid, log)
        _wait(served, process)
        yield served
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(served: Served, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{served.url}/healthz", timeout=5).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise TimeoutError(f"the server was not ready: {served.log.read_text(errors='replace')[-500:]}")
