"""Untrusted text made inert before a model reads it."""

from __future__ import annotations

import re


def neutral(text: str) -> str:
    """Return untrusted text without angle brackets, control tokens and line breaks."""
    text = re.sub(r"<\|.*?\|>|\[/?INST\]|<<?/?SYS>>?|</?s>", " ", text)
    return " ".join(text.replace("<", "‹").replace(">", "›").split())
