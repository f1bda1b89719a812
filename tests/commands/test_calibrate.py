"""``calibrate``: manifests, refusals, and what is written; films are read for real in one slow test."""

import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest

from cad_models import local, registry
from cad_models.recalibration import Heard
from chatcad.cli import build_parser, main
from chatcad.commands import calibrate
from chatcad.errors import UsageError
from tests.cad_models.real_data import DATA, needs_data


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CHATCAD_CACHE", str(tmp_path / "cache"))


def arguments(manifest, *more):
    return build_parser().parse_args(["calibrate", "classifier", "--manifest", str(manifest), *more])


def write(folder, rows, columns=("path", "patient", "Effusion", "Edema", "age")):
    file = folder / "manifest.csv"
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows([columns, *rows])
    return file


def test_a_manifest_is_read(tmp_path):
    file = write(tmp_path, [("a.png", "7", "1", "", "60"), ("sub/b.png", "8", "0", "1.0", "")])
    first, second = calibrate.read_manifest(file, arguments(file))
    assert first.path == tmp_path / "a.png" and first.patient == "7" and first.normal is None
    assert first.truth == {"Effusion": True, "Edema": None} and second.truth == {"Effusion": False, "Edema": True}


def test_label_columns_can_be_chosen(tmp_path):
    file = write(tmp_path, [("a.png", "7", "1", "", "60")])
    (row,) = calibrate.read_manifest(file, arguments(file, "--label-columns", "Edema"))
    assert list(row.truth) == ["Edema"]


@pytest.mark.parametrize(
    ("rows", "more", "message"),
    [
        ([], (), "no rows"),
        ([("a", "1", "maybe", "", "")], (), "line 2: Effusion is 'maybe'"),
        ([("a", "1", "1", "", "")], ("--patient-column", "person"), "no column 'person'"),
        ([("a", "1", "1", "", "")], ("--label-columns", "Fracture"), "no column 'Fracture'"),
    ],
)
def test_a_wrong_manifest_is_a_usage_error(tmp_path, rows, more, message):
    file = write(tmp_path, rows)
    with pytest.raises(UsageError, match=message):
        calibrate.read_manifest(file, arguments(file, *more))


def test_only_classifiers_can_be_calibrated(capsys, tmp_path):
    assert main(["calibrate", "segmenter", "--manifest", str(tmp_path / "none.csv")]) == 2
    assert "only classifiers" in capsys.readouterr().err


def listened(rows):
    """Stand in for reading films: scores of a good detector of effusion, none for edema."""
    rng = np.random.default_rng(0)
    return [
        (row, Heard({"Effusion": 3.0 * bool(row.truth["Effusion"]) + rng.normal(), "Edema": 0.0}, None, rng.random(74)))
        for row in rows
    ]


@pytest.fixture
def quick(monkeypatch):
    """No network is loaded and no film read."""
    monkeypatch.setattr(registry, "load", lambda _: SimpleNamespace(points={}))
    monkeypatch.setattr(calibrate, "_listen", lambda _, rows, __: listened(rows))


def test_what_is_written_holds_for_these_weights_and_is_used(capsys, tmp_path, quick):
    rows = [(f"{i}.png", f"p{i}", "01"[i % 3 == 0], "01"[i % 50 == 1], "") for i in range(120)]
    assert main(["calibrate", "classifier", "--manifest", str(write(tmp_path, rows))]) == 0
    out = capsys.readouterr().out
    stored = json.loads(local.calibration_file("classifier").read_text())
    assert stored["weights_sha256"] == registry.get("classifier").sha256
    assert stored["films"] == stored["patients"] == 120
    assert [p["label"] for p in stored["labels"]] == ["Effusion"]
    assert "20 are needed" in stored["left_out"]["Edema"] and "left out" in out
    assert "AUROC" in out and "ECE" in out
    assert local.is_calibrated("classifier")
    assert local.classifier("classifier").points["Effusion"].threshold == stored["labels"][0]["threshold"]


def test_nothing_is_written_when_every_label_has_too_few_films(capsys, tmp_path, quick):
    rows = [(f"{i}.png", f"p{i}", "01"[i % 3 == 0], "0", "") for i in range(30)]
    assert main(["calibrate", "classifier", "--manifest", str(write(tmp_path, rows))]) == 2
    assert "10 films with it, 20 are needed" in capsys.readouterr().err
    assert not local.calibration_file("classifier").exists()


@needs_data
@pytest.mark.slow
def test_real_films_are_read_and_calibrate_the_embedded_classifier(capsys):
    code = main(
        ["calibrate", "classifier", "--manifest", str(DATA / "nih_manifest.csv"), "--path-column", "image",
         "--patient-column", "patient_id", "--label-columns", "Effusion", "--trained-on"]
    )  # fmt: skip
    assert code == 0
    (point,) = json.loads(local.calibration_file("classifier").read_text())["labels"]
    assert point["reliability"] != "assessed" and point["held_out_auroc"][0] > 0.5
