"""Backend ``scripted``: says what it is told, in words, and fails on demand; for tests.

From the environment: ``CHATCAD_BACKEND=scripted`` and ``CHATCAD_MODEL`` a JSON file, either a list of replies or an
object with the fields of ``ScriptedChatModel``. Without a file every reply is empty.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from chatcad.config import Settings
from chatcad.errors import ModelMissing, UsageError
from chatcad.llm.status import Status

if TYPE_CHECKING:
    from chatcad.llm.script import ScriptedChatModel


def status(settings: Settings) -> Status:
    """Say whether the script is there."""
    if settings.model and not Path(settings.model).is_file():
        return Status(False, f"no such script: {settings.model}", "set CHATCAD_MODEL to a JSON file of replies")
    return Status(True, f"replies from {settings.model or 'nowhere'}: for tests only")


def create(settings: Settings) -> ScriptedChatModel:
    """Return a model that follows the script.

    Raises
    ------
    ModelMissing
        There is no such file.
    UsageError
        The file isn't a script.
    """
    from pydantic import ValidationError

    from chatcad.llm.script import ScriptedChatModel

    if not settings.model:
        return ScriptedChatModel()
    try:
        script = json.loads(Path(settings.model).read_text("utf-8"))
        return ScriptedChatModel.model_validate(script if isinstance(script, dict) else {"replies": script})
    except OSError as error:
        raise ModelMissing(f"can't read the script {settings.model}: set CHATCAD_MODEL to a JSON file") from error
    except (json.JSONDecodeError, ValidationError) as error:
        raise UsageError(f"{settings.model} is no script: write a JSON list of replies") from error
