"""One rule for every click: it counts for the film that its visitor saw, and leaves nothing on another one's page.

On a slow network the page shows a film for seconds after the server has gone on to another one. It knows no handler:
the rule is laid over all of them once.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any

import gradio as gr

from chatcad.ui.labels import takes_last
from chatcad.ui.layout import Updates
from chatcad.ui.tables import notice_html
from chatcad.ui.visit import Visit

if TYPE_CHECKING:
    from gradio.block_function import BlockFunction

BEHIND = (
    "The page was still showing another film, so nothing was done. Look at this one, then try again. If this stays, "
    "reload the page."
)
EXPIRED = (
    "This page was left for too long, so nothing was done. Reload it: the films and talks that are kept come back."
)


def bind_to_what_is_seen(page: gr.Blocks, visit: gr.State, seen: gr.Textbox, notice: gr.HTML) -> None:
    """Refuse what a visitor does on a page that shows another film than the server holds.

    What is still being made of a film when its visitor leaves it is dropped. Events that put another film on the page
    are free of both.

    Parameters
    ----------
    page
        With all its events.
    visit
        What the server holds.
    seen
        The film that the browser shows, as `Visit.film`; it becomes the last input of each event.
    notice
        Where a refusal is told. An error would not do: Gradio shows none of its words for events past the queue.
    """
    for event in page.fns.values():
        if event.fn is not None and visit in event.inputs and seen not in event.outputs:
            event.inputs = [*event.inputs, seen]
            _bind(event, notice)


def _bind(event: BlockFunction, notice: gr.HTML) -> None:
    """Let the handler of an event know what its visitor saw; what follows another event isn't asked again."""
    follows, outputs, work = event.trigger_after is not None, list(event.outputs), event.fn
    nothing = {outputs[0]: gr.skip()}
    if not follows and notice not in outputs:
        event.outputs = [*outputs, notice]

    def refused(now: Visit, shown: str) -> bool:
        return not follows and shown != now.film

    def kept(now: Visit, made: Any) -> Updates:
        told = made if isinstance(made, dict) and "__type__" not in made else {outputs[0]: made}
        return nothing if now.gone else told or nothing

    @wraps(work)
    def once(*given: Any) -> Updates:
        *rest, shown = given
        now = _visit_in(rest)
        return _refusal(now, notice) if refused(now, shown) else kept(now, work(*rest))

    @wraps(work)
    def steps(*given: Any) -> Iterator[Updates]:
        *rest, shown = given
        if refused(now := _visit_in(rest), shown):
            yield _refusal(now, notice)
            return
        for made in work(*rest):
            yield kept(now, made)
        if now.gone:  # Gradio sends the last step once more when a handler ends
            yield nothing

    event.fn = takes_last(steps if inspect.isgeneratorfunction(work) else once, work, "seen")


def _refusal(now: Visit, notice: gr.HTML) -> Updates:
    return {notice: notice_html(BEHIND if now.film else EXPIRED, "error")}


def _visit_in(given: list[Any]) -> Visit:
    return next(one for one in given if isinstance(one, Visit))
