"""The first screen: what to do in three steps, which keys help, what the system does and can't do.

It knows words and one small picture. Closing it is remembered by the open page alone: nothing is stored.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image

from chatcad.ui.labels import label
from chatcad.ui.phantom import phantom_film
from chatcad.ui.tables import jpeg

THUMBNAIL = 168

KEYS = (
    ("Enter", "asks the question"),
    ("Alt + Shift + F", "to the film’s drop zone"),
    ("Alt + Shift + L", "to the list of findings"),
    ("Alt + Shift + Q", "to the question"),
    ("Alt + Shift + R", "to the report"),
)
"""Both modifiers, so that neither a screen reader's nor a browser's own single keys are taken."""

STEPS = (
    ("Give a film", "Drop a frontal chest film above, or press the button for a simulated one: no patient is on it."),
    ("Look", "Outlines, widths and heat maps are drawn over it. Choose a finding in the table to see where."),
    ("Ask and check", "Ask in your own words. The mark behind each sentence is the fact or source that carries it."),
)
DOES = (
    "Reads one <b>frontal chest film</b> of an adult. Other pictures are refused, with the reason.",
    "Outlines lungs and heart, measures the cardiothoracic ratio, gives each finding with how sure it is.",
    "Answers questions in a clinician’s or a patient’s words, with the source of each sentence.",
)
CAN_NOT = (
    "The networks that ship with it are small, and <b>several detectors are weak</b>: the table says which. “Not "
    "flagged” never means “absent”. Stronger public networks can be added: <code>python -m chatcad doctor</code> names "
    "them and how to get each.",
    "It gives no doses and no treatment plan, and replaces no reader.",
)

CLOSE = """
element.addEventListener('click', event => {
  if (event.target.closest('.tour .close')) document.body.classList.add('tour-closed');
});
"""
SHORTCUTS = """
const places = {
  KeyF: '#drop button', KeyL: '#findings .pick', KeyQ: '#ask textarea', KeyR: '#report textarea',
};
document.addEventListener('keydown', event => {
  const place = event.altKey && event.shiftKey && document.querySelector(places[event.code] ?? 'none');
  if (!place) return;
  event.preventDefault();
  place.focus();
  place.scrollIntoView({block: 'center'});
});
"""


def welcome_html() -> str:
    """Return the first screen in the language spoken."""
    steps = "".join(f"<li><b>{label(title)}.</b> {label(text)}</li>" for title, text in STEPS)
    keys = "".join(f"<li><kbd>{key}</kbd> {label(does)}</li>" for key, does in KEYS)
    return (
        f'<section class="tour" aria-label="{label("First steps")}">'
        f'<button type="button" class="close">{label("Close")}</button><h2>{label("First steps")}</h2>'
        f'<div class="steps"><img src="{_thumbnail()}" width="{THUMBNAIL}" height="{THUMBNAIL}" '
        f'alt="{label("A simulated chest film, drawn by ChatCAD")}"><ol>{steps}</ol></div>'
        f'<ul class="keys" aria-label="{label("Keys")}">{keys}</ul></section>'
        f"<h2>{label('What it does')}</h2>{_listed(DOES)}<h2>{label('What it can’t do')}</h2>{_listed(CAN_NOT)}"
    )


def _listed(texts: tuple[str, ...]) -> str:
    return "<ul>" + "".join(f"<li>{label(text)}</li>" for text in texts) + "</ul>"


@lru_cache(maxsize=1)
def _thumbnail() -> str:
    small = Image.fromarray(np.round(255 * phantom_film()).astype(np.uint8)).resize((2 * THUMBNAIL, 2 * THUMBNAIL))
    return jpeg(np.asarray(small))
