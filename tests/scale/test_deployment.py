"""The real deployment: what it says is what the networks say in this process, and refusals stay refusals."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest

from cad_models.reader import CadReader
from chatcad.batches import read_films
from chatcad.config import load_settings
from chatcad.errors import ImageRefused
from chatcad.pipeline import read_film
from chatcad.scale import open_networks
from tests.cad_models.real_data import DATA

NAMES = ("originals/nih_00000415_001.png", "ood/mednist_Hand_10.png", "originals/MCUCXR_0001_0.png")
pytestmark = pytest.mark.scale


@pytest.fixture(scope="module")
def networks(deployment):
    from dataclasses import replace

    return open_networks(replace(load_settings(), cad=deployment))


def test_films_read_there_are_what_they_are_here(networks):
    settings, paths = load_settings(), [DATA / name for name in NAMES]
    there = list(read_films(paths * 3, networks, settings))
    here = list(read_films(paths, CadReader(), settings))
    assert [isinstance(o, ImageRefused) for o in there] == [False, True, False] * 3
    for a, b in zip(there, here * 3, strict=True):
        if isinstance(a, ImageRefused):
            assert str(a) == str(b)
            continue
        for one, other in zip(a.findings, b.findings, strict=True):
            assert (one.label, one.state, one.band, one.side) == (other.label, other.state, other.band, other.side)
            assert one.probability == pytest.approx(other.probability, abs=1e-6)
        assert (a.draft_report, a.radiograph.sha256) == (b.draft_report, b.radiograph.sha256)
        assert [m.value for m in a.measurements] == [m.value for m in b.measurements]
        assert np.array_equal(a.masks.heart, b.masks.heart)
        assert a.run.weights_sha256 == b.run.weights_sha256


def test_many_visitors_at_once_each_get_their_own_film(networks):
    settings, paths = load_settings(), [DATA / NAMES[0], DATA / NAMES[2]] * 6
    with ThreadPoolExecutor(6) as pool:
        studies = list(pool.map(lambda p: read_film(p, networks, settings), paths))
    assert {len({s.draft_report for s in studies[i::2]}) for i in (0, 1)} == {1}
    assert studies[0].masks.heart.shape != studies[1].masks.heart.shape


def test_a_marked_part_weighs_there_what_it_weighs_here(networks):
    study = read_film(DATA / NAMES[2], networks, load_settings())
    asked = (study.radiograph, study.masks, study.view, (0.1, 0.1, 0.5, 0.9))
    there, here = networks.occluded(*asked), CadReader().occluded(*asked)
    assert there.keys() == here.keys() and there
    assert all(there[label] == pytest.approx(here[label], abs=1e-6) for label in here)


def test_what_is_no_film_is_answered_and_harms_nobody(deployment, networks):
    assert httpx.post(deployment, content=b"\x80\x04K\x01.").status_code == 400
    assert read_film(DATA / NAMES[0], networks, load_settings()).gate.accepted
