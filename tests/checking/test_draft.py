"""The drafted report: nothing false stays, nothing true is missing."""

from chatcad.checking import check_draft
from chatcad.checking.claims import parse_claims
from chatcad.checking.facts import contradiction
from tests.factories import make_study


def lines_of(draft):
    return check_draft(make_study(draft=draft), {}).draft_report.splitlines()


def test_false_lines_are_struck_and_true_ones_kept():
    false = "Pleural effusion is likely on the left side. There is no fracture. The lungs are clear."
    lines = lines_of(f"Cardiomegaly is likely. {false}")
    assert lines[0] == "Cardiomegaly is likely."
    report = "\n".join(lines)
    assert "left" not in report
    assert "no fracture" not in report
    assert "clear" not in report.replace("cleared", "")


def test_every_fact_is_told_and_none_contradicted():
    study = check_draft(make_study(draft="The trachea is midline. Large right pneumothorax."), {"load": 1.0})
    told = [c for line in study.draft_report.splitlines() for c in parse_claims(line)]
    assert {c.label for c in told} == {f.label for f in study.findings}
    assert all(contradiction(c, study) is None for c in told)
    assert "0.57" in study.draft_report
    assert "trachea" not in study.draft_report
    assert study.run.timings_ms["load"] == 1.0


def test_a_wrong_ratio_is_struck():
    assert "0.41" not in "\n".join(lines_of("The cardiothoracic ratio is 0.41."))
    assert "The cardiothoracic ratio is 0.57." in lines_of("The cardiothoracic ratio is 0.57.")
    assert "within" not in "\n".join(lines_of("The cardiothoracic ratio is 0.57, within the reference."))
