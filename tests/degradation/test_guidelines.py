"""A guideline store that is gone leaves answers from the film's facts, which say so."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from chatcad import parts
from chatcad.config import Settings, load_settings
from chatcad.errors import ModelMissing, SearchFailed
from chatcad.llm.script import ScriptedChatModel
from chatcad.llm.writer import Writer
from chatcad.pipeline import ChatCAD, Conversation
from chatcad.retrieval import dense, store
from chatcad.retrieval.store import open_retriever
from chatcad.ui.chat import messages_of
from tests.factories import make_study
from tests.retrieval.shelf import copy_topics
from tests.retrieval.test_server import CHROMA, answers
from tests.test_pipeline import understand

STUDY = make_study()
QUESTION = "Is the heart enlarged, and what next?"


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    home = tmp_path_factory.mktemp("store")
    copy_topics(("cardiomegaly",), home / "knowledge")
    return replace(load_settings(), cache=home / "cache", knowledge=home / "knowledge", data=home / "no-data")


def ask(retriever, question=QUESTION):
    writer = Writer(ScriptedChatModel(replies=("",)), "scripted:test")
    system = ChatCAD(None, understand, retriever, writer, Settings(answer_seconds=3.0))
    start = time.monotonic()
    turn = system.answer(question, Conversation(STUDY))
    assert time.monotonic() - start < 5.0
    return turn


def stands_on_the_film_alone(turn):
    (remark,) = turn.missing
    assert remark.startswith("no guideline passages: ")
    assert turn.citations == ()
    assert "0.82" in turn.answer and "esearch tool" in turn.answer
    assert any("Missing: no guideline passages" in m["content"] for m in messages_of(turn, STUDY))
    return True


def test_an_index_that_is_damaged_under_a_running_system(settings, tmp_path):
    own = replace(settings, cache=tmp_path / "cache")
    retriever = open_retriever(own)
    assert ask(retriever).citations and not ask(retriever).missing
    (database,) = own.cache.rglob("chroma.sqlite3")
    database.write_bytes(os.urandom(database.stat().st_size))
    turn = ask(retriever)
    assert stands_on_the_film_alone(turn)
    assert "start ChatCAD again" in turn.missing[0]
    store._open.clear()  # the next start
    assert ask(open_retriever(own)).citations


def test_an_index_whose_folder_is_removed(settings, tmp_path):
    own = replace(settings, cache=tmp_path / "cache")
    retriever = open_retriever(own)
    ask(retriever)
    shutil.rmtree(own.cache / "index")
    turn = ask(retriever)
    assert turn.citations or stands_on_the_film_alone(turn)  # what is in memory already may still be found


@pytest.fixture(scope="module")
def chroma(tmp_path_factory):
    if not CHROMA.is_file():
        pytest.skip(f"no {CHROMA}: pip install chromadb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [CHROMA, "run", "--path", tmp_path_factory.mktemp("server"), "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    if not answers(f"http://127.0.0.1:{port}", process):
        pytest.skip("the Chroma server didn't start here")
    yield process, f"http://127.0.0.1:{port}"
    process.kill()
    process.wait(10)


@pytest.mark.skipif(sys.platform == "win32", reason="stops a process by a signal")
def test_a_chroma_server_that_hangs_then_dies(settings, chroma):
    process, url = chroma
    retriever = open_retriever(replace(settings, chroma_url=url))
    assert ask(retriever).citations
    process.send_signal(signal.SIGSTOP)
    start = time.monotonic()
    turn = ask(retriever)
    assert time.monotonic() - start < dense.SEARCH_SECONDS + 1.5
    assert stands_on_the_film_alone(turn)
    process.send_signal(signal.SIGCONT)
    assert ask(retriever).citations  # it is asked again
    process.kill()
    process.wait(10)
    assert stands_on_the_film_alone(ask(retriever))


def test_a_server_of_ours_starts_without_its_store(settings):
    away = replace(settings, chroma_url="http://127.0.0.1:9", allow_remote=False)
    with pytest.raises(ModelMissing, match="no Chroma server"):
        parts._retriever(away, serving=False)
    assert stands_on_the_film_alone(ask(parts._retriever(away, serving=True)))


def test_trouble_that_nobody_typed_is_no_end_of_a_server(settings, monkeypatch, caplog):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "open_retriever", full)
    turn = ask(parts._retriever(settings, serving=True))
    assert stands_on_the_film_alone(turn)
    assert "No space left" in turn.missing[0] and "Traceback" in caplog.text


def test_a_failed_store_is_asked_once_in_an_answer():
    class Gone:
        asked = 0

        def search(self, *_, **__):
            self.asked += 1
            raise SearchFailed("gone")

    shelf = parts.Shelf(gone := Gone())
    for _ in range(3):
        assert shelf.search("?", labels=(), topics=(), mode="clinician", k=1) == ()
    assert (gone.asked, shelf.missing) == (1, ("no guideline passages: gone",))


def test_a_chroma_server_that_is_down_is_told_before_anything_is_embedded(settings, monkeypatch):
    monkeypatch.setattr(store, "embedder", lambda _: pytest.fail("passages were embedded for nobody"))
    with pytest.raises(ModelMissing, match="no Chroma server"):
        open_retriever(replace(settings, chroma_url="http://127.0.0.1:9"))
