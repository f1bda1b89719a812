"""The language switch at work: the words on the page, and what is shown of the film, in the language chosen.

It knows which parts hold words. The words are ``labels``' and the tables' business.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from chatcad.types import Mode
from chatcad.ui import handlers, tables
from chatcad.ui.glance import glance_html
from chatcad.ui.judge import JudgePanel, judge_updates
from chatcad.ui.labels import label, relabelled, words_on
from chatcad.ui.layout import EACH, LIGHT_WORK, FilmColumn, Header, TalkColumn, Updates
from chatcad.ui.prior import prior_updates
from chatcad.ui.talk import chat_hint, talk_updates
from chatcad.ui.visit import Visit
from chatcad.ui.welcome import welcome_html


def wire_language(  # noqa: PLR0917
    page: gr.Blocks, visit: gr.State, top: Header, film: FilmColumn, talk: TalkColumn, judge: JudgePanel | None
) -> None:
    """Let the switch say the page anew; a page that opens in another language is said so at once."""
    words = words_on(page)
    for changing in (*talk.offers, talk.reword, film.heat):  # their words depend on the film
        words.pop(changing, None)
    words.get(talk.question, {}).pop("placeholder", None)

    def translate(now: Visit, mode: Mode, *controls: Any) -> Updates:
        said = relabelled(words) | top.updates() | {film.about: welcome_html()}
        shown = shown_of(film, now, mode, controls)
        if now.gone:  # another film came to the page while this one was drawn
            return said
        return said | {c: _both(said.get(c), new) for c, new in shown.items()}

    def retell(now: Visit, mode: Mode) -> Updates:
        told = talk_updates(talk, now, mode) | judge_updates(judge, now, mode)
        # An answer under way writes the chat itself.
        return told | {talk.chat: gr.update(placeholder=chat_hint(now))}

    parts = list(dict.fromkeys([*words, top.title, top.disclaimer, film.about, *film.of_study]))
    told = [*talk.of_visit, *([] if judge is None else judge.of_visit)]
    event: dict[str, Any] = {"show_progress": "hidden", **LIGHT_WORK}
    inputs = [visit, talk.mode, *film.controls]
    # A talk that is opened brings its language with it, so not only what the visitor switches counts.
    changed = [talk.language.change(translate, inputs, parts, **event)]
    if talk.language.value != "en":
        changed.append(page.load(translate, inputs, parts, **event))
    for said in changed:  # with the visit as it is then: an answer may have ended while the film was drawn
        said.then(retell, [visit, talk.mode], told, queue=False, **EACH, **event)


def shown_of(film: FilmColumn, now: Visit, mode: Mode, controls: tuple[Any, ...]) -> Updates:
    """Return what is shown of a film in words, drawn as it is now; nothing where there is none."""
    if now.study is None:
        return {}
    return {
        film.figure: handlers.draw(now, *controls),
        film.heat: gr.update(label=label("Heat map of a finding"), choices=handlers.heat_choices(now.study)),
        film.glance: glance_html(now.study, mode),
        film.remarks: tables.remarks_html(now.study),
        film.findings: tables.findings_html(now.study, mode, now.picked),
        film.measurements: tables.measurements_html(now.study),
        **prior_updates(film.prior, now, mode, *controls),
    }


def _both(words: Any, new: Any) -> Any:
    """Join the update of a component's words with that of its state."""
    return {**words, **new} if isinstance(words, dict) and isinstance(new, dict) else new
