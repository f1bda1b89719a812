"""The conversation at work: asking, streaming, stopping, asking again, editing, rewording, forgetting.

It knows Gradio and nothing of films; every value shown comes from the visit and ``chat``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import gradio as gr

from chatcad.findings import box_of
from chatcad.language import table
from chatcad.types import Language, Mode, PromptDesign
from chatcad.ui import handlers, tables
from chatcad.ui.chat import read_back, suggestions
from chatcad.ui.glance import glance_html
from chatcad.ui.handlers import Handlers
from chatcad.ui.identity import owner_of
from chatcad.ui.judge import JudgePanel, judge_updates
from chatcad.ui.labels import label
from chatcad.ui.layout import (
    EACH,
    EMPTY_CHAT,
    LAST,
    LIGHT_WORK,
    MODEL_WORK,
    READY_CHAT,
    FilmColumn,
    TalkColumn,
    Updates,
)
from chatcad.ui.visit import Visit


def talk_updates(talk: TalkColumn, now: Visit, mode: Mode) -> Updates:
    """Show the conversation, and wake only what can be used now."""
    ready, asking = now.study is not None, now.asking is not None
    hint = label("Ask about this film" if ready else "Drop a film first")
    return {
        talk.chat: gr.update(value=now.messages(), placeholder=chat_hint(now)),
        talk.question: gr.update(
            interactive=ready and not asking, placeholder=label("Answering …") if asking else hint
        ),
        talk.send: gr.update(interactive=ready and not asking),
        talk.stop: gr.update(interactive=asking),
        talk.reword: _reword_offer(now, mode),
        **offers_of(talk, now, mode),
    }


def chat_hint(now: Visit) -> str:
    """Return what stands in a chat in which nothing was asked yet."""
    return label(EMPTY_CHAT if now.study is None else READY_CHAT)


def offers_of(talk: TalkColumn, now: Visit, mode: Mode) -> Updates:
    """Offer three questions; about the finding that was chosen first."""
    ready = now.study is not None
    offered = suggestions(now.study, now.turns, mode, now.picked) if now.study is not None else ("", "", "")
    return {
        button: gr.update(value=text, visible=ready, interactive=now.asking is None)
        for button, text in zip(talk.offers, offered, strict=True)
    }


def _reword_offer(now: Visit, mode: Mode) -> dict[str, Any]:
    """Offer the last answer in the words of the reader that was switched to."""
    other = bool(now.turns) and now.turns[-1].mode != mode and now.asking is None
    words = "Say the last answer in plain words" if mode == "patient" else "Say the last answer for a clinician"
    return cast("dict[str, Any]", gr.update(value=label(words), visible=other))


def wire_talk(
    work: Handlers, visit: gr.State, film: FilmColumn, talk: TalkColumn, judge: JudgePanel | None
) -> list[Any]:
    """Let questions be asked, stopped, asked again, edited, and their answers reworded and forgotten.

    Returns the events after which the conversation may be another one than before.
    """

    def begin(question: str, now: Visit, mode: Mode, **about: Any) -> Updates:
        begun = now.ask(question[: handlers.QUESTION_LENGTH], **about)
        updates = {visit: begun, **talk_updates(talk, begun, mode)}
        if begun.asking is not None:
            updates[talk.question] = gr.update(value="", interactive=False, placeholder=label("Answering …"))
        return updates

    def again(now: Visit, mode: Mode, message: int, edited: str | None = None) -> Updates:
        before, question = now.back_to(message)
        asked = (edited or "").strip() or question
        # A question that can't be asked now leaves the chat as it stands; Gradio has changed the browser's copy.
        region = next((turn.region for turn in now.turns[len(before.turns) :]), None)
        return begin(asked, before, mode, region=region) if asked else {talk.chat: now.messages()}

    def point(pointer: gr.EventData, now: Visit, mode: Mode, language: Language) -> Updates:
        question = table("replies", language)["region_question"][mode]
        return begin(question, now, mode, marked=box_of(pointer.box))

    def retry(chosen: gr.RetryData, now: Visit, mode: Mode) -> Updates:
        return again(now, mode, _flat(chosen.index))

    def edit(chosen: gr.EditData, now: Visit, mode: Mode) -> Updates:
        return again(now, mode, _flat(chosen.index), read_back(str(chosen.value)))

    def reword(now: Visit, mode: Mode) -> Updates:
        return again(now, mode, len(now.log) - 1)

    def stream(  # noqa: PLR0917  -- Gradio passes components by position
        now: Visit, mode: Mode, context: str | None, language: Language, design: PromptDesign, request: gr.Request
    ) -> Iterator[Updates]:
        if now.asking is not None and (wait := work.waiting()):
            gr.Info(wait)
        for heard in work.answer(now, mode, context, language, design, owner=owner_of(request)):
            yield {talk.chat: heard.messages()}

    def end(now: Visit, mode: Mode) -> Updates:
        closed = now.close_ended(label("Not answered. Ask again."))
        changed = {} if closed is now else {visit: closed}  # an untouched visit must not overwrite a newer one
        return changed | talk_updates(talk, closed, mode) | judge_updates(judge, closed, mode)

    def stop(now: Visit, mode: Mode) -> Updates:
        closed = now.close(label("Stopped. What is shown above was checked."))
        return {visit: closed, **talk_updates(talk, closed, mode)}

    def forget(now: Visit, mode: Mode, *controls: Any) -> Updates:
        stopped = now.close("Stopped.")  # an answer under way must not bring the conversation back
        blank = replace(stopped, turns=(), log=(), picked=None)
        unmarked = {} if now.region is None else {film.figure: handlers.draw(blank, *controls)}
        return {visit: blank, **talk_updates(talk, blank, mode), **judge_updates(judge, blank, mode), **unmarked}

    def switch(now: Visit, mode: Mode) -> Updates:
        study, told = now.study, {}
        if study is not None:
            told = {
                film.findings: tables.findings_html(study, mode, now.picked),
                film.glance: glance_html(study, mode),
            }
        return told | talk_updates(talk, now, mode) | judge_updates(judge, now, mode)

    here, parts, quick = [visit, talk.mode], [visit, *talk.of_visit], {"show_progress": "hidden", **LIGHT_WORK}
    sources = [(talk.question.submit, talk.question), (talk.send.click, talk.question)]
    sources += [(offer.click, offer) for offer in talk.offers]
    asked = [source(begin, [text, *here], parts, queue=False, **quick) for source, text in sources]
    events = ((talk.chat.retry, retry), (talk.chat.edit, edit), (talk.reword.click, reword))
    asked += [source(once_more, here, parts, queue=False, **quick) for source, once_more in events]
    asked += [pointed := film.figure.submit(point, [*here, talk.language], parts, queue=False, **quick)]
    judged = [] if judge is None else judge.of_visit
    # Each: a stopped answer may still be ending, and must not swallow the next question's
    changed = []
    for begun in asked:
        answer = begun.then(
            stream,
            [*here, talk.context, talk.language, film.report.design],
            talk.chat,
            show_progress="minimal",
            **EACH,
            **MODEL_WORK,
        )
        changed.append(ended := answer.then(end, here, [*parts, *judged], **EACH, **quick))
        if begun is pointed:
            ended.then(handlers.draw, [visit, *film.controls], film.figure, **EACH, **quick)
    talk.stop.click(stop, here, parts, queue=False, **quick)
    changed.append(talk.chat.clear(forget, [*here, *film.controls], [*parts, film.figure, *judged], **quick))
    talk.mode.input(switch, here, [film.findings, film.glance, *talk.of_visit, *judged], **LAST, **quick)
    return changed


def _flat(index: int | tuple[int, int]) -> int:
    """Return the number of a message; a pair is what Gradio gives for its older format."""
    return index if isinstance(index, int) else index[0]
