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

from chatcad.ui.labels import label, takes_last
from chatcad.ui.layout import Updates
from chatcad.ui.visit import Visit

if TYPE_CHECKING:
    from gradio.block_function import BlockFunction

BEHIND = (
    "The page was still showing another film, so nothing was done. Look at this one, then try again. If this stays, "
    "reload the page."
)


def bind_to_what_is_seen(page: gr.Blocks, visit: gr.State, seen: gr.Textbox) -> None:
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
    """
    for event in page.fns.values():
        if event.fn is not None and visit in event.inputs and seen not in event.outputs:
            event.inputs = [*event.inputs, seen]
            _bind(event)


def _bind(event: BlockFunction) -> None:
    """Let the handler of an event know what its visitor saw; what follows another event isn't asked again."""
    follows, outputs, work = event.trigger_after is not None, list(event.outputs), event.fn
    nothing = {outputs[0]: gr.skip()}

    def admit(now: Visit, shown: str) -> None:
        if not follows and shown != now.film:
            raise gr.Error(label(BEHIND), print_exception=False)

    def kept(now: Visit, made: Any) -> Updates:
        told = made if isinstance(made, dict) and "__type__" not in made else {outputs[0]: made}
        return nothing if now.gone else told or nothing

    @wraps(work)
    def once(*given: Any) -> Updates:
        *rest, shown = given
        admit(now := _visit_in(rest), shown)
        return kept(now, work(*rest))

    @wraps(work)
    def steps(*given: Any) -> Iterator[Updates]:
        *rest, shown = given
        admit(now := _visit_in(rest), shown)
        for made in work(*rest):
            yield kept(now, made)
        if now.gone:  # Gradio sends the last step once more when a handler ends
            yield nothing

    event.fn = takes_last(steps if inspect.isgeneratorfunction(work) else once, work, "seen")


def _visit_in(given: list[Any]) -> Visit:
    return next(one for one in given if isinstance(one, Visit))
