"""Many films on one picture, each with its outlines, widths, heat map and states: for people who judge the networks.

It knows tiles and captions. What is drawn over a film is ``overlay``'s.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from chatcad.errors import ImageRefused
from chatcad.findings.measure import shown
from chatcad.findings.wording import positives, where
from chatcad.types import Radiograph, Study
from chatcad.ui.overlay import Layers, everything, film, render
from chatcad.vocabulary import terms

TILE, CAPTION, COLUMNS = 400, 142, 5
LETTER, LINE = 13, 56
PAPER, INK = (18, 18, 18), (235, 235, 235)


@dataclass(frozen=True, slots=True)
class Refused:
    """A picture that was not read: why, and its pixels where the file could be opened."""

    reason: ImageRefused
    film: Radiograph | None = None


def sheet(outcomes: Iterable[Study | Refused]) -> Image.Image:
    """Return the sheet: tiles of 400 pixels numbered from 1, five in a row."""
    tiles = [tile(number, outcome) for number, outcome in enumerate(outcomes, start=1)]
    rows = -(-len(tiles) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * TILE, max(rows, 1) * (TILE + CAPTION)), PAPER)
    for i, one in enumerate(tiles):
        page.paste(one, (i % COLUMNS * TILE, i // COLUMNS * (TILE + CAPTION)))
    return page


def tile(number: int, outcome: Study | Refused) -> Image.Image:
    """Return one film over its caption: what was seen on it, or why it was refused."""
    picture = Image.new("RGB", (TILE, TILE + CAPTION), PAPER)
    if isinstance(outcome, Refused):
        drawn = None if outcome.film is None else Image.fromarray(film(outcome.film.pixels, Layers(), TILE))
        lines = ["refused", *textwrap.wrap(str(outcome.reason), LINE)]
    else:
        drawn, lines = Image.fromarray(render(outcome, everything(outcome), TILE)), caption(outcome)
    if drawn is not None:
        picture.paste(drawn, ((TILE - drawn.width) // 2, (TILE - drawn.height) // 2))
    return _write(picture, [f"{number}  {lines[0]}", *lines[1:]])


def caption(study: Study) -> list[str]:
    """Return a study in short lines: view and measurements, then the labels by state."""
    measured = " · ".join(f"{m.name.split('_')[0]} {shown(m)}" for m in study.measurements)
    quality = "" if study.masks is None else f" · masks {study.masks.quality:.2f}"
    by_state = {
        "present": [_said(study, f.label) for f in positives(study) if f.state == "present"],
        "possible": [_said(study, f.label) for f in positives(study) if f.state == "uncertain"],
        "unlikely": [terms()[f.label].name for f in study.findings if f.state == "absent"],
        "not flagged": [terms()[f.label].name for f in study.findings if f.state == "not_flagged"],
    }
    states = (f"{state}: {', '.join(names)}" for state, names in by_state.items() if names)
    wrapped = (line for s in (measured, *states, *study.radiograph.warnings) for line in textwrap.wrap(s, LINE))
    return [f"view {study.view}{quality}", *wrapped]


def _said(study: Study, label: str) -> str:
    finding = study.finding(label)
    chance = "" if finding is None or finding.probability is None else f" {finding.probability:.2f}"
    return f"{terms()[label].name}{'' if finding is None else where(finding, 'clinician')}{chance}"


def _write(picture: Image.Image, lines: Sequence[str]) -> Image.Image:
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=LETTER)
    for row, line in enumerate(lines[: CAPTION // (LETTER + 2)]):
        draw.text((6, TILE + 3 + row * (LETTER + 2)), line, fill=INK, font=font)
    return picture
