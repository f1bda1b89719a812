"""Requests for files that the server must not give: outside its folders, by every spelling of the way there."""

from __future__ import annotations

import http.client
import tempfile
from pathlib import Path

from chatcad.config import ROOT, load_settings
from evaluation.abuse.outcome import Outcome, outcome
from evaluation.server import APP, Server, serve

REFUSED = frozenset({400, 403, 404, 405})
SECRET = "CANARY-PATHS"  # noqa: S105  -- a word to look for
_DOORS = ("/gradio_api/file=", "/file=", "/gradio_api/file/", "/static/", "/assets/", "/theme/", "/gradio_api/proxy=")
_UP = ("../" * 8, "..%2f" * 8, "%2e%2e/" * 8, "..%252f" * 8, "....//" * 8, "..\\" * 8, "..%c0%af" * 8)


def run(count: int, seed: int) -> Outcome:
    """Send the first ``count`` probes to a running server."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        secret = folder / "secret.txt"
        secret.write_text(SECRET)
        with serve(APP, folder, load_settings().cache, CHATCAD_BACKEND="scripted", CHATCAD_MODEL="") as server:
            probes = _probes(secret, server)[:count]
            faults = [f"{probe}: {said}" for probe in probes if (said := _fault(server.port, probe))]
    return outcome("paths to foreign files", faults, len(probes), figure="", aim="403 or 404, nothing of a file")


def _probes(secret: Path, server: Server) -> list[str]:
    server.uploads.mkdir(exist_ok=True)
    link = server.uploads / "link.txt"
    link.symlink_to(secret)
    files = [str(secret), "/etc/passwd", str(ROOT / "app.py"), "/proc/self/environ", str(link)]
    absolute = [door + f for door in _DOORS for f in (*files, "file:///etc/passwd", "//etc/passwd")]
    climbing = [f"{door}{up}{'etc/passwd'}" for door in _DOORS[:5] for up in _UP]
    upload = ["/gradio_api/upload_progress?upload_id=../../etc/passwd", "/gradio_api/proxy=http://127.0.0.1:22/"]
    return [*absolute, *climbing, *upload, "/gradio_api/file=http://127.0.0.1:22/", "/.env", "/gradio_api/file="]


def _fault(port: int, probe: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.putrequest("GET", probe, skip_accept_encoding=True)  # as it is: a client would tidy the path
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read(65536)
    finally:
        connection.close()
    if any(mark in body for mark in (SECRET.encode(), b"root:x:", b"def main()", b"CHATCAD_PORT=")):
        return "the file was given"
    return "" if answer.status in REFUSED else f"answered {answer.status}"
