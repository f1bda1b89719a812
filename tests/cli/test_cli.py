"""The command line with the embedded networks and a scripted language model: shapes and exit codes."""

import csv
import json
import shutil

import pytest

from chatcad.cli import main
from chatcad.config import load_settings
from chatcad.pipeline import ChatCAD

DATA = load_settings().data
FILM = DATA / "originals" / "nih_00009107_006.png"
needs_data = pytest.mark.skipif(not FILM.is_file(), reason=f"no data folder at {DATA}: set CHATCAD_DATA")


@pytest.fixture
def scripted(monkeypatch):
    monkeypatch.setenv("CHATCAD_BACKEND", "scripted")
    monkeypatch.delenv("CHATCAD_MODEL", raising=False)


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@needs_data
def test_analyse_json_and_overlay(capsys, tmp_path):
    overlay = tmp_path / "overlay.png"
    code, out, _ = run(capsys, "analyse", FILM, "--json", "--overlay", overlay)
    study = json.loads(out)
    assert code == 0
    assert study["gate"]["accepted"] is True
    assert overlay.stat().st_size > 10_000
    states = {f["state"] for f in study["findings"]}
    assert states <= {"present", "uncertain", "not_flagged", "absent", "not_assessed"}
    for finding in study["findings"]:
        assert (finding["probability"] is None) == (finding["state"] == "not_assessed")
        if finding["reliability"] == "weak":
            assert finding["state"] in {"uncertain", "not_flagged"}
    assert study["measurements"][0]["name"] == "cardiothoracic_ratio"


@needs_data
@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_ask_is_one_conversation(capsys, scripted, mode):
    questions = ("Is the heart enlarged?", "How sure are you?")
    code, out, _ = run(capsys, "ask", FILM, *questions, "--mode", mode, "--json", "--context", "cough for a week")
    answer = json.loads(out)
    assert code == 0
    assert [t["question"] for t in answer["turns"]] == list(questions)
    assert all(
        set(c["for"]) <= {f["id"] for f in (*answer["study"]["findings"], *answer["study"]["measurements"])}
        for c in answer["differential"]
    )
    assert all(t["mode"] == mode and t["sentences"] and t["prompt_sha256"] for t in answer["turns"])
    ids = {f["id"] for f in answer["study"]["findings"]} | {m["id"] for m in answer["study"]["measurements"]}
    for turn in answer["turns"]:
        cited = {c["id"] for c in turn["citations"]}
        assert all(set(s["support"]) <= ids | cited for s in turn["sentences"])
        assert "esearch tool" in turn["answer"]


@needs_data
def test_answers_are_shown_where_their_record_cannot_be_written(capsys, scripted, tmp_path):
    code, out, err = run(
        capsys, "ask", str(FILM), "Is the heart enlarged?", "--record", str(tmp_path / "no" / "a.json")
    )
    assert code == 2
    assert "cardiothoracic ratio" in out
    assert "can't be written" in err


def test_a_context_that_is_no_fhir_is_refused_before_any_model_is_loaded(capsys, monkeypatch):
    monkeypatch.setattr("chatcad.pipeline.ChatCAD.open", lambda settings: pytest.fail("a model was loaded"))
    code, _, error = run(capsys, "ask", __file__, "Why?", "--context", '{"a": 1}')
    assert (code, error.count("\n")) == (2, 1)
    assert "resourceType" in error


def test_a_language_that_is_not_there_is_refused_before_any_model_is_loaded(capsys, monkeypatch):
    monkeypatch.setattr("chatcad.pipeline.ChatCAD.open", lambda _: pytest.fail("a model was loaded"))
    code, _, err = run(capsys, "ask", "film.png", "Que voyez-vous ?", "--language", "fr")
    assert code == 2
    assert "choose from en (English), de (German), es (Spanish)" in err


@needs_data
def test_report_to_a_folder(capsys, scripted, tmp_path):
    code, out, _ = run(capsys, "report", FILM, "--design", "P1", "--out", tmp_path)
    assert code == 0
    text = (tmp_path / out.strip().rsplit("/", 1)[1]).read_text()
    assert "not a medical device" in text
    assert "## Impression" in text


@needs_data
def test_batch_writes_a_row_a_film_and_resumes(capsys, tmp_path):
    folder, out = tmp_path / "films", tmp_path / "results.csv"
    folder.mkdir()
    shutil.copy(FILM, folder / "a.png")
    (folder / "b.dcm").write_text("not a film")
    assert run(capsys, "batch", folder, "--out", out)[0] == 0
    shutil.copy(FILM, folder / "c.png")
    assert run(capsys, "batch", folder, "--out", out)[0] == 0
    rows = list(csv.DictReader(out.open()))
    assert [(r["path"], r["accepted"]) for r in rows] == [("a.png", "True"), ("b.dcm", "False"), ("c.png", "True")]
    assert rows[1]["reason"]
    assert rows[0]["Fracture_state"] == "not_assessed"
    assert rows[0]["Fracture_probability"] == ""
    assert 0.3 < float(rows[0]["cardiothoracic_ratio"]) < 0.9


