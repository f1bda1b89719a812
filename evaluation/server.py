"""The real app in a process of its own: for the browser tests, pictures and waiting times, for abuse and for the soak.

It borrows models and indexes from the user's cache, and keeps everything else to itself: no talk, audit line, key,
judgement or drift count of a run goes among the user's own.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chatcad.config import ROOT

APP = ROOT / "app.py"
LENT = ("smollm2-*", "index", "added", "networks", "networks.json")
"""What of a cache a server may borrow; ``added`` because the index is made of it as well."""
START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Server:
    """A running app: its port and process, where uploads lie while they are read, its output and its cache."""

    port: int
    pid: int
    uploads: Path
    log: Path
    cache: Path

    @property
    def url(self) -> str:
        """Its address on this machine."""
        return f"http://127.0.0.1:{self.port}"

    def wait_for_models(self) -> None:
        """Wait until films are read and questions answered.

        Raises
        ------
        RuntimeError
            They aren't in time; the message holds the end of the log.
        """
        if not _answers(f"{self.url}/healthz"):  # 503 while they are loading
            raise RuntimeError(f"the models were not ready after {START_SECONDS} s:\n{_end_of(self.log)}")


@contextmanager
def serve(script: Path, folder: Path, lender: Path, **environment: str) -> Iterator[Server]:
    """Run a script that serves the page on a free port of this machine, until the block ends.

    Parameters
    ----------
    script
        Such as `APP`.
    folder
        For its log, its uploads and its cache (``cache``; what is there already stays).
    lender
        The cache that it borrows from.
    environment
        Variables of its own.

    Raises
    ------
    RuntimeError
        It ended, or did not answer within ``START_SECONDS``; the message holds the end of its log.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    cache, uploads, log = borrowed(lender, folder / "cache"), folder / "uploads", folder / "server.log"
    ours = {
        "CHATCAD_PORT": str(port), "CHATCAD_HOST": "127.0.0.1", "CHATCAD_CACHE": str(cache), "CHATCAD_DATABASE": "",
        "GRADIO_TEMP_DIR": str(uploads), "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1",
        "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
    }  # fmt: skip
    with log.open("w") as out:
        process = subprocess.Popen(  # noqa: S603  -- our own server
            [sys.executable, script], cwd=ROOT, env=os.environ | ours | environment, stdout=out, stderr=out
        )
    server = Server(port, process.pid, uploads, log, cache)
    try:
        if not _answers(server.url, process):
            raise RuntimeError(f"the server ended or was not up after {START_SECONDS} s:\n{_end_of(log)}")
        yield server
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def borrowed(lender: Path, own: Path) -> Path:
    """Return a cache that has the models and indexes of another one, and nothing that anybody did with them."""
    own.mkdir(parents=True, exist_ok=True)
    for entry in (found for name in LENT for found in lender.glob(name)):
        if not (own / entry.name).exists():
            (own / entry.name).symlink_to(entry)
    return own


def _answers(url: str, process: subprocess.Popen[bytes] | None = None) -> bool:
    """Wait for an answer without error; there is none if the process has ended."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and (process is None or process.poll() is None):
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310  -- our own server
                return True
        except OSError:
            time.sleep(0.1)
    return False


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-3000:]
