"""What the tables say, and that nothing in them can act."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from chatcad.ui import tables, viewer
from chatcad.ui.overlay import Layers

from .fake import study

HOSTILE = "<script>alert(1)</script>${alert(1)}{{alert}}"


def rows(html: str) -> list[str]:
    return [re.sub(r"<[^>]+>", "|", r) for r in re.findall(r"<tbody>(.*?)</tbody>", html, re.S)[0].split("</tr>")][:-1]


def test_flagged_findings_come_first_and_states_are_said_in_words() -> None:
    said = rows(tables.findings_html(study(), "clinician"))
    assert [re.search(r"F\d", r).group() for r in said] == ["F1", "F2", "F3", "F4"]
    for row, words in zip(said, ["likely", "possible", "not flagged", "unlikely"], strict=True):
        assert words in row


def test_each_finding_is_a_button_that_names_it() -> None:
    picks = re.findall(
        r'<button type="button" class="pick" data-finding="(F\d)"', tables.findings_html(study(), "patient")
    )
    assert picks == ["F1", "F2", "F3", "F4"]


def test_a_weak_detector_is_possible_at_most_whatever_its_band() -> None:
    loud = replace(study().findings[1], band="definite", probability=0.97)
    assert tables.state_of(loud) == "possible"


def test_not_assessed_is_named_apart_and_never_called_absent() -> None:
    html = tables.findings_html(study(), "clinician")
    assert re.search(r"Not assessed</b>, neither cleared nor flagged: fracture, pneumothorax\.", html)
    assert "absent" not in re.sub(r'class="[^"]*"', "", html)


def test_a_patient_sees_words_without_numbers() -> None:
    html = tables.findings_html(study(), "patient")
    assert "A heart that looks bigger than usual" in html
    assert not re.search(r"\d\.\d", html)


def test_measurement_row_gives_value_reference_and_caveat_or_says_withheld() -> None:
    assert all(t in tables.measurements_html(study()) for t in ("0.57", "≤ 0.50 on PA", "this is an AP film"))
    withheld = replace(study(), measurements=(replace(study().measurements[0], value=None),))
    assert "withheld" in tables.measurements_html(withheld)


@pytest.mark.parametrize(
    "html",
    [
        tables.notice_html(HOSTILE, "error"),
        tables.remarks_html(replace(study(), radiograph=replace(study().radiograph, warnings=(HOSTILE,)))),
        tables.measurements_html(replace(study(), measurements=(replace(study().measurements[0], caveat=HOSTILE),))),
        tables.small_print_html(replace(study(), run=replace(study().run, versions={HOSTILE: HOSTILE}))),
    ],
)
def test_hostile_text_is_inert_in_html_and_in_gradios_templates(html: str) -> None:
    assert "<script" not in html
    assert "${" not in html
    assert "{{" not in html
    assert "alert(1)" in html  # shown, not swallowed


def test_figure_carries_its_own_pixels_and_a_legend_for_each_layer() -> None:
    layers = Layers(lungs=True, heart=True, widths=True, heat="Effusion")
    html = viewer.figure_html(study(), layers)
    assert re.search(r'src="data:image/jpeg;base64,[A-Za-z0-9+/]{500,}', html)
    assert "http" not in html
    assert 'alt="Frontal chest film, view AP, with lung outlines, heart outline, heat map of pleural effusion' in html
    for word in ("solid line", "dashed line", "bars with ends", "white ring"):
        assert word in html
    assert "dashed line" not in viewer.figure_html(study(), Layers())


def test_prior_line_names_what_may_be_compared() -> None:
    assert "cardiothoracic ratio 0.57" in tables.prior_html(study())


def test_an_urgent_banner_stands_only_for_an_assessed_finding_that_needs_help_now() -> None:
    assert tables.urgent_html(study(), "clinician") == ""
    air = replace(study().findings[5], state="present", reliability="assessed", band="likely", probability=0.7)
    alarmed = replace(study(), findings=(*study().findings[:5], air))
    banner = tables.urgent_html(alarmed, "clinician")
    assert 'role="alert"' in banner
    assert "Pneumothorax: likely (F6)" in banner
    assert "collapsed" in tables.urgent_html(alarmed, "patient") or "air" in tables.urgent_html(alarmed, "patient")
    weak = replace(alarmed, findings=(*study().findings[:5], replace(air, reliability="weak", state="uncertain")))
    assert tables.urgent_html(weak, "clinician") == ""


def test_the_chosen_finding_is_pressed_and_each_fact_can_be_found_by_its_mark() -> None:
    html = tables.findings_html(study(), "patient", "Effusion")
    assert re.findall(r'data-finding="(F\d)" aria-pressed="true"', html) == ["F2"]
    assert 'data-fact="F5 F6"' in html
    assert 'data-fact="M1"' in tables.measurements_html(study())


def test_a_curve_is_drawn_where_it_was_measured_for_these_weights() -> None:
    html = tables.findings_html(study(), "clinician")
    assert html.count('<svg class="curve" role="img"') == 3
    assert html.count("no curve was measured") == 1
    other = replace(study(), run=replace(study().run, weights_sha256={"classifier": "b" * 64}))
    assert "<svg" not in tables.findings_html(other, "clinician")
    assert "<svg" not in tables.findings_html(study(), "patient")
