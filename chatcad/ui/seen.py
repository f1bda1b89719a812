"""One rule for every click: it counts for the film that its visitor saw, and leaves nothing on another one's page.

On a slow network the page shows a film for seconds after the server has gone on to another one. It knows no handler:
the rule is laid over all of them once.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import gradio as gr

from chatcad.types import Mode
from chatcad.ui.film import page_updates
from chatcad.ui.judge import JudgePanel
from chatcad.ui.labels import label, takes_last
from chatcad.ui.layout import LIGHT_WORK, FilmColumn, TalkColumn, Updates
from chatcad.ui.visit import Visit

if TYPE_CHECKING:
    from gradio.block_function import BlockFunction

BEHIND = "The page was still showing another film, so nothing was done. Look at this one, then try again."


def bind_to_what_is_seen(
    page: gr.Blocks, visit: gr.State, film: FilmColumn, talk: TalkColumn, judge: JudgePanel | None
) -> None:
    """Refuse what a visitor does on a page that shows another film than the server holds, and show that film instead.

    What is still being made of a film when its visitor leaves it is dropped. Events that put another film on the page
    are free of both.
    """
    behind = gr.State("")

    def catch_up(now: Visit, mode: Mode, seen: str) -> Updates:
        gr.Info(label(BEHIND))
        if seen == now.film:  # it came meanwhile: once more would take back what was edited since
            return {behind: gr.skip()}
        return page_updates(film, talk, judge, now, mode)

    for event in page.fns.values():
        if event.fn is not None and visit in event.inputs and film.seen not in event.outputs:
            _bind(event, film.seen, behind)
    parts = [*film.of_study, *talk.of_visit, *([] if judge is None else judge.of_visit)]
    behind.change(
        catch_up, [visit, talk.mode, film.seen], [behind, *parts], show_progress="hidden", queue=False, **LIGHT_WORK
    )


def _bind(event: BlockFunction, seen: gr.Textbox, behind: gr.State) -> None:
    """Hand the handler of an event what its visitor saw; what follows another event isn't asked again."""
    follows, outputs, work = event.trigger_after is not None, list(event.outputs), event.fn
    event.inputs, event.outputs = [*event.inputs, seen], [*outputs, behind]
    nothing = {behind: gr.skip()}

    def refused(now: Visit, shown: str) -> bool:
        return not follows and shown != now.film

    def kept(now: Visit, made: Any) -> Updates:
        told = made if isinstance(made, dict) and "__type__" not in made else {outputs[0]: made}
        return nothing if now.gone else told or nothing

    @wraps(work)
    def once(*given: Any) -> Updates:
        *rest, shown = given
        now = _visit_in(rest)
        return {behind: uuid4().hex} if refused(now, shown) else kept(now, work(*rest))

    @wraps(work)
    def steps(*given: Any) -> Iterator[Updates]:
        *rest, shown = given
        now = _visit_in(rest)
        if refused(now, shown):
            yield {behind: uuid4().hex}
            return
        for made in work(*rest):
            yield kept(now, made)
        if now.gone:  # Gradio sends the last step once more when a handler ends
            yield nothing

    event.fn = takes_last(steps if inspect.isgeneratorfunction(work) else once, work, "seen")


def _visit_in(given: list[Any]) -> Visit:
    return next(one for one in given if isinstance(one, Visit))
