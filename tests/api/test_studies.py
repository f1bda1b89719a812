"""A film sent, looked at, asked about, reported and forgotten by a program."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from chatcad import DISCLAIMER
from chatcad.api.shapes import StudyResult, TurnResult
from chatcad.errors import ModelMissing
from chatcad.findings import look
from chatcad.loading import Loading
from chatcad.serialise import study_to_json

from ..ui.fake import FakeSystem, study
from .server import client_of, loaded, send_film

QUESTION = {"question": "How large is the heart?"}


@pytest.fixture
def client(tmp_path):
    return client_of(tmp_path)


@pytest.fixture
def url(client):
    return send_film(client).headers["location"]


def events(text: str) -> list[tuple[str, dict]]:
    blocks = [dict(line.split(": ", 1) for line in b.split("\n")) for b in text.strip().split("\n\n") if b[0] != ":"]
    return [(b["event"], json.loads(b["data"])) for b in blocks]


def test_a_film_gives_the_json_of_analyse_with_an_id(client) -> None:
    answer = send_film(client)
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/studies/{body['id']}"
    assert body["disclaimer"] == DISCLAIMER
    expected = json.loads(json.dumps(study_to_json(study())))
    expected["image"]["sha256"] = body["image"]["sha256"]
    assert {k: v for k, v in body.items() if k not in {"id", "disclaimer"}} == expected
    StudyResult.model_validate(body)
    assert client.get(answer.headers["location"]).json() == body


def test_a_refused_image_is_a_problem_with_its_one_line(client) -> None:
    answer = send_film(client, b"not a film")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "ImageRefused"
    assert "it looks like a text file" in answer.json()["detail"]


def test_an_answer_streams_its_sentences_and_ends_with_the_turn(client, url) -> None:
    answer = client.post(f"{url}/ask", json=QUESTION)
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events(answer.text)
    assert [name for name, _ in told] == ["sentence", "sentence", "sentence", "turn"]
    assert told[0][1]["checked"] == "kept"
    TurnResult.model_validate(told[-1][1])


def test_the_turn_alone_is_given_to_who_accepts_json(client, url) -> None:
    answer = client.post(f"{url}/ask", json=QUESTION, headers={"accept": "application/json"})
    assert answer.json()["answer"].startswith("Cardiomegaly is likely")
    assert answer.json()["disclaimer"] == DISCLAIMER


def test_the_next_question_knows_the_one_before_and_the_earlier_film(tmp_path) -> None:
    system = FakeSystem()
    client = client_of(tmp_path, loaded(system))
    url, prior = (send_film(client).headers["location"] for _ in range(2))
    client.post(f"{url}/ask", json=QUESTION)
    client.post(
        f"{url}/ask", json={**QUESTION, "mode": "patient", "context": "58 years", "prior": prior.split("/")[-1]}
    )
    assert [len(talk.turns) for talk in system.seen] == [0, 1]
    assert system.seen[1].prior is not None
    assert system.seen[1].context.age_band == "50-59"
    assert system.seen[1].mode == "patient"


@pytest.mark.parametrize(
    ("marked", "box"), [([0.4, 0.9, 0.1, 0.55], (0.1, 0.55, 0.4, 0.9)), ([0.5, 0], (0.5, 0, 0.5, 0))]
)
def test_a_question_may_be_about_a_marked_part(tmp_path, marked, box) -> None:
    system = FakeSystem()
    client = client_of(tmp_path, loaded(system))
    url, asked = send_film(client).headers["location"], {"question": "What is here?", "region": marked}
    turn = client.post(f"{url}/ask", json=asked, headers={"accept": "application/json"}).json()
    TurnResult.model_validate(turn)
    assert tuple(turn["region"]["box"]) == box
    assert system.seen[0].region == look(study(), box, system.reader.occluded)
    name, streamed = events(client.post(f"{url}/ask", json=asked).text)[-1]
    assert (name, streamed["region"]) == ("turn", turn["region"])
    client.post(f"{url}/ask", json=QUESTION)
    assert system.seen[2].region is None


@pytest.mark.parametrize(
    "marked", [[], [0.5], [0.1, 0.2, 0.3], [0.1] * 5, [0.1, 1.2], [-0.1, 0.5], ["left", 0.1], "0.1,0.2"]
)
def test_what_marks_no_part_of_a_film_is_refused(client, url, marked) -> None:
    answer = client.post(f"{url}/ask", json={**QUESTION, "region": marked})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["title"] in {"RequestInvalid", "UsageError"}


def test_a_broken_backend_is_told_within_the_stream_and_as_a_status(tmp_path) -> None:
    client = client_of(tmp_path, loaded(FakeSystem(fails=True)))
    url = send_film(client).headers["location"]
    name, told = events(client.post(f"{url}/ask", json=QUESTION).text)[-1]
    assert (name, told["title"], told["status"]) == ("problem", "BackendFailed", 502)
    assert client.post(f"{url}/ask", json=QUESTION, headers={"accept": "application/json"}).status_code == 502


def test_the_overlay_is_a_picture(client, url) -> None:
    answer = client.get(f"{url}/overlay.png")
    assert answer.headers["content-type"] == "image/png"
    assert max(Image.open(io.BytesIO(answer.content)).size) == 1024


def test_the_report_comes_as_json_and_markdown_and_an_edited_one_is_judged(client, url) -> None:
    assert client.get(f"{url}/report?design=P1").json()["study"]["draft_report"] == study().draft_report
    markdown = client.get(f"{url}/report?format=md")
    assert markdown.headers["content-type"].startswith("text/markdown")
    assert DISCLAIMER in markdown.text
    proof = client.post(f"{url}/report", json={"text": "The heart is of normal size."}).json()["proof"]
    assert proof["sentences"][0]["verdict"] == "contradicts"


@pytest.mark.parametrize(("kind", "start"), [("pdf", b"%PDF"), ("fhir", b"PK"), ("dicom", b"PK")])
def test_the_report_comes_in_the_formats_of_other_programs(client, url, kind, start) -> None:
    answer = client.get(f"{url}/report?format={kind}")
    assert answer.status_code == 200
    assert answer.content.startswith(start)


def test_a_deleted_study_is_gone(client, url) -> None:
    assert client.delete(url).status_code == 204
    assert client.get(url).status_code == 404
    assert client.post(f"{url}/ask", json=QUESTION).status_code == 404


def test_a_study_is_kept_for_its_time_only(tmp_path) -> None:
    client = client_of(tmp_path, study_minutes=0.0)
    assert client.get(send_film(client).headers["location"]).status_code == 404


def test_while_models_load_the_api_says_so(tmp_path) -> None:
    answer = send_film(client_of(tmp_path, Loading()))
    assert answer.status_code == 503
    assert "loading" in answer.json()["detail"]
    assert answer.headers["retry-after"]


def test_a_missing_model_is_told_with_its_remedy(tmp_path) -> None:
    loading = Loading()
    loading.films.set_exception(ModelMissing("classifier.safetensors is missing: run `make setup`"))
    answer = send_film(client_of(tmp_path, loading))
    assert (answer.status_code, answer.json()["title"]) == (503, "ModelMissing")


@pytest.mark.parametrize(
    ("body", "place"),
    [({"question": ""}, "question"), ({"question": "x" * 501}, "question"), ({**QUESTION, "mode": "Jane Doe"}, "mode"),
     ({**QUESTION, "language": "fr"}, "language"), ({**QUESTION, "typo": 1}, "typo")],
)  # fmt: skip
def test_a_wrong_body_is_refused_without_saying_it_again(client, url, body, place) -> None:
    answer = client.post(f"{url}/ask", json=body)
    assert answer.status_code == 400
    assert place in answer.json()["detail"]
    assert "Jane" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 10**6,
        b'{"question": "\\ud800"}',
        b"\xff",
        b"{}",
        b'{"question": NaN}',
        b'{"question": "here?", "region": [NaN, 0.1]}',
    ],
)
def test_a_body_that_is_no_question_is_refused(client, url, body) -> None:
    answer = client.post(f"{url}/ask", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_a_context_that_is_no_fhir_resource_is_refused(client, url) -> None:
    answer = client.post(f"{url}/ask", json={**QUESTION, "context": {"no": "resource"}})
    assert (answer.status_code, answer.json()["title"]) == (400, "ContextRefused")


def test_the_openapi_document_names_every_path_and_loads_nothing_from_elsewhere(client) -> None:
    document = client.get("/api/v1/openapi.json").json()
    assert {(verb, path) for path, verbs in document["paths"].items() for verb in verbs} == {
        ("post", "/studies"), ("get", "/studies/{study_id}"), ("delete", "/studies/{study_id}"),
        ("get", "/studies/{study_id}/overlay.png"), ("post", "/studies/{study_id}/ask"),
        ("get", "/studies/{study_id}/report"), ("post", "/studies/{study_id}/report"),
    }  # fmt: skip
    assert document["components"]["schemas"]["Ask"]["examples"]
    assert "fractions" in document["components"]["schemas"]["Ask"]["properties"]["region"]["description"]
    assert client.get("/api/v1/docs").status_code == 404
