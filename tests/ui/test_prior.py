"""Two films beside each other: drawn alike, compared only where both carry the fact, and why not else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from chatcad.imaging.align import Unaligned, align
from chatcad.ui.handlers import LAYERS
from chatcad.ui.prior import changes_html, draw_pair
from chatcad.ui.visit import Visit

from .fake import study

NOW = study()
CONTROLS = (LAYERS, "none", 50, 100, False)


def row(html: str, name: str) -> str:
    return next(r for r in re.findall(r"<tr.*?</tr>", html, re.S) if name in r)


def earlier(**changes):
    findings = tuple(replace(f, **changes.pop(f.label, {})) for f in NOW.findings)
    return replace(NOW, findings=findings, **changes)


def test_both_films_are_drawn_and_the_earlier_one_is_laid_on_the_current_one() -> None:
    html = draw_pair(Visit(study=NOW, prior=NOW), *CONTROLS)
    assert html.count("data:image/jpeg;base64,") == 2
    assert "Earlier film, aligned" in html
    assert html.count("spot") == 2
    assert "turned by 0°" in html
    one, other = re.findall(r'src="([^"]+)"', html)
    assert abs(len(one) - len(other)) < 0.02 * len(one)
    assert draw_pair(Visit(study=NOW), *CONTROLS) == ""


def test_a_film_that_can_not_be_aligned_is_shown_as_it_is_with_the_reason() -> None:
    poor = replace(NOW, masks=replace(NOW.masks, quality=0.2))
    assert isinstance(align(poor.masks, NOW.masks), Unaligned)
    html = draw_pair(Visit(study=NOW, prior=poor), *CONTROLS)
    assert "not aligned" in html
    assert "could not be outlined reliably on the earlier film" in html
    assert "spot" not in html


def test_a_row_needs_both_films() -> None:
    html = changes_html(NOW, earlier(Effusion={"state": "not_assessed", "probability": None}), "clinician")
    assert "not assessed on the earlier film" in row(html, "Pleural effusion")
    assert "level" not in row(html, "Pleural effusion")
    assert "same level" in row(html, "Cardiomegaly")
    lower = changes_html(NOW, earlier(Cardiomegaly={"state": "absent", "band": "unlikely"}), "clinician")
    assert "higher level now" in row(lower, "Cardiomegaly")


def test_other_weights_are_said_and_nothing_is_compared() -> None:
    html = changes_html(NOW, replace(NOW, run=replace(NOW.run, weights_sha256={"embedded": "b" * 64})), "clinician")
    assert "same level" not in html
    assert "other networks read the earlier film" in row(html, "Cardiothoracic ratio")


@pytest.mark.parametrize(("view", "said"), [("AP", "+0.10"), ("PA", "not the same known view")])
def test_the_ratio_is_subtracted_on_one_view_only(view: str, said: str) -> None:
    ratio = replace(NOW.measurements[0], value=0.47)
    html = changes_html(NOW, replace(NOW, view=view, measurements=(ratio,)), "clinician")
    assert said in row(html, "Cardiothoracic ratio")
    assert ("views differ" in html) == (view != NOW.view)
    withheld = changes_html(NOW, replace(NOW, measurements=(replace(ratio, value=None),)), "clinician")
    assert "withheld on one film" in row(withheld, "Cardiothoracic ratio")


def test_nothing_is_called_absent_better_or_gone_and_no_date_is_claimed() -> None:
    for mode in ("clinician", "patient"):
        html = changes_html(NOW, earlier(), mode)
        assert not re.search(r"absent|improv|resolved|progress|normal", html)
        assert "no date or name is read" in html
    assert not re.search(r"0\.\d\d", row(changes_html(NOW, earlier(), "patient"), "heart that looks bigger"))
