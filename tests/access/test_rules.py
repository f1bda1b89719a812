"""What is refused at the start, and whose headers are believed."""
# ruff: noqa: S104

from __future__ import annotations

from pathlib import Path

import pytest

from chatcad.access.rules import hosts, require_login
from chatcad.access.users import Users
from chatcad.access.who import Proxies, is_loopback
from chatcad.config import Settings, load_settings
from chatcad.errors import UsageError

BEHIND = Settings(auth="proxy", proxies="10.0.0.2, 192.168.7.0/24")


def scope(peer: str, *headers: tuple[str, str]) -> dict:
    named = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return {"type": "http", "client": (peer, 5), "headers": named}


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [({"host": "0.0.0.0"}, "users add"), ({"host": "10.1.2.3"}, "CHATCAD_AUTH=basic"),
     ({"host": "::"}, "127.0.0.1"), ({"host": "0.0.0.0", "auth": "basic"}, "users add"),
     ({"host": "0.0.0.0", "auth": "proxy"}, "CHATCAD_PROXIES"),
     ({"auth": "proxy", "proxies": "not-an-address"}, "no address"),
     ({"auth": "proxy", "proxies": "0.0.0.0/0"}, "trusts everybody")],
)  # fmt: skip
def test_what_would_let_anybody_in_is_not_served(tmp_path: Path, changes, remedy) -> None:
    with pytest.raises(UsageError, match=remedy):
        require_login(Settings(cache=tmp_path, **changes))


def test_what_has_a_login_or_stays_on_this_machine_is_served(tmp_path: Path) -> None:
    Users.of(Settings(cache=tmp_path)).add("anna", "correct horse battery")
    for changes in ({}, {"host": "localhost"}, {"host": "::1"}, {"host": "0.0.0.0", "auth": "basic"},
                    {"host": "0.0.0.0", "auth": "proxy", "proxies": "10.0.0.2"}):  # fmt: skip
        require_login(Settings(cache=tmp_path, **changes))


def test_an_unknown_way_to_log_in_is_said(monkeypatch) -> None:
    monkeypatch.setenv("CHATCAD_AUTH", "none please")
    with pytest.raises(UsageError, match="basic or proxy"):
        load_settings()


def test_a_user_is_believed_from_the_proxy_only() -> None:
    proxies, named = Proxies.of(BEHIND), ("X-Forwarded-User", "anna")
    assert proxies.user(scope("10.0.0.2", named)) == "anna"
    assert proxies.user(scope("::ffff:10.0.0.2", named)) == "anna"
    assert proxies.user(scope("192.168.7.9", named)) == "anna"
    assert proxies.user(scope("10.0.0.3", named)) is None
    assert proxies.user(scope("10.0.0.3", named, ("X-Forwarded-For", "10.0.0.2"))) is None
    assert proxies.user(scope("10.0.0.2")) is None
    assert proxies.user(scope("10.0.0.2", ("X-Forwarded-User", " "))) is None


def test_a_second_user_that_a_client_sent_along_is_not_chosen() -> None:
    both = (("X-Forwarded-User", "admin"), ("X-Forwarded-User", "anna"))
    assert Proxies.of(BEHIND).user(scope("10.0.0.2", *both)) is None


def test_a_client_is_the_last_address_that_no_proxy_has() -> None:
    proxies = Proxies.of(BEHIND)
    assert proxies.client(scope("10.0.0.2", ("X-Forwarded-For", "6.6.6.6, 172.16.0.9, 192.168.7.1"))) == "172.16.0.9"
    assert proxies.client(scope("172.16.0.9", ("X-Forwarded-For", "6.6.6.6"))) == "172.16.0.9"
    assert proxies.client(scope("10.0.0.2")) == "10.0.0.2"


def test_loopback_is_told_from_the_rest() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "example.org", "")))


def test_names_are_checked_where_no_login_stands_before() -> None:
    assert "*" not in hosts(Settings())
    assert hosts(Settings(auth="basic")) == ["*"]
    assert "chatcad.ward" in hosts(Settings(auth="basic", hosts="chatcad.ward"))
