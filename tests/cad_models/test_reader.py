from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from cad_models import anatomy
from cad_models.reader import CadReader
from chatcad import imaging
from chatcad.config import load_settings
from chatcad.errors import ImageRefused
from chatcad.types import Radiograph
from chatcad.vocabulary import terms
from tests.cad_models.real_data import DATA, needs_data

STAGES = {"preprocess", "segmenter", "gate", "view", "masks", "classifier", "reporter"}


@pytest.fixture(scope="module")
def reader():
    return CadReader()


def film(name):
    settings = load_settings()
    return imaging.load(DATA / name, max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)


@pytest.mark.parametrize("grey", [0.0, 0.4])
def test_a_blank_picture_is_refused(reader, grey):
    with pytest.raises(ImageRefused, match="blank"):
        reader.read(Radiograph(np.full((300, 300), grey, dtype=np.float32), sha256="0" * 64))


@needs_data
def test_a_film_is_read_whole(reader):
    radiograph = film("originals/MCUCXR_0001_0.png")
    reading = reader.read(radiograph)
    assert reading.gate.accepted
    assert reading.masks.heart.shape == radiograph.pixels.shape
    assert reading.masks.quality > 0.5
    assert 0.3 < anatomy.widths(reading.masks).cardiothoracic_ratio < 0.75
    assert {r.label for r in reading.labels} <= set(terms())
    assert reading.draft
    assert set(reading.timings_ms) == STAGES
    assert all(len(digest) == 64 for digest in reading.weights_sha256.values())


@needs_data
def test_the_same_film_gives_the_same_reading_from_many_threads(reader):
    radiograph = film("originals/nih_00000415_001.png")
    with ThreadPoolExecutor(4) as pool:
        readings = list(pool.map(lambda _: reader.read(radiograph), range(4)))
    for reading in readings[1:]:
        assert reading.gate == readings[0].gate
        assert reading.draft == readings[0].draft
        assert [r.probability for r in reading.labels] == [r.probability for r in readings[0].labels]
        assert np.array_equal(reading.masks.heart, readings[0].masks.heart)


@needs_data
def test_many_films_read_together_give_what_each_gives_alone(reader):
    names = ["originals/nih_00000415_001.png", "ood/mednist_Hand_10.png", "originals/MCUCXR_0001_0.png"]
    films = [film(name) for name in names]
    films.insert(1, Radiograph(np.zeros((64, 80), dtype=np.float32), sha256="0" * 64))
    together = list(reader.read_many(iter(films), batch=3))
    assert [isinstance(o, ImageRefused) for o in together] == [False, True, True, False]
    assert "blank" in str(together[1]) and "not a frontal" in str(together[2])
    for outcome, one in ((together[0], films[0]), (together[3], films[3])):
        alone = reader.read(one)
        assert [r.probability for r in outcome.labels] == pytest.approx([r.probability for r in alone.labels], abs=1e-4)
        assert (outcome.masks.heart != alone.masks.heart).mean() < 1e-4
        assert (outcome.view, outcome.draft) == (alone.view, alone.draft)
        assert set(outcome.timings_ms) == STAGES


def test_no_films_give_no_readings(reader):
    assert list(reader.read_many([])) == []


@needs_data
def test_the_header_s_view_wins(reader):
    radiograph = film("originals/MCUCXR_0001_0.png")
    told = reader.read(replace(radiograph, view="AP"))
    assert (told.view, told.view_from) == ("AP", "header")
    assert reader.read(replace(radiograph, view="unknown")).view_from == "network"


@needs_data
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_film_is_refused_and_the_upright_one_read(reader, turns):
    radiograph = film("originals/MCUCXR_0001_0.png")
    with pytest.raises(ImageRefused, match=r"turn it upright|not a frontal"):
        reader.read(replace(radiograph, pixels=np.ascontiguousarray(np.rot90(radiograph.pixels, turns))))


@needs_data
@pytest.mark.parametrize("name", ["chest_pa_mono1_15bit_j2k_RG1.dcm", "chest_pa_mono2_jpeg_siim.dcm"])
def test_dicom_chest_films_are_read(reader, name):
    assert reader.read(film(f"dicom/{name}")).view == "PA"


@needs_data
@pytest.mark.parametrize(
    "name",
    [
        "chest_pa_fake_mono1_jpeg_siim.dcm", "dog_thorax_dx_mono1.dcm", "tibia_cr_mono1_10bit_j2k_lossy_RG3.dcm",
        "ct1_j2kr.dcm", "mr_small.dcm",
    ],
)  # fmt: skip
def test_dicom_look_alikes_are_refused(reader, name):
    with pytest.raises(ImageRefused):
        reader.read(film(f"dicom/{name}"))


@needs_data
def test_greying_a_part_out_leaves_the_film_alone_and_moves_scores_by_that_part(reader):
    radiograph = film("originals/nih_00009107_006.png")
    before = radiograph.pixels.copy()
    reading = reader.read(radiograph)
    scores = reader.occluded(radiograph, reading.masks, reading.view, (0.45, 0.45, 0.75, 0.8))
    corner = reader.occluded(radiograph, reading.masks, reading.view, (0.0, 0.0, 0.05, 0.05))
    read = {r.label: r.probability for r in reading.labels if r.probability is not None}
    assert np.array_equal(radiograph.pixels, before)
    assert {label: p for label, (p, _) in scores.items()} == pytest.approx(read, abs=0.005)
    assert abs(np.subtract(*scores["Cardiomegaly"])) > 2 * abs(np.subtract(*corner["Cardiomegaly"]))
