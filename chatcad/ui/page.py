"""The page: its columns put together and wired, and how it is served.

Which handler answers which event is told by ``film``, ``talk``, ``report`` and ``judge``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatcad.config import Settings
from chatcad.examples import fetched
from chatcad.loading import Loading
from chatcad.ui.handlers import Handlers
from chatcad.ui.labels import speak_everywhere
from chatcad.ui.layout import film_column, header, talk_column
from chatcad.ui.shelf import Shelf
from chatcad.ui.tidy import keep_tidy
from chatcad.ui.visit import Visit

if TYPE_CHECKING:
    import gradio as gr

_HERE = Path(__file__).parent
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

    from chatcad.ui.film import wire_film
    from chatcad.ui.history import History, history_panel, wire_history
    from chatcad.ui.judge import judge_panel, wire_judge
    from chatcad.ui.languages import wire_language
    from chatcad.ui.prior import wire_prior
    from chatcad.ui.report import wire_report
    from chatcad.ui.seen import bind_to_what_is_seen
    from chatcad.ui.talk import wire_talk

    work = Handlers(loading, settings.design, Shelf.open(settings))
    keep_tidy(work.shelf, uploads_of(settings), _UPLOAD_SECONDS)
    with gr.Blocks(title="ChatCAD", delete_cache=(_UPLOAD_SECONDS, _UPLOAD_SECONDS)) as page:
        visit = gr.State(Visit(), time_to_live=_SESSION_SECONDS)
        top = header()
        if settings.auth == "basic":
            gr.HTML('<p class="small"><a href="logout">Log out</a></p>', elem_id="logout")
        panel = history_panel(work.shelf)
        with gr.Row(elem_id="columns"):
            with gr.Column(scale=11, min_width=340):
                film = film_column(settings.design, fetched(settings.cache))
            with gr.Column(scale=10, min_width=340, elem_id="talk"):
                talk = talk_column(settings.language)
                judge = judge_panel(settings.feedback)
        page.load(work.wait, None, film.loading, show_progress="hidden", **_WAITING)
        changed = wire_film(work, visit, film, talk, judge, settings.cache)
        changed += wire_talk(work, visit, film, talk, judge)
        wire_prior(work, visit, film, talk)
        wire_history(page, History(work.shelf, panel, visit, film, talk, judge), changed)
        wire_report(work, visit, film)
        wire_judge(settings, visit, judge)
        wire_language(page, visit, top, film, talk, judge)
        bind_to_what_is_seen(page, visit, film.seen, film.notice)
    speak_everywhere(page, talk.language)
    page.queue(max_size=_QUEUE, api_open=False)
    return page


def uploads_of(settings: Settings) -> Path:
    """Return where uploads lie until they are read: a folder that nothing else uses."""
    return settings.cache / "uploads"


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
        "css_paths": [_HERE / "style.css", _HERE / "viewer.css"],
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
