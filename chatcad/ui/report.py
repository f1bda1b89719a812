"""The report on the page: an editable draft, its impression, the check of both as edited, and the files to keep.

It knows Gradio and nothing of films; what is judged comes from ``checking.proofread``, what is shown from ``proof``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatcad import observe
from chatcad.checking.proofread import proofread
from chatcad.export.report import FILM_PREFIX
from chatcad.language import speaking
from chatcad.types import PromptDesign, Study
from chatcad.ui import proof
from chatcad.ui.exports import CLINICIAN, LONGEST, Buttons, export_buttons, told
from chatcad.ui.handlers import Handlers
from chatcad.ui.identity import owner_of
from chatcad.ui.layout import LIGHT_WORK, MODEL_WORK, FilmColumn, Updates
from chatcad.ui.visit import Visit

_DESIGNS = [("P1: numbers", "P1"), ("P2: only what is flagged", "P2"), ("P3: levels in words", "P3")]
_SAVE = """
given => {
  if (!given) return;
  const {name, type, text, base64} = JSON.parse(given);
  const data = base64 ? Uint8Array.from(atob(base64), sign => sign.charCodeAt(0)) : text;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([data], {type}));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
  return '';
}
"""
"""Saves a file once: where the next one can't be made, the former one must not be saved in its place."""

_PLACE = """
(given, placed, seen, written) => {
  const {film, text} = given ? JSON.parse(given) : {};
  if (!text || film !== seen) return ['', placed, written];
  const own = written.trimEnd();
  const kept = placed && own.endsWith(placed) ? own.slice(0, -placed.length).trimEnd() : own;
  return ['', text, kept ? `${kept}\\n${text}` : text];
}
"""
"""Puts an impression into the report as it stands in the browser now: what was written while it was worded stays."""


@dataclass(frozen=True, slots=True)
class ReportPanel:
    """The report's components; ``outgoing`` carries a file to the browser, which writes it: none lies on the server.

    ``worded`` carries an impression there, and ``placed`` is the one that was put into the report last.
    """

    draft: gr.Textbox
    impression: gr.Textbox
    design: gr.Radio
    write: gr.Button
    check: gr.Button
    restore: gr.Button
    as_markdown: gr.Button
    as_text: gr.Button
    exports: Buttons
    notice: gr.HTML
    judged: gr.HTML
    outgoing: gr.Textbox
    worded: gr.Textbox
    placed: gr.Textbox

    @property
    def of_study(self) -> list[Any]:
        """Return what changes with the study."""
        return [self.draft, self.impression, self.notice, self.judged, self.outgoing, self.worded, self.placed]


def report_panel(design: PromptDesign) -> ReportPanel:
    """Place the draft, the impression, the check's buttons and its outcome."""
    draft = gr.Textbox(
        label="Draft report (for clinicians): edit it in place",
        lines=6,
        max_lines=24,
        max_length=LONGEST,
        buttons=["copy"],
        elem_id="report",
        elem_classes=CLINICIAN,
    )
    impression = gr.Textbox(
        label="Impression", placeholder="Write it yourself, or have it worded from the findings", lines=2, max_lines=12,
        max_length=LONGEST, buttons=["copy"], elem_id="impression", elem_classes=CLINICIAN,
    )  # fmt: skip
    with gr.Row(elem_id="report-buttons", elem_classes=CLINICIAN):
        write = gr.Button("Word the impression", size="sm", min_width=150)
        check = gr.Button("Check the edited report", variant="primary", size="sm", min_width=180)
        restore = gr.Button("Back to the draft", size="sm", min_width=120)
    notice = gr.HTML(elem_classes=CLINICIAN)
    judged = gr.HTML(
        elem_id="proof", elem_classes=CLINICIAN
    )  # where the button was pressed, or nobody would see that anything happened
    with gr.Row(elem_id="export-buttons"):
        as_markdown = gr.Button("Save as Markdown", size="sm", min_width=130, elem_classes=CLINICIAN)
        as_text = gr.Button("Save as text", size="sm", min_width=110, elem_classes=CLINICIAN)
        exports = export_buttons()
    with gr.Accordion("How the findings are told to the language model", open=False, elem_classes=CLINICIAN):
        design_ = gr.Radio(
            _DESIGNS, value=design, label="Prompt design", elem_id="design",
            info="It changes how the impression and the answers are worded. The draft comes without a language model.",
        )  # fmt: skip
    outgoing, worded, placed = (gr.Textbox(visible=False) for _ in range(3))
    return ReportPanel(
        draft, impression, design_, write, check, restore, as_markdown, as_text, exports, notice, judged, outgoing,
        worded, placed,
    )  # fmt: skip


