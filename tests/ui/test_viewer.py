"""The viewer's figure: two pictures, the marked part, and tools that have names."""

from __future__ import annotations

import re
from dataclasses import replace

from chatcad.findings import look
from chatcad.types import Masks
from chatcad.ui import viewer
from chatcad.ui.overlay import Layers

from .fake import study


def test_the_original_lies_beside_the_marked_film_in_the_same_greys() -> None:
    first, second = re.findall(
        r'src="(data:image/jpeg[^"]+)"', viewer.figure_html(study(), Layers(lungs=True, invert=True))
    )
    assert first != second
    bare = re.findall(r'src="(data:image/jpeg[^"]+)"', viewer.figure_html(study(), Layers(invert=True)))
    assert bare == [second, second]


def test_a_box_and_a_point_are_drawn_in_fractions_with_their_legend() -> None:
    box = viewer.figure_html(study(), Layers(), look(study(), (0.6, 0.3, 0.8, 0.6)))
    assert '<rect x="0.6" y="0.3" width="0.2000" height="0.3000">' in box
    assert "R1, the part that was asked about" in box
    point = viewer.figure_html(study(), Layers(), look(study(), (0.02, 0.95)))
    assert 'class="point"' in point
    assert "<polygon" not in point, "nothing is outlined outside lungs and heart"
    assert "like brightness" not in point
    assert "R1, the part" not in viewer.figure_html(study(), Layers())


def test_the_script_asks_nobody_and_every_tool_of_the_page_has_its_action() -> None:
    assert not re.search(r"https?:|fetch\(|import\s", viewer.SCRIPT)
    tools = set(re.findall(r'data-do="(\w+)"', viewer.figure_html(study(), Layers())))
    (named,) = re.findall(r"const TOOLS = {(.*?)};", viewer.SCRIPT, re.DOTALL)
    assert tools == set(re.findall(r"\b(ask|draw|in|out|whole)\b(?=[:,}]|$)", named))


def test_the_patients_right_is_named_where_the_outlines_put_it() -> None:
    read = study()
    assert read.masks is not None
    m = read.masks
    turned = replace(read, masks=Masks(m.right_lung[:, ::-1], m.left_lung[:, ::-1], m.heart[:, ::-1], m.quality))
    assert '<span class="side left">R</span>' in viewer.figure_html(read, Layers())
    assert '<span class="side right">R</span>' in viewer.figure_html(turned, Layers())
    assert 'class="side' not in viewer.figure_html(replace(read, masks=None), Layers())
