"""The film's viewer in HTML: two pictures that a slider wipes between, the marked part, and the tools above.

It knows elements and fractions. What the elements do is told by ``viewer.js``; what is drawn comes from ``overlay``.
"""

from __future__ import annotations

import json
from pathlib import Path

from chatcad.types import Region, Study
from chatcad.ui.labels import label
from chatcad.ui.overlay import Layers, render, right_side
from chatcad.ui.tables import described, escape, jpeg, legend

SCRIPT = (Path(__file__).with_name("viewer.js")).read_text(encoding="utf-8")


def _tools() -> str:
    """Return the tools in the language spoken."""
    wipe = label("From the original film to the marked one")
    return (
        f'<div class="tools" role="group" aria-label="{label("Film tools")}">'
        f'<button type="button" data-do="ask" class="first">{label("What is here?")}</button>'
        f'<button type="button" data-do="draw" aria-pressed="false">{label("Draw a box")}</button>'
        f'<span class="joined"><button type="button" data-do="out" aria-label="{label("Zoom out")}">−</button>'
        f'<button type="button" data-do="in" aria-label="{label("Zoom in")}">+</button>'
        f'<button type="button" data-do="whole">{label("Whole film")}</button></span>'
        f'<label class="wipe">{label("Original")}<input type="range" min="0" max="100" value="100" aria-label="{wipe}">'
        f"{label('marked')}</label>"
        f'<button type="button" class="enlarge" aria-label="{label("Enlarge the film")}">⤢ {label("Enlarge")}</button>'
        "</div>"
    )


def _words() -> str:
    """Return what the script tells, by key; it fills ``{…}``."""
    words = {
        "none": label("First choose a place on the film: click it, or use the arrow keys."),
        "point": label("{x}% across, {y}% down. Enter asks what is here."),
        "box": label("Box from {x} to {x1}% across, {y} to {y1}% down. Enter asks."),
        "asked": label("Asked. The answer is in the conversation."),
        "greys": label("Level {level}%, window {window}%"),
    }
    return escape(json.dumps(words, ensure_ascii=False))


def figure_html(study: Study, layers: Layers, region: Region | None = None) -> str:
    """Return the drawn film as a figure with its tools and its legend.

    The pixels travel inside the page, so that no copy of a film lies in a cache folder under a guessable address.

    Parameters
    ----------
    study
        The film.
    layers
        What is drawn over it. The same greys without them are the original that the slider wipes to.
    region
        The part that was asked about last, drawn over both.
    """
    plain = Layers(invert=layers.invert, level=layers.level, window=layers.window)
    drawn, original = render(study, layers), render(study, plain)
    height, width = drawn.shape[:2]
    keys = label(
        "Film viewer. Arrow keys move a cross, Shift with arrow keys draws a box, Enter asks what is there, plus and "
        "minus zoom, 0 shows the whole film, Escape takes the mark away."
    )
    hint = label(
        "Click a place, or draw a box, and ask what is there. Once the film is chosen, the wheel zooms it, as two "
        "fingers do; drag to move it. Shift and drag (or the right button): brightness and contrast."
    )
    items = "".join(f"<li>{item}</li>" for item in [*legend(study, layers), *_marked_legend(region)])
    return (
        f'<figure class="film" data-level="{layers.level:.2f}" data-window="{layers.window:.2f}" '
        f'data-words="{_words()}">{_tools()}'
        f'<div class="stage" tabindex="0" role="application" aria-label="{escape(keys)}">'
        f'<div class="sheet" style="--aspect: {width / height:.4f}">'
        f'<img class="over" src="{jpeg(drawn)}" alt="{escape(described(study, layers))}" draggable="false">'
        f'<img class="plain" src="{jpeg(original)}" alt="" draggable="false">'
        f'<span class="edge"></span>{_region_svg(region)}<span class="box"></span><span class="cross"></span>'
        f'</div>{_side_mark(study)}</div><output class="told" aria-live="polite"></output>'
        f'<figcaption><p class="small hint">{hint}</p>'
        f'<ul class="legend">{items}</ul></figcaption></figure>'
    )


def _side_mark(study: Study) -> str:
    """Return the patient's right for a film that is zoomed in, whose own mark may be out of sight."""
    side = None if study.masks is None else right_side(study.masks)
    return "" if side is None else f'<span class="side {side}">R</span>'


def _region_svg(region: Region | None) -> str:
    """Draw a marked part: its box or point, and the dashed area of like brightness."""
    drawn = ""
    if region is not None:
        x0, y0, x1, y1 = region.box
        if x1 > x0 and y1 > y0:
            drawn = f'<rect x="{x0}" y="{y0}" width="{x1 - x0:.4f}" height="{y1 - y0:.4f}"></rect>'
        else:
            drawn = f'<path class="point" d="M{x0 - 0.012:.4f} {y0}h0.024M{x0} {y0 - 0.012:.4f}v0.024"></path>'
        line = " ".join(f"{x},{y}" for x, y in region.outline)
        drawn += f'<polygon points="{line}"></polygon>' if line else ""
    return f'<svg class="region" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">{drawn}</svg>'


def _marked_legend(region: Region | None) -> list[str]:
    if region is None:
        return []
    items = ['<i class="key asked"></i>' + label("R1, the part that was asked about")]
    like = '<i class="key like"></i>' + label("an area of like brightness around it")
    return items + ([like] if region.outline else [])
