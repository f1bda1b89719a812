"""Reports on the command line: they go in, are found beside a film, and go out again."""

import json

import pytest

from chatcad import cases
from chatcad.cli import main
from chatcad.config import load_settings
from chatcad.export import worded
from chatcad.export.markdown import as_markdown
from chatcad.serialise import cases_to_json
from chatcad.types import Turn
from tests.factories import make_study


@pytest.fixture(autouse=True)
def store(monkeypatch, tmp_path):
    monkeypatch.setenv("CHATCAD_CACHE", str(tmp_path / "cache"))
    return tmp_path


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    return code, *capsys.readouterr()


def test_reports_go_in_are_listed_found_and_go_out(capsys, store):
    path = store / "reports.jsonl"
    path.write_text(
        '{"text": "Name: Zebedee\\nCardiomegaly is likely. Right pleural effusion is possible."}\n"No mass."'
    )
    code, out, _ = run(capsys, "knowledge", "add", "--reports", path)
    assert code == 0
    assert out.startswith("2 reports added")
    assert "left out: 1 header lines" in out
    _, out, _ = run(capsys, "knowledge", "list", "--reports", "--json")
    assert [row["origin"] for row in json.loads(out)] == ["archive", "archive"]
    assert "Zebedee" not in out
    found = cases.similar(make_study(), load_settings())
    assert [c.origin for c in found] == ["archive"]
    code, out, _ = run(capsys, "knowledge", "remove", found[0].key)
    assert out == f"{found[0].key}: 1 reports removed\n"
    assert run(capsys, "knowledge", "remove", "--reports", path)[1] == f"{path}: 1 reports removed\n"
    code, _, err = run(capsys, "knowledge", "remove", "--reports", path)
    assert code == 2
    assert "was not added" in err


def test_nothing_usable_is_wrong_usage(capsys, store):
    assert run(capsys, "knowledge", "add", "--reports", store / "none")[0] == 2


def test_the_report_shows_them_as_other_films(store):
    study = make_study()
    found = cases.similar(study, load_settings())
    turn = Turn("?", (), (), "clinician", "summary", (), False, 0.0, "", "scripted")
    text = as_markdown(worded(study, turn, found))
    assert "nothing in them is a fact of this film" in text
    assert all(c.text in text for c in found)
    assert "## Similar cases" not in as_markdown(worded(study, turn))


def test_the_json_has_id_origin_score_and_labels(store):
    (first, *_) = cases_to_json(cases.similar(make_study(), load_settings()))
    assert set(first) == {"id", "origin", "score", "shared", "extra", "text"}
    assert (first["origin"], first["shared"]) == ("simulated", ["Cardiomegaly", "Effusion", "Tuberculosis"])
