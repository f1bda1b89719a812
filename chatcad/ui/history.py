"""The visitor's films and talks on the page: a list to open, rename and delete from, and the last one after a reload.

It knows Gradio and how the list looks. The browser keeps one random token and nothing else; whose a conversation is,
is asked of the store at every event.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import gradio as gr

from chatcad import observe
from chatcad.errors import ChatCADError
from chatcad.language import speaking
from chatcad.sessions import Entry
from chatcad.sessions.owner import is_token, new_token, owner_id
from chatcad.sessions.store import TITLE_LENGTH, day_of
from chatcad.types import Mode
from chatcad.ui import tables
from chatcad.ui.film import page_updates
from chatcad.ui.identity import owner_of
from chatcad.ui.judge import JudgePanel
from chatcad.ui.labels import label
from chatcad.ui.layout import EACH, LAST, LIGHT_WORK, FilmColumn, TalkColumn, Updates
from chatcad.ui.shelf import Shelf
from chatcad.ui.visit import Visit

_CHOOSE = """
element.addEventListener('click', event => {
  const button = event.target.closest('button[data-do]');
  if (button) trigger('select', {index: 0, value: button.dataset.do});
});
"""
_FOCUS = """() => setTimeout(() => document.querySelector(
  '#rename:not(.hide) input, #rename:not(.hide) textarea, #erase:not(.hide) button')?.focus(), 150)"""


@dataclass(frozen=True, slots=True)
class HistoryPanel:
    """The list, what is asked before a title changes or a talk goes, and the browser's token."""

    token: gr.BrowserState
    notice: gr.HTML
    listed: gr.HTML
    new: gr.Button
    chosen: gr.State
    renaming: gr.Group
    title: gr.Textbox
    rename: gr.Button
    erasing: gr.Group
    warning: gr.HTML
    erase: gr.Button
    dismiss: tuple[gr.Button, gr.Button]

    @property
    def asking(self) -> list[Any]:
        """Return what asks before something is changed."""
        return [self.chosen, self.renaming, self.title, self.erasing, self.warning]

    def asked(self, chosen: str = "", renaming: bool = False, erasing: bool = False, title: str = "") -> Updates:
        """Ask for a title, or whether to delete; or neither."""
        sure = f"<p>Delete <b>{tables.escape(title)}</b>? It can’t be brought back.</p>"
        return {
            self.chosen: chosen,
            self.renaming: gr.update(visible=renaming),
            self.title: title,
            self.erasing: gr.update(visible=erasing),
            self.warning: sure if erasing else "",
        }


def history_panel(shelf: Shelf) -> HistoryPanel:
    """Place the list; where nothing is kept, the page says so instead."""
    # The browser would hide the token from nobody: the secret only has to be the same after the server's next start.
    token = gr.BrowserState("", storage_key="chatcad-visitor", secret="chatcad")  # noqa: S106
    notice = gr.HTML(tables.notice_html(shelf.why, "error"), elem_id="kept")
    with gr.Accordion("Your films and talks", open=False, visible=shelf.store is not None, elem_id="history"):
        listed = gr.HTML(js_on_load=_CHOOSE)
        new = gr.Button("New talk about this film", size="sm", interactive=False)
        chosen = gr.State("")
        with gr.Group(visible=False, elem_id="rename") as renaming:
            title = gr.Textbox(label="Title (no patient’s name)", max_length=TITLE_LENGTH, lines=1, max_lines=1)
            with gr.Row():
                rename = gr.Button("Save the title", size="sm", variant="primary")
                keep_title = gr.Button("Leave it as it is", size="sm")
        with gr.Group(visible=False, elem_id="erase") as erasing:
            warning = gr.HTML()
            with gr.Row():
                keep_talk = gr.Button("Keep it", size="sm")
                erase = gr.Button("Delete it", size="sm", elem_classes="danger")
        gr.HTML(f'<p class="small">{_policy(shelf)}</p>')
    return HistoryPanel(
        token, notice, listed, new, chosen, renaming, title, rename, erasing, warning, erase, (keep_title, keep_talk)
    )


