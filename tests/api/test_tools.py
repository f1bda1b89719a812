"""An agent reads a film and asks about it through the API, and is told what a person would be told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from chatcad.cli import main
from chatcad.config import Settings

from .server import client_of

mcp = pytest.importorskip("mcp", reason="the agent's package is not installed (requirements/mcp.txt)")


def call(tool: str, arguments: dict[str, object], client) -> tuple[bool, str, dict]:
    from chatcad.api.tools import build_tools

    async def talk():
        async with mcp.Client(build_tools(client)) as agent:
            return await agent.call_tool(tool, arguments)

    result = asyncio.run(talk())
    return result.is_error, result.content[0].text, result.structured_content or {}


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "DOE^JANE.png"
    path.write_bytes(b"film")
    return path


def test_an_agent_reads_and_asks(tmp_path: Path, film: Path) -> None:
    client = client_of(tmp_path)
    _, _, read = call("read_film", {"path": str(film)}, client)
    assert read["findings"][0]["label"] == "Cardiomegaly"
    _, _, turn = call("ask", {"study_id": read["id"], "question": "How large is the heart?"}, client)
    assert turn["sentences"][0]["support"] == ["F1"]
    assert turn["disclaimer"]
    _, _, here = call("ask", {"study_id": read["id"], "question": "What is here?", "region": [0.2, 0.6]}, client)
    assert here["region"]["box"] == [0.2, 0.6, 0.2, 0.6]


def test_refusals_reach_the_agent_as_their_one_line(tmp_path: Path, film: Path) -> None:
    client = client_of(tmp_path)
    film.write_bytes(b"not a film")
    wrong, said, _ = call("read_film", {"path": str(film)}, client)
    assert wrong
    assert "it looks like a text file" in said
    assert "no such study" in call("ask", {"study_id": "x", "question": "Sure?"}, client)[1]
    assert "there is no file" in call("read_film", {"path": "/nowhere"}, client)[1]


def test_only_the_two_tools_are_there(tmp_path: Path) -> None:
    from chatcad.api.tools import build_tools

    async def tools():
        async with mcp.Client(build_tools(client_of(tmp_path))) as agent:
            return [tool.name for tool in (await agent.list_tools()).tools]

    assert asyncio.run(tools()) == ["read_film", "ask"]


def test_films_do_not_leave_the_premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("CHATCAD_SERVER_URL", "https://chatcad.example.com")
    assert main(["mcp"]) == 2
    assert "films would leave them" in capsys.readouterr().err
    assert Settings().server_url == "http://127.0.0.1:7860"
