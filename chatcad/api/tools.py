"""Two tools for an agent (Model Context Protocol): read a film, ask about it. They ask a server's API, as any client.

Gradio has a door for agents of its own (``mcp_server=True``), which is left shut: it stands outside Gradio's login,
would fetch films from any URL that an agent names, and needs another pydantic than the rest of this project.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from chatcad import DISCLAIMER, __version__
from chatcad.types import Language, Mode

_INSTRUCTIONS = (
    f"{DISCLAIMER} Say so with every answer. Repeat the sentences as they stand: each was checked against the film's "
    "findings, and a rewording of yours was not. not_flagged and not_assessed never mean absent."
)


def build_tools(client: httpx.Client) -> MCPServer[Any]:
    """Return the server of the two tools; the client has the ChatCAD server's address and the key in it."""
    server: MCPServer[Any] = MCPServer("ChatCAD", version=__version__, instructions=_INSTRUCTIONS)

    @server.tool()
    def read_film(path: str) -> dict[str, Any]:
        """Read one frontal chest film (DICOM, PNG or JPEG on this machine) into findings, measurements and a draft.

        The result's `id` names the study for `ask`.
        """
        film = Path(path).expanduser()
        if not film.is_file():
            raise ToolError(f"there is no file {path}: give the path of a film on this machine")
        # The name is not sent: it may be a patient's.
        return _done(client.post("/api/v1/studies", files={"film": ("film", film.read_bytes())}))

    @server.tool()
    def ask(
        study_id: str,
        question: str,
        mode: Mode = "clinician",
        language: Language = "en",
        region: list[float] | None = None,
    ) -> dict[str, Any]:
        """Ask about a film that was read: checked sentences, each with the ids of the facts that carry it.

        `region` marks the part that "what is here?" means: [left, upper, right, lower] or [x, y] as fractions of the
        film between 0 and 1.
        """
        body = {"question": question, "mode": mode, "language": language, "region": region}
        headers = {"Accept": "application/json"}
        return _done(client.post(f"/api/v1/studies/{quote(study_id, safe='')}/ask", json=body, headers=headers))

    return server


def _done(answer: httpx.Response) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    if answer.status_code >= 400:
        raise ToolError(str(body.get("detail", answer.status_code)))
    return body
