"""A DICOMweb service of the test's own: it pages, filters by modality, and fails when it is told to."""

from __future__ import annotations

import json
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

from pydicom import uid

ROOT = "1.2.826.0.1.3680043.9.7433"
CLASSES = {"DX": uid.DigitalXRayImageStorageForPresentation, "CR": uid.ComputedRadiographyImageStorage}


class Service(ThreadingHTTPServer):
    """Holds instances by number; ``cap`` is its largest page, ``statuses`` are given before anything else."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.instances: dict[int, dict[str, str]] = {}
        self.films: dict[str, bytes] = {}
        self.cap, self.statuses, self.deaf, self.log = 100, list[int](), False, list[str]()
        self.fetched: Counter[str] = Counter()
        Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def add(self, number: int, film: bytes, modality: str = "DX", kind: str | None = None) -> str:
        """Store a film under UIDs of its own, and return its name as a source of films has it."""
        uids = tuple(f"{ROOT}.{number}.{part}" for part in (1, 2, 3))
        self.instances[number] = {"Modality": modality, "kind": kind or CLASSES.get(modality, uid.CTImageStorage)}
        name = "studies/{}/series/{}/instances/{}".format(*uids)
        self.films[name] = film
        return name

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/dicom-web"

    def page(self, asked: dict[str, list[str]]) -> list[dict[str, object]]:
        offset, limit = (int(asked[name][0]) for name in ("offset", "limit"))
        fit = [n for n, one in self.instances.items() if one["Modality"] == asked["Modality"][0]]
        start = 0 if self.deaf else offset
        return [_attributes(n, self.instances[n]["kind"]) for n in fit[start : start + min(limit, self.cap)]]


def _attributes(number: int, kind: str) -> dict[str, object]:
    tags = {"0020000D": 1, "0020000E": 2, "00080018": 3}
    uids = {tag: {"vr": "UI", "Value": [f"{ROOT}.{number}.{part}"]} for tag, part in tags.items()}
    return {**uids, "00080016": {"vr": "UI", "Value": [kind]}}


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self.server.log.append(self.path)
        name = url.path.removeprefix("/dicom-web/")
        if self.server.statuses and (status := self.server.statuses.pop(0)) != 200:
            return self.answer(status, b"<html>Zebedee</html>", "text/html")
        if name == "instances":
            page = self.server.page(parse_qs(url.query))
            return self.answer(
                200 if page else 204, json.dumps(page).encode() if page else b"", "application/dicom+json"
            )
        self.server.fetched[name] += 1
        if name not in self.server.films:
            return self.answer(404, b"", "text/plain")
        body = b"--part\r\nContent-Type: application/dicom\r\n\r\n" + self.server.films[name] + b"\r\n--part--\r\n"
        return self.answer(200, body, 'multipart/related; type="application/dicom"; boundary=part')

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(self.server.statuses.pop(0), b"", "text/plain")

    def answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if 300 <= status < 400:
            self.send_header("Location", "http://dicom.example.com/dicom-web/instances")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
