"""The film's column at work: which handler answers a drop, a control, a chosen finding.

It knows Gradio and nothing of films; every value shown comes from ``handlers`` and ``tables``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from chatcad.types import Mode
from chatcad.ui import handlers, tables
from chatcad.ui.glance import glance_html
from chatcad.ui.handlers import Handlers
from chatcad.ui.identity import owner_of
from chatcad.ui.judge import JudgePanel, judge_updates
from chatcad.ui.layout import EACH, LAST, LIGHT_WORK, MODEL_WORK, FilmColumn, TalkColumn, Updates
from chatcad.ui.prior import prior_updates
from chatcad.ui.report import report_updates
from chatcad.ui.talk import offers_of, talk_updates
from chatcad.ui.visit import Coming, Visit


def wire_film(  # noqa: PLR0917
    work: Handlers, visit: gr.State, film: FilmColumn, talk: TalkColumn, judge: JudgePanel | None, cache: Path
) -> list[Any]:
    """Let films be read, drawn and asked about; return the events after which another film may be there."""
    arrived = gr.State(Coming())  # the film dropped last, until `place` shows it

    def reading(steps: Iterator[tuple[Visit, str]], mode: Mode, former: Coming, used: Updates) -> Iterator[Updates]:
        coming = former.next()
        left, busy = next(steps)
        yield {visit: left, arrived: coming, film.notice: busy, **page_updates(film, talk, judge, left, mode)}
        for coming.visit, notice in steps:
            # Nothing as well: Gradio sends the last step of a handler once more when it ends.
            yield {arrived: gr.skip()} if coming.dropped else {film.notice: notice, **used}

    def place(coming: Coming, now: Visit, mode: Mode) -> Updates:
        if coming.read is None or coming.read.study is None:
            return {arrived: coming}
        fresh = now.left().about(coming.read.study)  # another talk may have been opened while the film was read
        return {visit: fresh, arrived: coming.next(), **page_updates(film, talk, judge, fresh, mode)}

    def read(path: str | None, mode: Mode, before: Visit, former: Coming, asked: gr.Request) -> Iterator[Updates]:
        yield from reading(work.read(path, owner_of(asked), before), mode, former, {film.drop: None})

    def read_phantom(mode: Mode, before: Visit, former: Coming, asked: gr.Request) -> Iterator[Updates]:
        yield from reading(work.read_phantom(owner_of(asked), before), mode, former, {})

    def read_example(key: str, mode: Mode, before: Visit, former: Coming, asked: gr.Request) -> Iterator[Updates]:
        used = {film.example: None}
        yield from reading(work.read_example(cache, key, owner_of(asked), before), mode, former, used)

    def take_back(former: Coming) -> Updates:
        return {arrived: former.next(), film.notice: ""}

    def pick(chosen: gr.SelectData, now: Visit, mode: Mode) -> Updates:
        finding = None if now.study is None else next((f for f in now.study.findings if f.id == chosen.value), None)
        if finding is None:
            return {}
        picked = replace(now, picked=finding.label)
        heat = handlers.NO_HEAT if finding.heat_map is None else finding.label  # another finding's would mislead
        offered = offers_of(talk, picked, mode) | judge_updates(judge, picked, mode, finding.id)
        return {visit: picked, film.heat: heat, **offered}

    def adjust(moved: gr.EventData, now: Visit, *controls: Any) -> Updates:
        shown, heat, _, _, inverted = controls
        level, window = min(max(moved.level, 0), 100), min(max(moved.window, 5), 150)
        figure = handlers.draw(now, shown, heat, level, window, inverted)
        return {film.level: level, film.window: window, film.figure: figure}

    judged = [] if judge is None else judge.of_visit
    parts = [visit, arrived, film.drop, film.notice, *film.of_study, *talk.of_visit, *judged]
    hidden = {"show_progress": "hidden"}
    dropped = film.drop.upload(read, [film.drop, talk.mode, visit, arrived], parts, **hidden, **EACH, **MODEL_WORK)
    film.drop.clear(take_back, arrived, [arrived, film.notice], queue=False, **hidden, **EACH, **LIGHT_WORK)
    simulated = film.phantom.click(read_phantom, [talk.mode, visit, arrived], parts, **hidden, **MODEL_WORK)
    choosing = [film.example, talk.mode, visit, arrived]
    chosen = film.example.input(read_example, choosing, [*parts, film.example], **hidden, **EACH, **MODEL_WORK)
    drawing = (handlers.draw, [visit, *film.controls], film.figure)
    # At once: a question that is asked while the film is drawn must not be overwritten.
    picked = film.findings.select(
        pick, [visit, talk.mode], [visit, film.heat, *talk.offers, *judged], queue=False, **hidden, **EACH,
        **LIGHT_WORK,
    )  # fmt: skip
    picked.then(*drawing, **hidden, **EACH, **LIGHT_WORK)
    for change in film.redraw:
        change(*drawing, **hidden, **LAST, **LIGHT_WORK)
    greys = [film.level, film.window, film.figure]
    film.figure.input(adjust, [visit, *film.controls], greys, **hidden, **EACH, **LIGHT_WORK)
    placing = (place, [arrived, visit, talk.mode], parts)
    came = (dropped, simulated, chosen)
    return [event.then(*placing, **hidden, **EACH, **LIGHT_WORK) for event in came]


def page_updates(film: FilmColumn, talk: TalkColumn, judge: JudgePanel | None, now: Visit, mode: Mode) -> Updates:
    """Show another visit in both columns."""
    return _film_updates(film, now, mode) | talk_updates(talk, now, mode) | judge_updates(judge, now, mode)


def _film_updates(film: FilmColumn, now: Visit, mode: Mode) -> Updates:
    """Show a study with its first layers, or the page as it was before any film."""
    study = now.study
    if study is None:
        shown = {film.panel: gr.update(visible=False), film.about: gr.update(visible=True), film.figure: ""}
        return {**shown, film.seen: now.film}
    heat = handlers.first_heat(study)
    controls = (handlers.LAYERS, heat, 50, 100, False)
    return {
        film.seen: now.film,
        film.panel: gr.update(visible=True),
        film.about: gr.update(visible=False),
        film.glance: glance_html(study, mode),
        film.figure: handlers.draw(now, *controls),
        film.heat: gr.update(choices=handlers.heat_choices(study), value=heat),
        film.shown: list(handlers.LAYERS),
        film.level: 50,
        film.window: 100,
        film.inverted: False,
        film.remarks: tables.remarks_html(study),
        film.findings: tables.findings_html(study, mode),
        film.measurements: tables.measurements_html(study),
        **report_updates(film.report, study),
        film.prior.drop: None,
        film.prior.notice: "",
        **prior_updates(film.prior, now, mode, *controls),
        film.small_print: tables.small_print_html(study),
    }
