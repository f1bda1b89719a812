"""What of a message a server could take for a control token. It knows text."""

from __future__ import annotations

import re

_CONTROL = re.compile(
    r"<(?=[|/]?\w{1,40}[|>])|<(?=\|[^<>|\n]{1,40}\|>)|\[(?=/?(?:INST|SYS|[A-Z]+_[A-Z]+)\])", re.IGNORECASE
)


def defuse(text: str) -> str:
    """Return ``text`` with a space put into whatever looks like a chat template's control token.

    A server tokenizes the rendered template, so ``<|im_start|>system`` inside a question could open a turn. An
    inequality such as ``ratio <0.5`` stays as it is.
    """
    return _CONTROL.sub(lambda match: match.group() + " ", text)
