"""Settings: one frozen object, read once from ``CHATCAD_*`` environment variables.

It knows where things lie and which backend was chosen; it opens and loads nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

from chatcad.errors import UsageError
from chatcad.types import Language, PromptDesign

ROOT = Path(__file__).resolve().parent.parent
EMBEDDED_TOKENS, LARGE_MODEL_TOKENS = 450, 3000
FourBit = Literal["auto", "on", "off"]
Login = Literal["none", "basic", "proxy"]
LogForm = Literal["text", "json"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that may differ between two installations.

    Each field is set by the environment variable ``CHATCAD_<FIELD>`` in upper case. ``languages`` are those that the
    chosen language model may translate guidelines into ("de,es"); the embedded one writes English only. What concerns
    serving others (``auth`` and below) is explained in ``docs/server.md``.
    """

    cache: Path = Path.home() / ".cache" / "chatcad"
    data: Path = ROOT.parent / "shared" / "data"
    knowledge: Path = ROOT / "knowledge"
    backend: str = "embedded"
    model: str = ""
    base_url: str = ""
    api_key: str = "none"
    allow_remote: bool = False
    fallback: bool = True
    llm_4bit: FourBit = "auto"
    design: PromptDesign = "P3"
    language: Language = "en"
    languages: str = ""
    embedding_model: str = ""
    rerank_model: str = ""
    chroma_url: str = ""
    cad: str = ""
    threads: int = 0
    answer_seconds: float = 8.0
    feedback: bool = True
    store: bool = True
    database: str = ""
    key_file: str = ""
    retention_days: int = 30
    context_tokens: int = 0
    max_bytes: int = 64 * 2**20
    max_pixels: int = 40_000_000
    host: str = "127.0.0.1"
    port: int = 7860
    auth: Login = "none"
    auth_header: str = "X-Forwarded-User"
    proxies: str = ""
    hosts: str = ""
    requests_a_minute: int = 600
    films_and_questions_a_minute: int = 60
    study_minutes: float = 60.0
    audit: bool = True
    audit_questions: bool = False
    log: LogForm = "text"
    server_url: str = "http://127.0.0.1:7860"
    server_key: str = ""

    @property
    def translates(self) -> frozenset[Language]:
        """The languages that the chosen model is declared able to translate into."""
        return frozenset(code for code in get_args(Language) if code in _codes(self.languages))

    @property
    def prompt_tokens(self) -> int:
        """Budget of one prompt: small for the embedded model, whose reader waits while a CPU reads the prompt."""
        return self.context_tokens or (EMBEDDED_TOKENS if self.backend == "embedded" else LARGE_MODEL_TOKENS)


def load_settings() -> Settings:
    """Return the settings of this process's environment.

    Raises
    ------
    UsageError
        A variable has a value of the wrong kind.
    """
    settings, kinds = Settings(), get_type_hints(Settings)
    for f in fields(Settings):
        variable = f"CHATCAD_{f.name.upper()}"
        if (raw := os.environ.get(variable)) is not None:
            settings = replace(settings, **{f.name: _read(variable, raw, kinds[f.name])})
    if unknown := sorted(_codes(settings.languages) - {*get_args(Language)}):
        known = ", ".join(get_args(Language))
        raise UsageError(f"CHATCAD_LANGUAGES={settings.languages!r} names {unknown[0]!r}: list some of {known}")
    return settings


def _codes(languages: str) -> set[str]:
    return {*languages.replace(",", " ").split()}


def _read(variable: str, raw: str, kind: Any) -> Any:
    """Return a variable's value as its setting is declared: one of some words, a switch, a number, a text or a path."""
    if words := get_args(kind):
        if raw not in words:
            listed = f"{', '.join(words[:-1])} or {words[-1]}"
            raise UsageError(f"{variable}={raw!r} is none of its values: set it to {listed}")
        return raw
    try:
        return _switch(raw) if kind is bool else kind(raw)
    except ValueError as error:
        raise UsageError(f"{variable}={raw!r} is not a {kind.__name__}: set it to one") from error


def _switch(raw: str) -> bool:
    """Read yes or no; ``bool("0")`` would be true."""
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if (word := raw.strip().lower()) not in words:
        raise ValueError(raw)
    return words[word]
