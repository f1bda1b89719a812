"""Untrusted text made inert before a model reads it."""

from __future__ import annotations

import re

_BRACKETED = r"INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|CALL_ID|ARGS|THINK|IMG"  # Mistral's tokens
_CONTROL = re.compile(rf"<\|.*?\|>|\[/?(?:{_BRACKETED})\]|<<?/?SYS>>?|</?s>")


def neutral(text: str) -> str:
    """Return untrusted text without angle brackets, control tokens and line breaks."""
    return " ".join(_CONTROL.sub(" ", text).replace("<", "‹").replace(">", "›").split())
