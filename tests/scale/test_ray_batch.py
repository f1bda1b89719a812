"""A folder read by Ray Data gives the rows that this process gives, and goes on where it was stopped."""

import csv
import shutil

import pytest

from chatcad.cli import main
from tests.cad_models.real_data import DATA, needs_data

pytest.importorskip("ray", reason="the extras are not installed: make scale-test")
NAMES = ("originals/nih_00000415_001.png", "ood/mednist_Hand_10.png", "originals/MCUCXR_0001_0.png")
pytestmark = [pytest.mark.scale, needs_data]


def rows_of(table):
    with table.open(newline="") as file:
        return {r["path"]: {k: v for k, v in r.items() if k != "ms"} for r in csv.DictReader(file)}


def test_rows_are_those_of_this_process_and_a_stopped_run_goes_on(tmp_path, capsys):
    import ray

    folder = tmp_path / "films"
    folder.mkdir()
    for name in NAMES:
        shutil.copy(DATA / name, folder)
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    assert main(["batch", str(folder), "--out", str(here)]) == 0
    lines = here.read_text().splitlines(keepends=True)
    there.write_text("".join(lines[:2]))  # as if it had been stopped after the first film
    try:
        assert main(["batch", str(folder), "--out", str(there), "--engine", "ray"]) == 0
    finally:
        ray.shutdown()
    assert there.read_text().startswith("".join(lines[:2]))
    assert len(there.read_text().splitlines()) == len(NAMES) + 1
    assert rows_of(there) == rows_of(here)
