"""Who gets in: keys, owners, hosts, origins, proxies, pace and size."""

from __future__ import annotations

import pytest

from chatcad.access.keys import Keys
from chatcad.config import Settings

from .server import client_of, loaded, send_film


def key_of(folder, name: str) -> dict[str, str]:
    return {"authorization": f"Bearer {Keys.of(Settings(cache=folder)).add(name)}"}


def test_with_a_key_set_up_nobody_gets_in_without(tmp_path) -> None:
    client, key = client_of(tmp_path), key_of(tmp_path, "pacs")
    assert send_film(client).status_code == 401
    assert send_film(client).headers["www-authenticate"] == "Bearer"
    assert send_film(client, headers={"authorization": "Bearer chatcad_guess"}).status_code == 401
    assert send_film(client, headers=key).status_code == 201
    assert send_film(client, headers={"x-api-key": key["authorization"].split()[1]}).status_code == 201


def test_a_revoked_key_is_refused_at_once(tmp_path) -> None:
    client, key = client_of(tmp_path), key_of(tmp_path, "pacs")
    key_of(tmp_path, "other")
    Keys.of(Settings(cache=tmp_path)).names.remove("pacs")
    assert send_film(client, headers=key).status_code == 401


@pytest.mark.parametrize("changes", [{"auth": "proxy", "proxies": "127.0.0.1"}, {"host": "10.0.0.5", "auth": "basic"}])
def test_the_api_is_never_open_where_others_can_reach_it(tmp_path, changes) -> None:
    answer = send_film(client_of(tmp_path, **changes))
    assert answer.status_code == 401
    assert "keys add" in answer.json()["detail"]


def test_a_study_belongs_to_the_key_that_sent_it(tmp_path) -> None:
    client, one, other = client_of(tmp_path), key_of(tmp_path, "one"), key_of(tmp_path, "other")
    url = send_film(client, headers=one).headers["location"]
    assert client.get(url, headers=one).status_code == 200
    for verb, path in (("GET", ""), ("DELETE", ""), ("GET", "/overlay.png"), ("GET", "/report")):
        assert client.request(verb, url + path, headers=other).status_code == 404
    mine = send_film(client, headers=other).headers["location"]
    asked = {"question": "Any change?", "prior": url.split("/")[-1]}
    assert client.post(f"{mine}/ask", json=asked, headers=other).status_code == 404, "another's film as the earlier one"


def test_a_foreign_name_for_this_machine_is_refused(tmp_path) -> None:
    assert client_of(tmp_path, host="evil.example").get("/healthz").status_code == 400
    assert client_of(tmp_path, host="localhost:7860").get("/healthz").status_code == 200
    assert client_of(tmp_path, host="[::1]:7860").get("/healthz").status_code == 200
    assert client_of(tmp_path, host="chatcad.ward", hosts="chatcad.ward").get("/healthz").status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_origin_changes_nothing(tmp_path, site) -> None:
    assert send_film(client_of(tmp_path), headers={"sec-fetch-site": site}).status_code == 403


def test_every_response_has_the_headers(tmp_path) -> None:
    client = client_of(tmp_path)
    for answer in (client.get("/healthz"), client.get("/nothing"), send_film(client), send_film(client, b"not a film")):
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


def test_too_large_a_body_is_refused_before_it_is_read(tmp_path) -> None:
    client = client_of(tmp_path, max_bytes=1000)
    assert send_film(client, b"x" * (2**20 + 2000)).status_code == 413


def test_a_body_without_a_length_ends_where_it_is_too_large(tmp_path) -> None:
    sent = []

    def endless():
        yield b'--x\r\ncontent-disposition: form-data; name="film"; filename="f"\r\n\r\n'
        while len(sent) < 100:
            sent.append(1)
            yield b"x" * 2**20

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = client_of(tmp_path, max_bytes=1000).post("/api/v1/studies", content=endless(), headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


def test_who_asks_too_often_waits(tmp_path) -> None:
    client = client_of(tmp_path, loaded(pace=2))
    assert [send_film(client).status_code for _ in range(3)] == [201, 201, 429]
    refused = send_film(client)
    assert refused.json()["title"] == "TooMany"
    assert "try again in" in refused.json()["detail"]
    key = key_of(tmp_path, "another")
    assert send_film(client, headers=key).status_code == 201, "one owner's pace is not another's"


def test_requests_of_one_address_are_counted(tmp_path) -> None:
    client = client_of(tmp_path, requests_a_minute=3)
    assert [client.get("/api/v1/openapi.json").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert client.get("/healthz").status_code == 200