def report_updates(panel: ReportPanel, study: Study) -> Updates:
    """Show a study's draft, and nothing of an earlier film's report."""
    return {panel.draft: study.draft_report, panel.impression: "", **dict.fromkeys(panel.of_study[2:], "")}


def wire_report(work: Handlers, visit: gr.State, film: FilmColumn) -> None:
    """Let the buttons word, check, take back and save."""
    panel = film.report

    def word(now: Visit, design: PromptDesign, request: gr.Request) -> Updates:
        text, problem = work.impression(now, design, owner_of(request))
        return {panel.notice: problem, panel.worded: json.dumps({"film": now.film, "text": text}) if text else ""}

    def check_again(draft: str, impression: str, judged: str, now: Visit) -> str:
        return check(draft, impression, now) if judged else ""

    def check(draft: str, impression: str, now: Visit) -> str:
        if now.study is None:
            return ""
        with speaking("en"):  # the check reads English, whatever language the page is in
            judged = proofread(f"{draft[:LONGEST]}\n{impression[:LONGEST]}", now.study, now.prior)
        return proof.proof_html(judged) + proof.diff_html(now.study.draft_report, draft[:LONGEST])

    def restore(now: Visit) -> Updates:
        return {} if now.study is None else report_updates(panel, now.study)

    def as_file(kind: str, draft: str, impression: str, now: Visit, request: gr.Request) -> str:
        if now.study is None:
            return ""
        write, ending = (proof.export_markdown, "md") if kind == "text/markdown" else (proof.export_text, "txt")
        with told():
            observe.exported(now.study, ending, owner_of(request))
        name = f"report-{now.study.radiograph.sha256[:FILM_PREFIX]}.{ending}"
        with speaking("en"):
            text = write(now.study, draft[:LONGEST], impression[:LONGEST])
        return json.dumps({"name": name, "type": kind, "text": text})

    def as_markdown(draft: str, impression: str, now: Visit, request: gr.Request) -> str:
        return as_file("text/markdown", draft, impression, now, request)

    def as_text(draft: str, impression: str, now: Visit, request: gr.Request) -> str:
        return as_file("text/plain", draft, impression, now, request)

    written = [panel.draft, panel.impression, visit]
    wording = panel.write.click(
        word, [visit, panel.design], [panel.worded, panel.notice], show_progress="minimal", **MODEL_WORK
    )
    given = [panel.worded, panel.placed, film.seen, panel.impression]
    placed = wording.then(None, given, [panel.worded, panel.placed, panel.impression], js=_PLACE)
    checked = [panel.draft, panel.impression, panel.judged, visit]
    placed.then(check_again, checked, panel.judged, show_progress="hidden", **LIGHT_WORK)
    panel.check.click(check, written, panel.judged, show_progress="hidden", **LIGHT_WORK)
    panel.restore.click(restore, visit, panel.of_study, show_progress="hidden", **LIGHT_WORK)
    for button, make in ((panel.as_markdown, as_markdown), (panel.as_text, as_text)):
        made = button.click(make, written, panel.outgoing, show_progress="hidden", **LIGHT_WORK)
        made.then(None, panel.outgoing, panel.outgoing, js=_SAVE)
    for button, export in panel.exports.items():
        made = button.click(export, written, panel.outgoing, show_progress="minimal", **LIGHT_WORK)
        made.then(None, panel.outgoing, panel.outgoing, js=_SAVE)
