"""The soak's arithmetic and its client, against a server that is made up."""

import httpx
import pytest

from chatcad.config import Settings
from evaluation.soak import BAD_FILES, KEPT_STUDIES, ROUND, Client, Outcome, by_kind, film_of, growth, soak, wrong


def answering(status=None, answers=None):
    """Return a client whose server answers as the real one does, or always with ``status``."""
    kept, seen = set(), answers if answers is not None else []

    def handle(request):
        seen.append((request.method, request.url.path))
        if status is not None:
            return httpx.Response(status)
        if request.method == "DELETE":
            kept.discard(request.url.path.split("/")[-1])
            return httpx.Response(204)
        if request.url.path.endswith("/ask"):
            return httpx.Response(200 if request.url.path.split("/")[-2] in kept else 404)
        if request.method == "POST":
            if b"a film" not in request.content:
                return httpx.Response(422)
            kept.add(f"s{len(seen)}")
            return httpx.Response(201, json={"id": f"s{len(seen)}"})
        return httpx.Response(200)

    return Client(httpx.Client(base_url="http://x", transport=httpx.MockTransport(handle)), b"a film"), kept


def test_every_kind_gets_what_it_should_and_old_studies_are_deleted(monkeypatch):
    monkeypatch.setattr("evaluation.soak.SECONDS_BETWEEN", 0.002)
    client, kept = answering()
    outcomes = soak(client, 0.002 * 10 * len(ROUND))
    assert len(outcomes) == 10 * len(ROUND)
    assert [o for o in outcomes if wrong(o) and o.kind != "question"] == []
    assert len(kept) <= KEPT_STUDIES + 1


@pytest.mark.parametrize("status", [500, 503, 429])
def test_any_other_status_is_an_error(status):
    client, _ = answering(status)
    client.studies.append("s1")
    assert all(wrong(client.send(kind)) for kind in set(ROUND))


def test_a_server_that_is_gone_is_an_error():
    def refuse(_):
        raise httpx.ConnectError("refused")

    client = Client(httpx.Client(base_url="http://x", transport=httpx.MockTransport(refuse)), b"a film")
    assert client.send("page").status == 0


def test_the_warm_up_does_not_count_as_growth():
    found = growth([100, 900] + [1000.0] * 10 + [1050.0] * 8)
    assert (found["first_quarter_mb"], found["last_quarter_mb"], found["growth"]) == (1000, 1050, 0.05)


def test_times_by_kind():
    table = by_kind([Outcome("page", 200, 0.1), Outcome("page", 500, 0.3), Outcome("film", 201, 1.0)])
    assert table["page"] == {"n": 2, "p50_ms": 200, "p95_ms": 290, "wrong": [500]}
    assert set(table) == {"page", "film"}


def test_the_bad_files_are_all_bad_and_differ():
    assert len(set(BAD_FILES)) == len(BAD_FILES)
    assert film_of(Settings(data=Settings().cache / "nowhere")).startswith(b"\x89PNG")
