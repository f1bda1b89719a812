"""Settings from the environment: what a variable may say, and what is said of a wrong one."""

from pathlib import Path

import pytest

from chatcad.config import load_settings
from chatcad.errors import UsageError


@pytest.mark.parametrize(
    ("name", "raw", "remedy"),
    [
        ("DESIGN", "P4", "P1, P2 or P3"), ("LANGUAGE", "fr", "en, de or es"), ("LLM_4BIT", "8", "auto, on or off"),
        ("AUTH", "", "none, basic or proxy"), ("LOG", "xml", "text or json"), ("PORT", "http", "int"),
        ("ANSWER_SECONDS", "soon", "float"), ("STORE", "perhaps", "bool"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_with_the_right_ones(monkeypatch, name, raw, remedy):
    monkeypatch.setenv(f"CHATCAD_{name}", raw)
    with pytest.raises(UsageError, match=f"CHATCAD_{name}='{raw}'.*{remedy}"):
        load_settings()


def test_values_come_in_the_kind_of_their_setting(monkeypatch):
    for name, raw in {"CACHE": "/elsewhere", "PORT": "80", "LOG": "json", "STORE": "off", "MODEL": "7"}.items():
        monkeypatch.setenv(f"CHATCAD_{name}", raw)
    settings = load_settings()
    assert (settings.cache, settings.port, settings.log) == (Path("/elsewhere"), 80, "json")
    assert (settings.store, settings.model) == (False, "7")


def test_a_language_that_nobody_knows_is_refused_with_those_that_are(monkeypatch):
    monkeypatch.setenv("CHATCAD_LANGUAGES", "de,fr")
    with pytest.raises(UsageError, match=r"CHATCAD_LANGUAGES='de,fr' names 'fr': list some of en, de, es"):
        load_settings()
