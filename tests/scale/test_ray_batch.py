"""A batch read by Ray Data gives the rows that this process gives, and goes on where it was stopped."""

import csv
import shutil

import pytest

from chatcad.cli import main
from tests.cad_models.real_data import DATA, needs_data
from tests.network.dicomweb_server import Service

pytest.importorskip("ray", reason="the extras are not installed: make scale-test")
NAMES = ("originals/nih_00000415_001.png", "ood/mednist_Hand_10.png", "originals/MCUCXR_0001_0.png")
pytestmark = [pytest.mark.scale, needs_data]


def rows_of(table):
    with table.open(newline="") as file:
        return {r["path"]: {k: v for k, v in r.items() if k != "ms"} for r in csv.DictReader(file)}


@pytest.fixture
def stopped():
    import ray

    yield
    ray.shutdown()


def test_rows_are_those_of_this_process_and_a_stopped_run_goes_on(tmp_path, stopped):
    folder = tmp_path / "films"
    folder.mkdir()
    for name in NAMES:
        shutil.copy(DATA / name, folder)
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    assert main(["batch", str(folder), "--out", str(here)]) == 0
    lines = here.read_text().splitlines(keepends=True)
    there.write_text("".join(lines[:2]))  # as if it had been stopped after the first film
    assert main(["batch", str(folder), "--out", str(there), "--engine", "ray"]) == 0
    assert there.read_text().startswith("".join(lines[:2]))
    assert len(there.read_text().splitlines()) == len(NAMES) + 1
    assert rows_of(there) == rows_of(here)


def test_each_process_fetches_its_own_films_from_a_dicomweb_service(tmp_path, stopped):
    service = Service()
    names = ("chest_pa_mono1_15bit_j2k_RG1.dcm", "chest_pa_mono2_jpeg_siim.dcm", "dog_thorax_dx_mono1.dcm")
    for number, name in enumerate(names):
        service.add(number, (DATA / "dicom" / name).read_bytes())
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    assert main(["batch", service.url, "--out", str(here)]) == 0
    assert main(["batch", service.url, "--out", str(there), "--engine", "ray"]) == 0
    assert rows_of(there) == rows_of(here)
    assert {row["accepted"] for row in rows_of(here).values()} == {"True", "False"}
