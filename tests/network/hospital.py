"""A real Orthanc with DICOMweb in a folder of its own, on loopback only; it can be stopped and started again."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
START_SECONDS = 30
_ROUTE = """
function OnStoredInstance(instanceId, tags, metadata)
  SendToModality(instanceId, 'chatcad')
end
"""

needs_orthanc = pytest.mark.skipif(
    shutil.which("Orthanc") is None or shutil.which("storescu") is None or not PLUGIN.exists(),
    reason="no Orthanc, DICOMweb plug-in or storescu here: sh scripts/hospital.sh",
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Orthanc:
    """An archive that sends everything that it stores to the node ``chatcad``, results too."""

    def __init__(self, folder: Path, chatcad_port: int, *, routed: bool = True, **more: object) -> None:
        self.dicom, self.http, self._folder = free_port(), free_port(), folder
        self._process: subprocess.Popen[bytes] | None = None
        script = folder / "route.lua"
        script.write_text(_ROUTE)
        settings = {
            "Name": "test", "StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"),
            "Plugins": [str(PLUGIN)], "RemoteAccessAllowed": False, "AuthenticationEnabled": False,
            "HttpPort": self.http, "DicomPort": self.dicom, "DicomAet": "ORTHANC", "DicomServerEnabled": True,
            "DicomModalities": {"chatcad": ["CHATCAD", "127.0.0.1", chatcad_port]},
            "LuaScripts": [str(script)] if routed else [], "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
            **more,
        }  # fmt: skip
        (folder / "orthanc.json").write_text(json.dumps(settings))

    @property
    def dicomweb(self) -> str:
        return f"http://127.0.0.1:{self.http}/dicom-web"

    def start(self) -> None:
        with (self._folder / "orthanc.log").open("ab") as out:
            self._process = subprocess.Popen(["Orthanc", self._folder / "orthanc.json"], stdout=out, stderr=out)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                self.ask("/system")
                return
            time.sleep(0.1)
        pytest.fail((self._folder / "orthanc.log").read_text()[-2000:])

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def ask(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=10) as answer:
            content = answer.read()
        return json.loads(content) if answer.headers["Content-Type"].startswith("application/json") else content

    def instances(self) -> list[dict[str, Any]]:
        return [self.ask(f"/instances/{i}/simplified-tags") | {"id": i} for i in self.ask("/instances")]

    def wait_for(self, count: int, seconds: float) -> list[dict[str, Any]]:
        deadline = time.monotonic() + seconds
        while len(found := self.instances()) < count and time.monotonic() < deadline:
            time.sleep(0.1)
        return found

    def file(self, instance: str) -> bytes:
        return bytes(self.ask(f"/instances/{instance}/file"))


@contextlib.contextmanager
def orthanc(folder: Path, chatcad_port: int, *, routed: bool = True, **more: object) -> Iterator[Orthanc]:
    folder.mkdir()
    archive = Orthanc(folder, chatcad_port, routed=routed, **more)
    archive.start()
    try:
        yield archive
    finally:
        archive.stop()


def storescu(film: Path, port: int, called: str, calling: str = "STORESCU") -> None:
    subprocess.run(
        ["storescu", "-aet", calling, "-aec", called, "-xw", "127.0.0.1", str(port), film],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