def _policy(shelf: Shelf) -> str:
    kept = f"for {shelf.days} days after their last use" if shelf.days else "until you delete them"
    return (
        f"Kept on this machine {kept}: findings, a reduced picture of the film, your questions and their answers. "
        "Not the file, and not what you wrote about the patient. On this page only this browser, or your login, can "
        "open them; whoever runs this machine can, too."
    )


def list_html(entries: Sequence[Entry], current: str) -> str:
    """Return the conversations by film, the last used film first; the open one is marked."""
    films = list(dict.fromkeys(e.film for e in entries))
    by_film = groupby(sorted(entries, key=lambda e: films.index(e.film)), key=lambda e: e.film)
    shown = "".join(_film_html(tuple(talks), current) for _, talks in by_film)
    nothing = label("Nothing yet: drop a film.")
    return f'<div class="talks">{shown or f"<p>{nothing}</p>"}</div>'


def _film_html(talks: Sequence[Entry], current: str) -> str:
    read = min(e.created for e in talks)
    rows = "".join(_talk_html(e, current) for e in talks)
    return f"<section><h3>Film read on {day_of(read)}, {_clock(read)}</h3><ul>{rows}</ul></section>"


def _talk_html(entry: Entry, current: str) -> str:
    title, count = tables.escape(entry.title), f"{entry.turns} question{'s' * (entry.turns != 1)}"
    mark = ' aria-current="true"' if entry.id == current else ""
    others = "".join(
        f'<button type="button" data-do="{verb} {entry.id}" aria-label="{word}: {title}">{word}</button>'
        for verb, word in (("rename", label("Rename")), ("erase", label("Delete")))
    )
    return (
        f'<li{mark}><button type="button" class="open" data-do="open {entry.id}">{title}</button>'
        f"<small>{count}, {day_of(entry.updated)} {_clock(entry.updated)}</small>{others}</li>"
    )


def _clock(seconds: float) -> str:
    return time.strftime("%H:%M", time.localtime(seconds))


