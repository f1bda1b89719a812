"""Settings: one frozen object, read once from ``CHATCAD_*`` environment variables.

It knows where things lie and which backend was chosen; it opens and loads nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that may differ between two installations.

    Each field is set by the environment variable ``CHATCAD_<FIELD>`` in upper case.
    """

    cache: Path = Path.home() / ".cache" / "chatcad"
    data: Path = ROOT.parent / "shared" / "data"
    knowledge: Path = ROOT / "knowledge"
    prompts: Path = ROOT / "prompts"
    backend: str = "embedded"
    model: str = ""
    base_url: str = ""
    api_key: str = "none"
    design: str = "P3"
    embedding_model: str = ""
    threads: int = 0
    answer_seconds: float = 8.0
    context_tokens: int = 700
    max_bytes: int = 64 * 2**20
    max_pixels: int = 40_000_000
    host: str = "127.0.0.1"
    port: int = 7860


def load_settings() -> Settings:
    """Return the settings of this process's environment.

    Raises
    ------
    UsageError
        A variable has a value of the wrong kind.
    """
    from chatcad.errors import UsageError

    settings = Settings()
    for f in fields(Settings):
        raw = os.environ.get(f"CHATCAD_{f.name.upper()}")
        if raw is None:
            continue
        kind = type(getattr(settings, f.name))
        try:
            settings = replace(settings, **{f.name: kind(raw)})
        except ValueError as error:
            raise UsageError(f"CHATCAD_{f.name.upper()}={raw!r} is not a {kind.__name__}: set it to one") from error
    return settings