@needs_data
def test_batch_writes_parquet_and_a_report_a_film(capsys, tmp_path):
    from pyarrow import parquet

    folder, out = tmp_path / "films", tmp_path / "results.parquet"
    folder.mkdir()
    shutil.copy(FILM, folder / "a.png")
    (folder / "b.dcm").write_text("not a film")
    assert run(capsys, "batch", folder, "--out", out, "--export", "fhir,seg")[0] == 0
    first, second = parquet.read_table(out).to_pylist()
    assert (first["accepted"], second["accepted"]) == (True, False)
    assert first["Fracture_probability"] is None
    assert first["Fracture_state"] == "not_assessed"
    printed = run(capsys, "analyse", FILM, "--json")[1]
    assert first["cardiothoracic_ratio"] == json.loads(printed)["measurements"][0]["value"]
    assert {p.name.split("-")[0] for p in (tmp_path / "results-reports").iterdir()} == {"report", "film", "seg"}


@needs_data
@pytest.mark.parametrize("name", ["ood/mednist_Hand_10.png", "ood/ct_693.png", "ood/photo_astronaut.png"])
def test_other_pictures_are_refused(capsys, name):
    code, out, err = run(capsys, "analyse", DATA / name)
    assert (code, out) == (3, "")
    assert err.startswith("chatcad: ")
    assert err.count("\n") == 1


def test_a_text_file_named_dcm_is_refused(capsys, tmp_path):
    file = tmp_path / "film.dcm"
    file.write_text("this is no film")
    code, out, err = run(capsys, "analyse", file)
    assert (code, out) == (3, "")
    assert err.count("\n") == 1


def test_a_missing_file_is_refused(capsys, tmp_path):
    assert run(capsys, "analyse", tmp_path / "nowhere.png")[0] == 3


def test_a_wrong_path_is_told_before_any_model_loads(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(ChatCAD, "open", lambda *_: pytest.fail("a model was loaded for a film that isn't there"))
    code, _, err = run(capsys, "ask", tmp_path / "nowhere.png", "Is the heart enlarged?")
    assert (code, err.count("\n")) == (3, 1)


@pytest.mark.parametrize("backend", ["transformers", "openai"])
def test_a_missing_backend_says_the_remedy(capsys, monkeypatch, tmp_path, backend):
    monkeypatch.delenv("CHATCAD_MODEL", raising=False)
    monkeypatch.delenv("CHATCAD_BASE_URL", raising=False)
    code, _, err = run(capsys, "ask", __file__, "Anything?", "--backend", backend)
    assert code == 4
    assert "CHATCAD_" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["ask", "film.png"],
        ["contact-sheet", "films", "--out", "sheet.png", "--n", "0"],
        ["sessions", "erase", "--older-than", "-3"],  # would erase everything
        ["sessions", "erase", "--older-than", "nan"],
    ],
)
def test_wrong_usage_is_2(arguments):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2


def test_an_unknown_format_is_told_before_any_model_loads(capsys, monkeypatch):
    monkeypatch.setattr(ChatCAD, "open", lambda *_: pytest.fail("a model was loaded for a format that isn't there"))
    code, _, err = run(capsys, "report", "film.png", "--export", "sr,docx")
    assert code == 2
    assert "'docx'" in err
    assert "sr, seg, sc" in err


def test_an_unknown_benchmark_is_wrong_usage(capsys):
    code, _, err = run(capsys, "eval", "nothing")
    assert code == 2
    assert "latency" in err


def test_a_setting_of_the_wrong_kind_is_wrong_usage(capsys, monkeypatch):
    monkeypatch.setenv("CHATCAD_PORT", "many")
    code, _, err = run(capsys, "doctor")
    assert code == 2
    assert "CHATCAD_PORT" in err


def test_doctor_and_models_list(capsys):
    code, out, _ = run(capsys, "doctor")
    assert code == 0
    assert "network segmenter" in out
    assert "language model embedded" in out
    code, out, _ = run(capsys, "models", "list")
    assert code == 0
    assert "no commercial use" in out


def test_models_get_and_use(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("CHATCAD_CACHE", str(tmp_path))
    assert run(capsys, "models", "get", "segmenter")[0] == 0
    assert run(capsys, "models", "use", "segmenter")[0] == 0
    assert json.loads((tmp_path / "networks.json").read_text())["segmenter"] == "segmenter"
    assert run(capsys, "models", "use", "nothing")[0] == 2


def test_listing_the_registry_imports_no_torch():
    import subprocess
    import sys

    code = "import sys, cad_models.registry as r; r.entries(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@needs_data
def test_ask_of_a_marked_part(capsys, scripted):
    questions = ("what is here?", "how large is the heart?")
    code, out, _ = run(capsys, "ask", FILM, *questions, "--region", "0.2,0.45,0.4,0.68", "--json")
    here, heart = json.loads(out)["turns"]
    assert code == 0
    assert (here["intent"], heart["intent"]) == ("region", "measurement")
    assert heart["region"] is None
    region = here["region"]
    assert region["box"] == [0.2, 0.45, 0.4, 0.68]
    assert (region["side"], region["zone"]) == ("right", "lower")
    assert region["shares"]["right_lung"] > 0.5
    assert all(0 <= p <= 1 for both in region["scores"].values() for p in both)
    assert here["sentences"][0]["support"] == ["R1"]


def test_a_part_outside_the_film_is_wrong_usage(capsys, tmp_path):
    film = tmp_path / "film.png"
    film.write_bytes(b"never read")
    code, _, err = run(capsys, "ask", film, "what is here?", "--region", "0.2,1.45")
    assert code == 2
    assert "fractions of the film" in err
