"""A film read and questions answered where there is no network, with every attempt to reach one written down."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from chatcad.config import ROOT
from chatcad.ui.phantom import phantom_png
from evaluation.abuse.outcome import Outcome, outcome

SECONDS = 300
_COMMANDS = (
    ("analyse", "{film}"),
    ("ask", "{film}", "Is the heart enlarged?", "What should be done next?"),
    ("report", "{film}"),
    ("knowledge", "search", "enlarged heart"),
    ("doctor",),
)
# An audit hook sees every connection that Python opens, in any library; the namespace stops all others.
_GUARD = """
import socket, sys
def hook(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        where = arguments[1] if event != "socket.getaddrinfo" else arguments[0]
        if not isinstance(where, (str, bytes)) or event == "socket.getaddrinfo":
            open(sys.argv[1], "a").write(f"{event} {where!r}\\n")
sys.addaudithook(hook)
log, *rest = sys.argv[1:]
from chatcad.cli import main
code = main(rest)
raise SystemExit(code)
"""


def run(count: int, seed: int) -> Outcome:
    """Run the first ``count`` commands."""
    namespace = _namespace()
    faults = []
    with tempfile.TemporaryDirectory() as name:
        film = Path(name) / "film.png"
        film.write_bytes(phantom_png())
        for command in _COMMANDS[:count]:
            log = Path(name) / "attempts"
            log.write_text("")
            words = [word.format(film=film) for word in command]
            done = subprocess.run(  # noqa: S603  -- our own program
                [*namespace, sys.executable, "-c", _GUARD, str(log), *words],
                cwd=ROOT, env=os.environ | {"CHATCAD_BACKEND": "scripted", "CHATCAD_MODEL": ""},
                capture_output=True, timeout=SECONDS, check=False,
            )  # fmt: skip
            attempts = log.read_text().splitlines()
            faults += [f"{command[0]}: {attempt}" for attempt in attempts]
            if done.returncode:
                faults.append(f"{command[0]}: ended with {done.returncode}: {done.stderr.decode()[-200:]}")
    figure = "in a namespace without network" if namespace else "connections recorded only: no unshare here"
    return outcome("commands without a network", faults, len(_COMMANDS[:count]), figure=figure, aim="0 attempts")


def _namespace() -> list[str]:
    """Return the words that start a program without a network, or none where the system can't."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return []
    words = [unshare, "--net", "--map-root-user"]
    works = subprocess.run([*words, "true"], capture_output=True, check=False)  # noqa: S603
    return words if works.returncode == 0 else []
