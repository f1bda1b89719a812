"""Who uses the page: the name that a login gave, else whoever sits at this machine."""

from __future__ import annotations

import gradio as gr

from chatcad.desk import LOCAL


def owner_of(request: gr.Request) -> str:
    """Return the owner of what this request reads and asks."""
    return f"user:{request.username}" if request.username else LOCAL
