"""What stands on the page: the film's column, the conversation's column, and their words.

It knows Gradio's components and nothing of events or films.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from chatcad import DISCLAIMER
from chatcad.examples import Example
from chatcad.language import OWN_NAMES
from chatcad.types import Language, PromptDesign
from chatcad.ui import handlers, tables, viewer
from chatcad.ui.exports import CLINICIAN
from chatcad.ui.labels import label
from chatcad.ui.welcome import CLOSE, SHORTCUTS, welcome_html

if TYPE_CHECKING:
    import gradio as gr

    from chatcad.ui.prior import PriorPanel
    from chatcad.ui.report import ReportPanel

Updates = dict[Any, Any]

# The models serve one at a time: what Gradio lets in waits in `chatcad/line.py`, with the API's clients.
MODEL_WORK: dict[str, Any] = {"concurrency_id": "models", "concurrency_limit": 16, "api_visibility": "private"}
LIGHT_WORK: dict[str, Any] = {"concurrency_id": "drawing", "concurrency_limit": 2, "api_visibility": "private"}

# Left to itself, Gradio drops an event while the same one is being answered: a choice made quickly would be lost, and
# the page would show another. The last one is for components' values only: with it, Gradio 6 answers an event that
# waited with the data of the one before it.
EACH: dict[str, Any] = {"trigger_mode": "multiple"}
LAST: dict[str, Any] = {"trigger_mode": "always_last"}

_LEAD = "Drop a chest film, see what the networks found, and ask about it. Everything stays on this machine."
_PROGRAM = (
    "You are talking to a program (AI), not to a person. Each of its sentences is checked against the findings before "
    "you see it."
)
EMPTY_CHAT = (
    "### Ask about the film\n\nDrop a frontal chest film first. Then ask in your own words: how sure, where, "
    "how large, what next.\n\nMarks behind a sentence: `F1` a finding, `M1` a measurement, `P1` a guideline passage, "
    "`general` neither."
)
READY_CHAT = (
    "### Ask about the film\n\nChoose a question below or write your own: how sure, where, how large, what next. "
    "To ask about a place, click it on the film, then “What is here?”.\n\nMarks behind a sentence: `F1` a finding, "
    "`M1` a measurement, `P1` a guideline passage, `general` neither."
)
_PICK = """
element.addEventListener('click', event => {
  const button = event.target.closest('.pick');
  if (!button) return;
  for (const other of element.querySelectorAll('.pick')) other.setAttribute('aria-pressed', other === button);
  trigger('select', {index: 0, value: button.dataset.finding});
});
"""
_MARKS = Path(__file__).with_name("marks.js").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class FilmColumn:
    """The left column: intake, figure, tables, report. ``seen`` carries which film it is (see ``seen``)."""

    seen: gr.Textbox
    drop: gr.File
    phantom: gr.Button
    example: gr.Dropdown
    loading: gr.HTML
    notice: gr.HTML
    about: gr.HTML
    panel: gr.Column
    remarks: gr.HTML
    glance: gr.HTML
    figure: gr.HTML
    shown: gr.CheckboxGroup
    heat: gr.Radio
    level: gr.Slider
    window: gr.Slider
    inverted: gr.Checkbox
    findings: gr.HTML
    measurements: gr.HTML
    report: ReportPanel
    prior: PriorPanel
    small_print: gr.HTML

    @property
    def controls(self) -> list[Any]:
        """Return what decides how the film is drawn."""
        return [self.shown, self.heat, self.level, self.window, self.inverted]

    @property
    def redraw(self) -> tuple[Any, ...]:
        """Return the events after which the film is drawn anew."""
        return (self.shown.input, self.heat.input, self.level.release, self.window.release, self.inverted.input)

    @property
    def of_study(self) -> list[Any]:
        """Return what changes with the study."""
        return [self.seen, self.about, self.panel, self.glance, self.figure, *self.controls, self.remarks,
                self.findings, self.measurements, *self.report.of_study, *self.prior.of_study,
                self.small_print]  # fmt: skip


@dataclass(frozen=True, slots=True)
class TalkColumn:
    """The right column: who asks, the chat, the question."""

    mode: gr.Radio
    language: gr.Radio
    chat: gr.Chatbot
    offers: tuple[gr.Button, gr.Button, gr.Button]
    question: gr.Textbox
    send: gr.Button
    stop: gr.Button
    reword: gr.Button
    context: gr.Textbox

    @property
    def of_visit(self) -> list[Any]:
        """Return what changes with the conversation."""
        return [self.chat, self.question, self.send, self.stop, self.reword, *self.offers]


@dataclass(frozen=True, slots=True)
class Header:
    """The title, and the line that stays in view."""

    title: gr.HTML
    disclaimer: gr.HTML

    def updates(self) -> Updates:
        """Return both in the language spoken."""
        return {self.title: _title_html(), self.disclaimer: _disclaimer_html()}


def header() -> Header:
    """Place the title, what the visitor talks to, and the line that stays in view."""
    import gradio as gr

    title = gr.HTML(_title_html(), elem_id="title", js_on_load=_MARKS + SHORTCUTS)
    return Header(title, gr.HTML(_disclaimer_html(), elem_id="disclaimer"))


def _title_html() -> str:
    return f'<h1>ChatCAD</h1><p class="lead">{label(_LEAD)}</p><p class="small">{label(_PROGRAM)}</p>'


def _disclaimer_html() -> str:
    return f'<p role="note">{tables.escape(label(DISCLAIMER))}</p>'


def film_column(design: PromptDesign, examples: Sequence[Example] = ()) -> FilmColumn:
    """Place the drop zone, the drawn film with its controls, the tables and the report."""
    import gradio as gr

    from chatcad.ui.prior import prior_panel
    from chatcad.ui.report import report_panel

    seen = gr.Textbox("", visible=False, elem_id="seen")
    drop = gr.File(label="Chest film: DICOM, PNG or JPEG", type="filepath", height=132, elem_id="drop")
    phantom = gr.Button("Try it with a simulated film", size="sm", variant="secondary", elem_id="phantom")
    choices = [(f"{e.what} ({e.licence}; {e.attribution})", e.key) for e in examples]
    example = gr.Dropdown(choices, value=None, label="Or an example film", visible=bool(choices), elem_id="example")
    loading, notice = gr.HTML(), gr.HTML(elem_id="notice")
    about = gr.HTML(welcome_html(), elem_id="about", js_on_load=CLOSE)
    with gr.Column(visible=False) as panel:
        glance = gr.HTML(elem_id="glance")
        figure = gr.HTML(elem_id="figure", js_on_load=viewer.SCRIPT)
        layers = [("Lungs", "lungs"), ("Heart", "heart"), ("Heart and chest widths", "widths")]
        shown = gr.CheckboxGroup(layers, value=list(handlers.LAYERS), label="Draw over the film")
        heat = gr.Radio([("None", handlers.NO_HEAT)], value=handlers.NO_HEAT, label="Heat map of a finding")
        with gr.Accordion("Brightness, contrast, inversion", open=False):
            level = gr.Slider(0, 100, 50, step=1, label="Level (middle grey, % of range)")
            window = gr.Slider(5, 150, 100, step=1, label="Window (black to white, % of range)")
            inverted = gr.Checkbox(label="Invert: dense is dark")
        remarks = gr.HTML(elem_id="remarks")
        findings = gr.HTML(elem_id="findings", js_on_load=_PICK)
        measurements = gr.HTML(elem_id="measurements", elem_classes=CLINICIAN)
        report = report_panel(design)
        prior = prior_panel()
        with gr.Accordion("How this reading was made", open=False):
            small_print = gr.HTML()
    return FilmColumn(
        seen, drop, phantom, example, loading, notice, about, panel, remarks, glance, figure, shown, heat, level,
        window, inverted, findings, measurements, report, prior, small_print,
    )  # fmt: skip


def talk_column(spoken: Language = "en") -> TalkColumn:
    """Place the reader's and the language's switch, the chat, the suggestions, the question and the context."""
    import gradio as gr

    modes = [("Clinician", "clinician"), ("Patient (plain words)", "patient")]
    languages = [(name, code) for code, name in OWN_NAMES.items()]
    with gr.Row(elem_id="switches"):
        mode = gr.Radio(modes, value="clinician", label="Answers are for a", min_width=220)
        language = gr.Radio(languages, value=spoken, label="Answers are in", min_width=220, elem_id="language")
    chat = gr.Chatbot(
        label="Conversation",
        show_label=False,
        height="clamp(300px, calc(100vh - 372px), 800px)",
        min_height=280,
        layout="bubble",
        placeholder=EMPTY_CHAT,
        autoscroll=False,  # it would end below the answer's first sentence; ``marks.js`` scrolls to the question
        buttons=["copy"],
        editable="user",
        allow_tags=False,
        sanitize_html=True,
        latex_delimiters=[],
        feedback_options=None,
        allow_file_downloads=False,
        elem_id="chat",
    )
    reword = gr.Button(visible=False, size="sm", variant="secondary", elem_id="reword")
    with gr.Row(elem_id="offers"):
        offers = tuple(gr.Button(visible=False, size="sm", variant="secondary", min_width=120) for _ in range(3))
    with gr.Row(elem_id="ask"):
        question = gr.Textbox(
            label="Question",
            show_label=False,
            container=False,
            placeholder="Drop a film first",
            max_length=handlers.QUESTION_LENGTH,
            lines=1,
            max_lines=4,
            interactive=False,
            scale=5,
            min_width=200,
        )
        send = gr.Button("Ask", variant="primary", interactive=False, scale=0, min_width=86)
        stop = gr.Button("Stop", interactive=False, scale=0, min_width=86)
    with gr.Accordion("About the patient (optional)", open=False):
        context = gr.Textbox(
            label="Age, complaint, question", max_length=handlers.CONTEXT_LENGTH, lines=2,
            info="No names: they are dropped. It shapes the answer and is never taken as a finding on the film.",
        )  # fmt: skip
    three = cast("tuple[gr.Button, gr.Button, gr.Button]", offers)
    return TalkColumn(mode, language, chat, three, question, send, stop, reword, context)
