"""The page: which handler answers which event of the layout's components.

It knows Gradio and nothing of films; every value shown comes from ``handlers``, ``tables`` and ``chat``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatcad.config import Settings
from chatcad.types import Language, Mode
from chatcad.ui import handlers, tables
from chatcad.ui.chat import suggestions
from chatcad.ui.handlers import Handlers
from chatcad.ui.layout import FilmColumn, TalkColumn, film_column, header, talk_column
from chatcad.ui.loading import Loading
from chatcad.ui.visit import Visit

if TYPE_CHECKING:
    import gradio as gr

Updates = dict[Any, Any]

_HERE = Path(__file__).parent
_MODEL_WORK: dict[str, Any] = {"concurrency_id": "models", "concurrency_limit": 1, "api_visibility": "private"}
_LIGHT_WORK: dict[str, Any] = {"concurrency_id": "drawing", "concurrency_limit": 2, "api_visibility": "private"}
_WAITING: dict[str, Any] = {"concurrency_id": "waiting", "concurrency_limit": None, "api_visibility": "private"}
_QUEUE = 24
_SESSIONS = 40
_SESSION_SECONDS = 3600
_UPLOAD_SECONDS = 300


def build(loading: Loading, settings: Settings) -> gr.Blocks:
    """Return the page.

    Parameters
    ----------
    loading
        The promises of networks and answers: the page is up before they are kept.
    settings
        Prompt design and limits.
    """
    import gradio as gr

    work = Handlers(loading, settings.design)
    with gr.Blocks(title="ChatCAD", delete_cache=(_UPLOAD_SECONDS, _UPLOAD_SECONDS)) as page:
        visit = gr.State(Visit(), time_to_live=_SESSION_SECONDS)
        header()
        with gr.Row(elem_id="columns"):
            with gr.Column(scale=6, min_width=340):
                film = film_column()
            with gr.Column(scale=5, min_width=340, elem_id="talk"):
                talk = talk_column(settings.language)
        page.load(work.wait, None, film.loading, show_progress="hidden", **_WAITING)
        _wire_film(work, visit, film, talk)
        _wire_talk(work, visit, film, talk)
    page.queue(max_size=_QUEUE, api_open=False)
    return page


def launch_options(settings: Settings) -> dict[str, Any]:
    """Return the launch arguments: this machine only, no outside resource, nothing recorded."""
    import gradio as gr

    theme = gr.themes.Default(
        primary_hue="teal", neutral_hue="slate", font=["system-ui", "sans-serif"], font_mono=["monospace"]
    ).set(  # the defaults' grey and teal are too pale to read: WCAG 2.2 asks for 4.5 to 1
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        block_label_text_color="*neutral_600",
        block_title_text_color="*neutral_700",
        input_placeholder_color="*neutral_500",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
    )
    return {
        "server_name": settings.host,
        "server_port": settings.port,
        "theme": theme,
        "css_paths": _HERE / "style.css",
        "max_file_size": settings.max_bytes,
        "footer_links": [],
        "share": False,
        "ssr_mode": False,
        "enable_monitoring": False,
        "run_history": False,  # on by default, it would keep films and answers in the visitor's browser
        "mcp_server": False,
        "pwa": False,
        "strict_cors": True,
        "state_session_capacity": _SESSIONS,
        "quiet": True,
        "prevent_thread_lock": True,
    }


def _wire_film(work: Handlers, visit: gr.State, film: FilmColumn, talk: TalkColumn) -> None:
    def reading(steps: Iterator[tuple[Visit, str]], mode: Mode) -> Iterator[Updates]:
        for now, notice in steps:
            yield {visit: now, film.notice: notice, **_film_updates(film, now, mode), **_talk_updates(talk, now, mode)}

    def read(path: str | None, mode: Mode) -> Iterator[Updates]:
        yield from reading(work.read(path), mode)
        yield {film.drop: None}

    def read_phantom(mode: Mode) -> Iterator[Updates]:
        yield from reading(work.read_phantom(), mode)

    def read_prior(path: str | None, now: Visit) -> Iterator[Updates]:
        for then, notice in work.read_prior(path, now):
            yield {visit: then, film.prior_notice: notice}
        yield {film.prior: None}

    parts = [visit, film.drop, film.notice, *film.of_study, *talk.of_visit]
    hidden = {"show_progress": "hidden"}
    film.drop.upload(read, [film.drop, talk.mode], parts, **hidden, **_MODEL_WORK)
    film.phantom.click(read_phantom, talk.mode, parts, **hidden, **_MODEL_WORK)
    prior = [visit, film.prior, film.prior_notice]
    film.prior.upload(read_prior, [film.prior, visit], prior, **hidden, **_MODEL_WORK)
    for change in (film.shown.input, film.heat.input, film.level.release, film.window.release, film.inverted.input):
        change(handlers.draw, [visit, *film.controls], film.figure, trigger_mode="always_last", **hidden, **_LIGHT_WORK)


def _film_updates(film: FilmColumn, now: Visit, mode: Mode) -> Updates:
    """Show a study with its first layers, or the page as it was before any film."""
    import gradio as gr

    study = now.study
    if study is None:
        return {film.panel: gr.update(visible=False), film.about: gr.update(visible=True), film.figure: ""}
    heat = handlers.first_heat(study)
    return {
        film.panel: gr.update(visible=True),
        film.about: gr.update(visible=False),
        film.figure: handlers.draw(now, handlers.LAYERS, heat, 50, 100, False),
        film.heat: gr.update(choices=handlers.heat_choices(study), value=heat),
        film.shown: list(handlers.LAYERS),
        film.level: 50,
        film.window: 100,
        film.inverted: False,
        film.remarks: tables.remarks_html(study),
        film.findings: tables.findings_html(study, mode),
        film.measurements: tables.measurements_html(study),
        film.report: study.draft_report,
        film.prior: None,
        film.prior_notice: "",
        film.small_print: tables.small_print_html(study),
    }


def _talk_updates(talk: TalkColumn, now: Visit, mode: Mode) -> Updates:
    """Show the conversation, and wake only what can be used now."""
    import gradio as gr

    ready, asking = now.study is not None, now.asking is not None
    hint = "Ask about this film" if ready else "Drop a film first"
    offered = suggestions(now.study, now.turns, mode) if now.study is not None else ("", "", "")
    offers = {
        button: gr.update(value=text, visible=ready, interactive=not asking)
        for button, text in zip(talk.offers, offered, strict=True)
    }
    return {
        talk.chat: now.messages(),
        talk.question: gr.update(interactive=ready and not asking, placeholder="Answering …" if asking else hint),
        talk.send: gr.update(interactive=ready and not asking),
        talk.stop: gr.update(interactive=asking),
        **offers,
    }


def _wire_talk(work: Handlers, visit: gr.State, film: FilmColumn, talk: TalkColumn) -> None:
    import gradio as gr

    def begin(question: str, now: Visit, mode: Mode) -> Updates:
        begun = now.ask(question[: handlers.QUESTION_LENGTH])
        updates = {visit: begun, **_talk_updates(talk, begun, mode)}
        if begun.asking is not None:
            updates[talk.question] = gr.update(value="", interactive=False, placeholder="Answering …")
        return updates

    def stream(now: Visit, mode: Mode, context: str | None, language: Language) -> Iterator[Updates]:
        for heard in work.answer(now, mode, context, language):
            settled = {} if heard.asking is not None else {visit: heard}
            yield settled | {talk.chat: heard.messages()}

    def end(now: Visit, mode: Mode) -> Updates:
        closed = now.close_ended("Not answered. Ask again.")
        changed = {} if closed is now else {visit: closed}  # an untouched visit must not overwrite a newer one
        return changed | _talk_updates(talk, closed, mode)

    def stop(now: Visit, mode: Mode) -> Updates:
        closed = now.close("Stopped. What is shown above was checked.")
        return {visit: closed, **_talk_updates(talk, closed, mode)}

    def forget(now: Visit, mode: Mode) -> Updates:
        stopped = now.close("Stopped.")  # an answer under way must not bring the conversation back
        blank = replace(stopped, turns=(), log=())
        return {visit: blank, **_talk_updates(talk, blank, mode)}

    def switch(now: Visit, mode: Mode) -> Updates:
        findings = {} if now.study is None else {film.findings: tables.findings_html(now.study, mode)}
        return findings | _talk_updates(talk, now, mode)

    here, parts, quick = [visit, talk.mode], [visit, *talk.of_visit], {"show_progress": "hidden", **_LIGHT_WORK}
    sources = [(talk.question.submit, talk.question), (talk.send.click, talk.question)]
    sources += [(offer.click, offer) for offer in talk.offers]
    asked = [source(begin, [text, *here], parts, queue=False, **quick) for source, text in sources]
    # "multiple": a stopped answer may still be ending, and must not swallow the next question's
    many = {"trigger_mode": "multiple"}
    for begun in asked:
        answer = begun.then(
            stream,
            [*here, talk.context, talk.language],
            [visit, talk.chat],
            show_progress="minimal",
            **many,
            **_MODEL_WORK,
        )
        answer.then(end, here, parts, **many, **quick)
    talk.stop.click(stop, here, parts, queue=False, **quick)
    talk.chat.clear(forget, here, parts, **quick)
    talk.mode.input(switch, here, [film.findings, *talk.of_visit], **quick)
