"""What page and API do is counted, logged and audited at one place, without a patient's data."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys

import pytest

from chatcad import observe
from chatcad.config import ROOT, Settings
from chatcad.errors import AuditFailed
from chatcad.observe import logs, metrics
from chatcad.observe.audit import Audit, path_of
from chatcad.ui.handlers import Handlers
from chatcad.ui.visit import Visit

from ..api.server import client_of, loaded, send_film
from ..ui.fake import FakeSystem, study

PATIENT = "Jane Doe"


@pytest.fixture
def audited(tmp_path, monkeypatch) -> Audit:
    monkeypatch.setattr(observe, "_audit", Audit(path_of(Settings(cache=tmp_path))))
    return observe._audit


@pytest.fixture
def log() -> io.StringIO:
    stream, logger = io.StringIO(), logging.getLogger("chatcad")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield stream
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


def test_page_and_api_are_counted_alike_and_audited_in_order(tmp_path, audited, log) -> None:
    before = value("chatcad_films_total", outcome="read"), value("chatcad_sentences_total", checked="rewritten")
    loading = loaded()
    client = client_of(tmp_path, loading)
    url = send_film(client).headers["location"]
    client.post(f"{url}/ask", json={"question": f"Is {PATIENT} ill?"})
    client.get(url)
    client.get(f"{url}/report?format=md")
    client.delete(url)
    list(Handlers(loading).read_phantom("user:anna"))
    list(Handlers(loading).answer(Visit(study=study()).ask(f"Is {PATIENT} ill?"), "clinician", "", owner="user:anna"))
    assert value("chatcad_films_total", outcome="read") == before[0] + 2
    assert value("chatcad_sentences_total", checked="rewritten") == before[1] + 3
    done = [(r["owner"], r["action"], r["kind"]) for r in audited.records()]
    assert done == [
        ("local", "read", ""), ("local", "asked", "finding"), ("local", "opened", ""), ("local", "asked", "finding"),
        ("local", "exported", "md"), ("local", "erased", ""), ("user:anna", "read", ""),
        ("user:anna", "asked", "finding"),
    ]  # fmt: skip
    assert audited.verify().faults == ()
    said = log.getvalue() + audited.path.read_text()
    assert "Jane" not in said
    assert "DOE" not in said
    assert [json.loads(line)["event"] for line in log.getvalue().splitlines()][:2] == ["film read", "asked"]


def test_a_refusal_is_counted_by_its_class_only(tmp_path, audited, log) -> None:
    before = value("chatcad_films_total", outcome="ImageRefused")
    send_film(client_of(tmp_path), b"not a film")
    assert value("chatcad_films_total", outcome="ImageRefused") == before + 1
    assert audited.records()[-1]["kind"] == "ImageRefused"
    assert json.loads(log.getvalue())["kind"] == "ImageRefused"


def test_a_question_whose_answer_broke_off_was_asked_all_the_same(tmp_path, audited) -> None:
    client = client_of(tmp_path, loaded(FakeSystem(fails=True)))
    url = send_film(client).headers["location"]
    client.post(f"{url}/ask", json={"question": "Sure?"})
    assert (audited.records()[-1]["action"], audited.records()[-1]["kind"]) == ("asked", "broken_off")


def test_what_can_not_be_recorded_is_not_shown(tmp_path, monkeypatch) -> None:
    (tmp_path / "full").write_text("")
    monkeypatch.setattr(observe, "_audit", Audit(tmp_path / "full" / "audit.jsonl"))
    answer = send_film(client_of(tmp_path))
    assert (answer.status_code, answer.json()["title"]) == (503, "AuditFailed")
    *_, (visit, notice) = Handlers(loaded()).read_phantom()
    assert visit.study is None
    assert "can&#x27;t be written" in notice or "can't be written" in notice
    with pytest.raises(AuditFailed):
        observe.film_read(study(), "local")


def test_the_log_keeps_no_words_of_other_libraries(log) -> None:
    handler = logging.getLogger("chatcad").handlers[-1]
    trouble = (ValueError, ValueError(PATIENT), None)
    foreign = logging.LogRecord("pydicom", logging.WARNING, "x.py", 1, "Invalid value for PN: %s", (PATIENT,), trouble)
    line = json.loads(handler.format(foreign))
    assert line["event"] == "message withheld"
    assert line["error"] == "ValueError"
    assert PATIENT not in json.dumps(line)
    logging.getLogger("chatcad.requests").info("film read", extra={"film": "ab12", "patient": PATIENT})
    assert PATIENT not in log.getvalue()
    assert json.loads(log.getvalue())["film"] == "ab12"


def test_figures_are_for_this_machine_and_for_keys(tmp_path) -> None:
    assert b"chatcad_read_seconds_bucket" in client_of(tmp_path).get("/metrics").content
    assert client_of(tmp_path, address="10.0.0.9", auth="basic", host="10.0.0.5").get("/metrics").status_code == 401


def test_health_tells_what_is_loaded_and_what_failed(tmp_path) -> None:
    from chatcad.errors import ModelMissing
    from chatcad.loading import Loading

    loading = Loading()
    client = client_of(tmp_path, loading)
    assert client.get("/healthz").status_code == 503
    assert client.get("/healthz").json()["networks"] == "loading"
    loading.films.set_result(FakeSystem().read)
    loading.system.set_exception(ModelMissing("the embedded model is missing: run `make setup`"))
    body = client.get("/healthz").json()
    assert (body["live"], body["ready"], body["networks"]) == (True, False, "ready")
    assert body["answers"] == "failed: ModelMissing"
    assert client_of(tmp_path, loaded()).get("/healthz").status_code == 200


def test_a_json_log_has_one_object_a_line_and_nothing_of_chatty_libraries() -> None:
    script = "import logging; from chatcad.observe import logs; logs.begin('json')\n" \
             "logging.getLogger('bm25s').setLevel(logging.DEBUG); logging.getLogger('bm25s').debug('x')\n" \
             "logging.getLogger('chatcad.requests').info('film read', extra={'ms': 5})\n" \
             "import warnings; warnings.warn('Jane Doe')"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["logger"], line["event"]) for line in lines] == [
        ("chatcad.requests", "film read"), ("py.warnings", "message withheld"),
    ]  # fmt: skip


def test_a_count_is_written_into_our_own_message():
    record = logging.LogRecord("chatcad.network", logging.INFO, "x.py", 1, "%d films wait", (3,), None)
    assert json.loads(logs.JsonLines().format(record))["event"] == "3 films wait"
