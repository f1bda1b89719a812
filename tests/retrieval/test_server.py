"""The vectors on a Chroma server of the house: a real one, on a free port of this machine."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from chatcad.config import Settings
from chatcad.errors import ModelMissing, UsageError
from chatcad.retrieval import dense
from chatcad.retrieval.dense import IndexDamaged, remove, server
from chatcad.retrieval.index import open_index, read_manifest
from chatcad.retrieval.store import open_retriever
from tests.retrieval.small import record, retriever

CHROMA = Path(sys.executable).with_name("chroma")
PATIENCE = 60

RECORDS = [
    record("clinician", "A large pleural effusion is drained."),
    record("patient", "Water around the lung can be drained.", audience="patient"),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not CHROMA.is_file():
        pytest.skip(f"no {CHROMA}: pip install chromadb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("server")
    process = subprocess.Popen(
        [CHROMA, "run", "--path", folder, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        if not answers(f"http://127.0.0.1:{port}", process):
            pytest.skip("the Chroma server didn't start here")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def answers(url: str, process: subprocess.Popen) -> bool:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            return httpx.get(f"{url}/api/v2/heartbeat", timeout=5).is_success
        except httpx.HTTPError:
            time.sleep(0.2)
    return False


def test_the_server_answers_as_the_folder_does(tmp_path: Path, url: str) -> None:
    there, here = retriever(tmp_path / "a", RECORDS, url=url), retriever(tmp_path / "b", RECORDS)
    for mode in ("clinician", "patient"):
        question = "how is water or an effusion drained"
        assert [p.key for p in there.search(question, mode=mode)] == [p.key for p in here.search(question, mode=mode)]
    assert not list((tmp_path / "a" / "index").glob("chroma-*"))


def test_collections_that_were_lost_on_the_server_are_noticed(tmp_path: Path, url: str) -> None:
    retriever(tmp_path, RECORDS, url=url).index.close()
    client = server(url)
    remove(client, read_manifest(tmp_path / "index")["store"])
    with pytest.raises(IndexDamaged, match="0 vectors for 1 records"):
        open_index(tmp_path / "index", url)


def test_a_public_address_is_refused_before_anything_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    monkeypatch.setattr(dense, "server", called.append)
    settings = Settings(chroma_url="https://chroma.example.com", cache=tmp_path)
    with pytest.raises(UsageError, match="questions' vectors would leave them: set CHATCAD_ALLOW_REMOTE=1"):
        open_retriever(settings)
    assert not called


@pytest.mark.parametrize("wrong", ["127.0.0.1:8000", "ftp://127.0.0.1", "http://127.0.0.1:9"])
def test_a_missing_server_says_the_remedy(wrong: str) -> None:
    with pytest.raises(ModelMissing, match="CHATCAD_CHROMA_URL"):
        server(wrong)
