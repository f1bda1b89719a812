"""An earlier film beside the current one: laid on it, drawn alike, and a table of what may be compared.

It knows Gradio and how two films look beside each other. Where the earlier film lies comes from ``imaging.align``, what
may be compared from ``findings.change``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from chatcad.findings.change import Change, RatioChange, changes, ratio_change
from chatcad.findings.measure import shown
from chatcad.findings.wording import where
from chatcad.imaging.align import Alignment, Unaligned, align, lay
from chatcad.types import Finding, Mode, Study
from chatcad.ui import tables
from chatcad.ui.handlers import Handlers, layers_of
from chatcad.ui.identity import owner_of
from chatcad.ui.labels import label
from chatcad.ui.layout import EACH, LAST, LIGHT_WORK, MODEL_WORK, FilmColumn, TalkColumn, Updates
from chatcad.ui.overlay import Layers, Picture, render
from chatcad.ui.visit import Coming, Visit

SIDE = 768
"""Longest side of each of the two films, in pixels."""

_LEVELS = {"same": "same level", "higher": "higher level now", "lower": "lower level now"}
_APART = {
    "not_assessed_then": "can’t be compared: not assessed on the earlier film",
    "not_assessed_now": "can’t be compared: not assessed on the current film",
    "networks": "can’t be compared: other networks read the earlier film",
}
_UNTOLD = "Which film is the earlier one, and that both are of one patient, is what you told: no date or name is read."
_NO_MEASURE = "A level is how sure a network is. It measures no disease, and says nothing of better or worse."
_VIEWS = "The views differ or one is unknown: an AP film magnifies the heart, so widths and levels compare poorly."

LINKED = """
const at = event => {
  const pane = event.target.closest('.pane .frame');
  if (!pane) return;
  const box = pane.getBoundingClientRect();
  for (const mark of pane.closest('.pair').querySelectorAll('.spot')) {
    mark.style.left = `${100 * (event.clientX - box.left) / box.width}%`;
    mark.style.top = `${100 * (event.clientY - box.top) / box.height}%`;
    mark.hidden = false;
  }
};
for (const kind of ['pointermove', 'pointerdown']) element.addEventListener(kind, at);
element.addEventListener('click', event => {
  const button = event.target.closest('.enlarge');
  if (!button) return;
  if (document.fullscreenElement) document.exitFullscreen();
  else button.closest('figure').requestFullscreen();
});
"""


@dataclass(frozen=True, slots=True)
class PriorPanel:
    """Where an earlier film is dropped, both films, and the table of what changed."""

    drop: gr.File
    notice: gr.HTML
    pair: gr.HTML
    table: gr.HTML
    remove: gr.Button

    @property
    def of_study(self) -> list[Any]:
        """Return what changes with either film."""
        return [self.drop, self.notice, self.pair, self.table, self.remove]


def prior_panel() -> PriorPanel:
    """Place the panel, closed."""
    with gr.Accordion("Compare with an earlier film of the same patient", open=False):
        drop = gr.File(label="Earlier film", type="filepath", height=110, elem_id="prior")
        notice = gr.HTML()
        pair = gr.HTML(elem_id="pair", js_on_load=LINKED)
        table = gr.HTML(elem_id="changes")
        remove = gr.Button("Remove the earlier film", size="sm", visible=False)
    return PriorPanel(drop, notice, pair, table, remove)


def prior_updates(panel: PriorPanel, now: Visit, mode: Mode, *controls: Any) -> Updates:
    """Show the two films and what may be compared, or nothing where there is no earlier film."""
    return {
        panel.pair: draw_pair(now, *controls),
        panel.table: _compared(now, mode),
        panel.remove: gr.update(visible=now.prior is not None),
    }


def _compared(now: Visit, mode: Mode) -> str:
    return "" if now.study is None or now.prior is None else changes_html(now.study, now.prior, mode)


def wire_prior(work: Handlers, visit: gr.State, film: FilmColumn, talk: TalkColumn) -> None:
    """Let an earlier film be read, drawn as the current one is, and taken away again."""
    panel = film.prior
    arrived = gr.State(Coming())  # the earlier film dropped last, until `place` sets it beside the current one

    def read(path: str | None, now: Visit, former: Coming, asked: gr.Request) -> Iterator[Updates]:
        coming = former.next()
        steps = work.read_prior(path, now, owner_of(asked))
        _, busy = next(steps)
        yield {arrived: coming, panel.notice: busy}
        for coming.visit, notice in steps:
            yield {arrived: gr.skip()} if coming.dropped else {panel.notice: notice, panel.drop: None}

    def place(coming: Coming, now: Visit) -> Updates:
        if coming.read is None or coming.read.study is not now.study:  # another film was dropped meanwhile
            return {arrived: coming}
        return {visit: replace(now, prior=coming.read.prior), arrived: coming.next()}

    def take_back(former: Coming) -> Updates:
        return {arrived: former.next(), panel.notice: ""}

    def remove(now: Visit) -> Updates:
        return {visit: replace(now, prior=None), panel.notice: ""}

    def show(now: Visit, mode: Mode, *controls: Any) -> Updates:
        return prior_updates(panel, now, mode, *controls)

    shown = [panel.pair, panel.table, panel.remove]
    event: dict[str, Any] = {"show_progress": "hidden", **LIGHT_WORK}
    dropped = panel.drop.upload(
        read, [panel.drop, visit, arrived], [arrived, panel.notice, panel.drop], **EACH, **MODEL_WORK,
        show_progress="hidden",
    )  # fmt: skip
    placed = dropped.then(place, [arrived, visit], [visit, arrived], queue=False, **EACH, **event)
    panel.drop.clear(take_back, arrived, [arrived, panel.notice], queue=False, **EACH, **event)
    removed = panel.remove.click(remove, visit, [visit, panel.notice], queue=False, **event)
    for settled in (placed, removed):
        settled.then(show, [visit, talk.mode, *film.controls], shown, **EACH, **event)
    talk.mode.input(_compared, [visit, talk.mode], panel.table, **LAST, **event)
    for change in (*film.redraw, film.heat.change):  # a finding that is chosen sets the heat map
        change(draw_pair, [visit, *film.controls], panel.pair, **LAST, **event)


def draw_pair(visit: Visit, *controls: Any) -> str:
    """Draw both films with the same layers, window and level; the earlier one where it lies on the current one."""
    if visit.study is None or visit.prior is None:
        return ""
    layers = layers_of(*controls)
    position = align(visit.prior.masks, visit.study.masks)
    current, earlier = (render(s, layers, SIDE) for s in (visit.study, visit.prior))
    if isinstance(position, Alignment):
        earlier = lay(earlier, position, *current.shape[:2])
    return pair_html(current, earlier, (visit.study, visit.prior), layers, position)


def pair_html(
    current: Picture, earlier: Picture, studies: tuple[Study, Study], layers: Layers, position: Alignment | Unaligned
) -> str:
    """Return both films as one figure with a legend and how the earlier one was laid.

    Parameters
    ----------
    current, earlier
        The pictures to show.
    studies
        The current study and the earlier one.
    layers
        What is drawn over them.
    position
        From `chatcad.imaging.align.align`.
    """
    linked = isinstance(position, Alignment)
    titles = (label("Current film"), label("Earlier film, aligned") if linked else label("Earlier film, not aligned"))
    panes = "".join(
        f'<div class="pane"><p><b>{title}</b> · {label("view")} {study.view}</p><div class="frame">'
        f'<img src="{tables.jpeg(picture)}" alt="{tables.escape(title)}">'
        f"{'<i class=spot hidden></i>' if linked else ''}</div></div>"
        for title, study, picture in zip(titles, studies, (current, earlier), strict=True)
    )
    legend = "".join(f"<li>{item}</li>" for item in tables.legend(studies[0], layers))
    return (
        f'<figure class="film pair"><div class="panes">{panes}</div><button type="button" class="enlarge">'
        f"⤢ {label('Enlarge both films')}</button>"
        f'<figcaption><p>{_placed(position)}</p><ul class="legend">{legend}</ul></figcaption></figure>'
    )


def _placed(position: Alignment | Unaligned) -> str:
    if isinstance(position, Unaligned):
        return f"{label('The earlier film is shown as it is')}: {label(position.reason)}."
    return (
        f"{label('Laid on the current film by the outlines of lungs and heart')}: "
        f"{label('turned by')} {abs(position.degrees):.0f}°, "
        f"{label('outlines off by')} {100 * position.residual:.0f}% {label('of the distance between the lungs')}. "
        f"{label('Point at one film to see the same place on the other')}."
    )


def changes_html(study: Study, prior: Study, mode: Mode) -> str:
    """Return the table of what may be compared: earlier, now, and what follows from both; else why not.

    Parameters
    ----------
    study, prior
        The current film's facts and the earlier film's.
    mode
        Whose words are used; a patient sees no number.
    """
    found = changes(study, prior)
    rows = [_change_row(c, mode) for c in found if c.flagged]
    ratio = ratio_change(study, prior)
    rows += [_ratio_row(ratio)] if ratio is not None and mode == "clinician" else []
    quiet = [tables.name_of(c.now, mode) for c in found if not c.flagged and c.apart is None]
    neither = [
        tables.name_of(f, mode) for f in study.findings if f.state == "not_assessed" and f.label not in _labels(found)
    ]
    notes = [_VIEWS] if study.view != prior.view or study.view == "unknown" else []
    notes += [_NO_MEASURE, _UNTOLD]
    listed = (("Flagged on neither film, which rules nothing out", quiet), ("Not assessed on either film", neither))
    return (
        tables.table("What changed", ("Finding", "Earlier film", "Current film", "From both films"), "".join(rows))
        + "".join(f"<p><b>{label(t)}</b>: {tables.escape(', '.join(names))}.</p>" for t, names in listed if names)
        + "".join(f'<p class="small">{label(note)}</p>' for note in notes)
    )


def _labels(found: tuple[Change, ...]) -> set[str]:
    return {c.now.label for c in found}


def _change_row(change: Change, mode: Mode) -> str:
    said = label(_LEVELS[change.level]) if change.level else label(_APART[str(change.apart)])
    if change.level and change.now.reliability == "weak":
        said += f" <small>({label('weak detector')})</small>"
    cells = (_cell(change.then, mode), _cell(change.now, mode), said)
    return f'<tr><th scope="row">{tables.escape(tables.title_of(change.now, mode))}</th>' + _cells(cells) + "</tr>"


def _cell(finding: Finding, mode: Mode) -> str:
    chance = "" if mode == "patient" or finding.probability is None else f" {finding.probability:.2f}"
    chance = chance.replace(" 0.00", " &lt;0.01").replace(" 1.00", " &gt;0.99")  # never told as certain
    return f"{tables.state_of(finding)}{tables.escape(where(finding, mode))}{chance}"


def _ratio_row(ratio: RatioChange) -> str:
    if ratio.difference is not None:
        said = f"{ratio.difference:+.2f}"
    elif not ratio.same_networks:
        said = label(_APART["networks"])
    elif ratio.then.value is None or ratio.now.value is None:
        said = label("can’t be compared: withheld on one film")
    else:
        said = label("can’t be compared: not the same known view")
    name = label("Cardiothoracic ratio")
    return f'<tr><th scope="row">{name}</th>{_cells((shown(ratio.then), shown(ratio.now), said))}</tr>'


def _cells(cells: tuple[str, ...]) -> str:
    return "".join(f"<td>{cell}</td>" for cell in cells)
