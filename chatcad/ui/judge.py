"""Readers' opinions on findings and sentences: chosen from lists, stored on this machine, never shown to anyone here.

It knows Gradio and which thing was chosen. What a record holds is ``feedback``'s business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatcad import feedback
from chatcad.config import Settings
from chatcad.errors import ChatCADError
from chatcad.feedback import Opinion
from chatcad.types import Mode
from chatcad.ui import tables
from chatcad.ui.layout import LIGHT_WORK, Updates
from chatcad.ui.visit import Visit

_OPINIONS = [("Agree", "agree"), ("Disagree", "disagree"), ("Correct it", "correct")]
_LONGEST_CHOICE = 90


@dataclass(frozen=True, slots=True)
class JudgePanel:
    """What is judged, the opinion, and what is right instead."""

    about: gr.Dropdown
    opinion: gr.Radio
    note: gr.Textbox
    keep: gr.Button
    notice: gr.HTML

    @property
    def of_visit(self) -> list[Any]:
        """Return what changes with the film and the conversation."""
        return [self.about, self.notice]


def judge_panel(offered: bool) -> JudgePanel | None:
    """Place the panel, unless feedback is switched off."""
    if not offered:
        return None
    with gr.Accordion("Do you agree? (kept on this machine only)", open=False, elem_id="judge"):
        about = gr.Dropdown([], label="Finding, or sentence of the last answer", interactive=True)
        opinion = gr.Radio(_OPINIONS, value="agree", label="Your opinion")
        note = gr.Textbox(
            label="What is right instead (optional)", max_length=feedback.NOTE_LENGTH, lines=1, max_lines=3,
            info="Medical words only: names, dates and unknown words are dropped before it is stored.",
        )  # fmt: skip
        keep = gr.Button("Store my opinion", size="sm")
        notice = gr.HTML(elem_id="judged")
    return JudgePanel(about, opinion, note, keep, notice)


def judge_updates(panel: JudgePanel | None, now: Visit, mode: Mode, chosen: str | None = None) -> Updates:
    """Offer the film's findings and the sentences of the last answer; the first one is chosen, or the one named."""
    if panel is None:
        return {}
    choices = choices_of(now, mode)
    value = chosen or (choices[0][1] if choices else None)
    return {panel.about: gr.update(choices=choices, value=value), panel.notice: ""}


def choices_of(now: Visit, mode: Mode) -> list[tuple[str, str]]:
    """Return what may be judged as (words, id): ``F1`` is a finding, ``S1`` a sentence of the last answer."""
    if now.study is None:
        return []
    found = [(f"{f.id} {tables.title_of(f, mode)}", f.id) for f in tables.ordered(now.study)]
    sentences = now.turns[-1].sentences if now.turns else ()
    return found + [
        (f"Sentence {n}: {s.text[:_LONGEST_CHOICE]}{'…' * (len(s.text) > _LONGEST_CHOICE)}", f"S{n}")
        for n, s in enumerate(sentences, start=1)
    ]


def keep_opinion(settings: Settings, now: Visit, about: str | None, opinion: Opinion, note: str) -> str:
    """Store one opinion and return what the visitor is told."""
    if now.study is None or not about:
        return tables.notice_html("Choose a finding or a sentence first.", "error")
    try:
        if about.startswith("S") and now.turns:
            judged = feedback.on_sentence(now.study, now.turns[-1], int(about[1:]), opinion, note)
        else:
            judged = feedback.on_finding(now.study, about, opinion, note)
        feedback.store(judged, settings)
    except ChatCADError as error:
        return tables.problem_html(error)
    dropped = " Some words were dropped." if len(judged.note) < len(" ".join(note.split())) else ""
    return tables.notice_html(f"Stored on this machine.{dropped}", "done")


def wire_judge(settings: Settings, visit: gr.State, panel: JudgePanel | None) -> None:
    """Let the button store."""
    if panel is None:
        return

    def keep(now: Visit, about: str | None, opinion: Opinion, note: str) -> Updates:
        said = keep_opinion(settings, now, about, opinion, note)
        return {panel.notice: said, panel.note: gr.update() if 'role="alert"' in said else ""}

    panel.keep.click(
        keep, [visit, panel.about, panel.opinion, panel.note], [panel.notice, panel.note], show_progress="hidden",
        **LIGHT_WORK,
    )  # fmt: skip
