"""``models`` and ``doctor`` with public networks: what they say of each state."""

import httpx
import pytest

from cad_models import registry
from chatcad.cli import main
from tests.cad_models.public_weights import published

NAME = "jfhealthcare"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CHATCAD_CACHE", str(tmp_path / "cache"))


def run(capsys, *words):
    code = main([str(w) for w in words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_list_tells_of_every_network(capsys):
    code, out, _ = run(capsys, "models", "list")
    assert code == 0
    for network in registry.entries():
        assert network.name in out and network.licence in out
    assert "published by others and not measured here" in out
    assert f"python -m chatcad models get {NAME}" in out


def test_get_without_internet_ends_with_4_and_one_line(capsys, monkeypatch):
    def offline(*_, **__):
        raise httpx.ConnectError("Name or service not known")

    monkeypatch.setattr(httpx, "stream", offline)
    code, _, err = run(capsys, "models", "get", NAME)
    assert code == 4 and err.count("\n") == 1
    assert registry.get(NAME).url in err and "--file PATH" in err


def test_get_use_list_and_doctor_follow_a_network(capsys, tmp_path):
    code, out, _ = run(capsys, "models", "get", NAME, "--file", published(NAME, tmp_path))
    assert code == 0 and "states no checksum" in out and "ready" in out
    code, out, _ = run(capsys, "models", "use", NAME)
    assert code == 0 and "no probability" in out and f"calibrate {NAME}" in out
    _, out, _ = run(capsys, "models", "list")
    assert f"* {NAME}" in out
    _, out, _ = run(capsys, "doctor")
    line = next(line for line in out.splitlines() if f"network {NAME}" in line)
    assert line.startswith("ok") and f"calibrate {NAME}" in line
    assert "stronger networks" not in out


def test_doctor_names_the_command_for_each_network_and_hints(capsys):
    _, out, _ = run(capsys, "doctor")
    for network in registry.entries():
        if not network.embedded:
            line = next(line for line in out.splitlines() if f"network {network.name} " in line)
            assert line.startswith("optional") and f"models get {network.name}" in line
    assert "stronger networks" in out


@pytest.mark.parametrize("words", [("get", "segmenter", "--file", "x"), ("use", NAME), ("get", "nonsense")])
def test_wrong_usage_ends_with_2(capsys, words):
    assert run(capsys, "models", *words)[0] == 2
