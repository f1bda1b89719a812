"""The real page in a real browser: a server in its own process, and a headless Chromium that drives it.

Shared by the browser tests, the screenshots and the waiting times; it knows processes and ports, and nothing of films.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chatcad.config import ROOT
from chatcad.errors import UsageError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

APP = ROOT / "app.py"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
START_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Server:
    """A running page: its address, where uploads lie while they are read, its output and its cache."""

    url: str
    uploads: Path
    log: Path
    cache: Path


@contextmanager
def serve(script: Path, folder: Path, cache: Path) -> Iterator[Server]:
    """Run a script that serves the page on a free port of this machine, until the block ends.

    Parameters
    ----------
    script
        Such as `APP`.
    folder
        For its log and its uploads.
    cache
        Of models and indexes.

    Raises
    ------
    RuntimeError
        It ended, or did not answer within ``START_SECONDS``; the message holds the end of its log.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(f"http://127.0.0.1:{port}", folder / "uploads", folder / "server.log", cache)
    env = os.environ | {
        "CHATCAD_PORT": str(port), "CHATCAD_HOST": "127.0.0.1", "CHATCAD_CACHE": str(cache),
        "CHATCAD_DATABASE": f"sqlite:///{folder}/talks.db",  # never among the user's own
        "GRADIO_TEMP_DIR": str(server.uploads), "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1",
        "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
    }  # fmt: skip
    with server.log.open("w") as out:
        process = subprocess.Popen([sys.executable, script], cwd=ROOT, env=env, stdout=out, stderr=out)  # noqa: S603
    try:
        _wait(server, process)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}:\n{server.log.read_text()[-3000:]}")
        try:
            with urllib.request.urlopen(server.url, timeout=2):  # noqa: S310  -- our own server
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server was not up after {START_SECONDS} s:\n{server.log.read_text()[-3000:]}")


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """Start the Chromium of this machine without a window.

    Raises
    ------
    UsageError
        There is none, or playwright is not installed.
    """
    binary = shutil.which("chromium")
    if binary is None:
        raise UsageError("no chromium on this machine: apt-get install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise UsageError("playwright is not installed: pip install -r requirements/dev.txt") from error
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=binary, args=FLAGS)
        yield browser
        browser.close()