@dataclass(frozen=True, slots=True)
class History:
    """What happens when the list is used: from what a visitor chose to what the whole page shows."""

    shelf: Shelf
    panel: HistoryPanel
    visit: gr.State
    film: FilmColumn
    talk: TalkColumn
    judge: JudgePanel | None

    @property
    def listing(self) -> list[Any]:
        """Return what shows the list."""
        return [self.panel.listed, self.panel.notice, self.panel.new]

    @property
    def everything(self) -> list[Any]:
        """Return what changes when a talk is opened."""
        judged = [] if self.judge is None else self.judge.of_visit
        page = [self.visit, self.film.notice, *self.film.of_study, *self.talk.of_visit, *judged]
        return [*self.listing, *self.panel.asking, *page, self.talk.mode, self.talk.language]

    def arrive(self, token: str, request: gr.Request) -> Updates:
        """Greet a browser: with its last talk, or with a token by which it will be known."""
        token = token if is_token(token) else new_token()
        now = _owned(Visit(), token, request)
        known: Updates = {self.panel.token: token, self.visit: now, **self._listed(now)}
        try:
            last = next(iter(self.shelf.entries(now.owner)), None)
        except ChatCADError as error:
            return known | {self.panel.notice: tables.problem_html(error)}
        return known if last is None else known | self._bring_back(now, last.id, request)

    def refresh(self, now: Visit, token: str, request: gr.Request) -> Updates:
        """Keep what is new, and list it."""
        # A visit that was left alone for an hour is forgotten by the server, and so is whose it was.
        own = _owned(now, token, request)
        return {self.panel.notice: tables.notice_html(self.shelf.keep(own), "error"), **self._listed(own)}

    def choose(self, selected: gr.SelectData, now: Visit, token: str, request: gr.Request) -> Updates:
        """Open a talk, or ask what its title shall be, or whether it shall go."""
        verb, _, talk_id = str(selected.value).partition(" ")
        own = _owned(now, token, request)
        if verb == "open":
            return self._bring_back(own, talk_id, request)
        try:
            title = next((e.title for e in self.shelf.entries(own.owner) if e.id == talk_id), "")
        except ChatCADError as error:
            return {self.panel.notice: tables.problem_html(error)}
        return self.panel.asked(talk_id, verb == "rename", verb == "erase", title)

    def rename(self, talk_id: str, title: str, now: Visit, token: str, request: gr.Request) -> Updates:
        """Give the chosen talk its new title."""
        return self._settle(_owned(now, token, request), self.shelf.rename, talk_id, title)

    def erase(self, talk_id: str, now: Visit, mode: Mode, token: str, request: gr.Request) -> Updates:
        """Delete the chosen talk; where it was open, the page is as it was before any film."""

        def erase(owner: str, talk_id: str) -> None:
            observe.erased(self.shelf.erase(owner, talk_id), owner_of(request))

        own = _owned(now, token, request)
        if talk_id == own.talk:
            own.close("Stopped.")  # an answer that ends now would bring it back
        settled = self._settle(own, erase, talk_id)
        stays = talk_id != own.talk or settled[self.panel.notice]
        return settled if stays else settled | self._show(own.left(), mode)

    def dismiss(self) -> Updates:
        """Ask for nothing any more."""
        return self.panel.asked()

    def begin(self, now: Visit, mode: Mode, token: str, request: gr.Request) -> Updates:
        """Begin another talk about the same film; one without questions is new already."""
        if now.study is None or not now.turns:
            return self.panel.asked()
        fresh = _owned(now.left(), token, request).about(now.study, now.prior)
        problem = self.shelf.keep(fresh)
        return {self.panel.notice: tables.notice_html(problem, "error"), **self._show(fresh, mode)}

    def _listed(self, now: Visit) -> Updates:
        shown: Updates = {self.panel.new: gr.update(interactive=bool(now.turns))}
        try:
            return shown | {self.panel.listed: list_html(self.shelf.entries(now.owner), now.talk)}
        except ChatCADError as error:
            return shown | {self.panel.notice: tables.problem_html(error)}

    def _bring_back(self, before: Visit, talk_id: str, request: gr.Request) -> Updates:
        before.close("Stopped.")
        try:
            now, kept = self.shelf.bring_back(before.owner, talk_id)
            observe.opened(kept.study, owner_of(request))
        except ChatCADError as error:
            return {self.panel.notice: tables.problem_html(error)}
        before.left()  # not before: the page stays with it where the other one can't be opened
        chosen = {self.talk.mode: kept.mode, self.talk.language: kept.language}
        with speaking(kept.language):
            return {self.panel.notice: "", **chosen, **self._show(now, kept.mode)}

    def _show(self, now: Visit, mode: Mode) -> Updates:
        page = page_updates(self.film, self.talk, self.judge, now, mode) | self.panel.asked() | self._listed(now)
        return {**page, self.visit: now, self.film.notice: ""}

    def _settle(self, own: Visit, verb: Callable[..., None], *what: str) -> Updates:
        try:
            verb(own.owner, *what)
        except ChatCADError as error:
            return {self.panel.notice: tables.problem_html(error), **self.panel.asked()}
        return {self.panel.notice: "", **self.panel.asked(), **self._listed(own)}


def _owned(now: Visit, token: str, request: gr.Request) -> Visit:
    return replace(now, owner=owner_id(request.username, token))


def wire_history(page: gr.Blocks, history: History, changed: Sequence[Any]) -> None:
    """Let the list be used, and keep it up to date after each of the events that change a visit."""
    panel, visit, listing, everything = history.panel, history.visit, history.listing, history.everything
    quick = {"show_progress": "hidden", **LIGHT_WORK}
    # Past the queue: a film that is dropped at once must not be overtaken by what was there before it.
    page.load(history.arrive, panel.token, [panel.token, *everything], queue=False, **quick)
    chosen = panel.listed.select(history.choose, [visit, panel.token], everything, **EACH, **quick)
    chosen.then(None, js=_FOCUS)
    panel.new.click(history.begin, [visit, history.talk.mode, panel.token], everything, **quick)
    for event in (panel.rename.click, panel.title.submit):
        event(history.rename, [panel.chosen, panel.title, visit, panel.token], [*listing, *panel.asking], **quick)
    erasing = [panel.chosen, visit, history.talk.mode, panel.token]
    panel.erase.click(history.erase, erasing, everything, **quick)
    for button in panel.dismiss:
        button.click(history.dismiss, None, panel.asking, queue=False, **quick)
    for event in changed:
        event.then(history.refresh, [visit, panel.token], listing, **LAST, **quick)
