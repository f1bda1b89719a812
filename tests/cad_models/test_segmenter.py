import numpy as np
import pytest
import torch

from cad_models import anatomy, registry
from cad_models.segmenter import SIZE, STRUCTURES, Encoder, Segmenter, run
from cad_models.training.data import films, read_masks, read_square
from tests.cad_models.real_data import DATA, needs_data


def test_maps_come_at_strides_4_to_32():
    maps = Encoder(widths=(8, 12, 16, 20))(torch.zeros(2, 1, 64, 96))
    assert [tuple(m.shape) for m in maps] == [(2, 8, 16, 24), (2, 12, 8, 12), (2, 16, 4, 6), (2, 20, 2, 3)]


def test_logits_have_the_film_s_grid():
    assert Segmenter(widths=(8, 12, 16, 20))(torch.zeros(1, 1, 64, 64)).shape == (1, len(STRUCTURES), 64, 64)


@needs_data
def test_shipped_network_outlines_a_film_that_it_has_not_seen():
    film = next(f for f in films(DATA, ["jsrt"]) if f.split == "test")
    truth = read_masks(film, SIZE)
    _, _, logits = run(registry.load("segmenter"), read_square(film, SIZE))
    cleaned = anatomy.clean(logits.sigmoid()[0].numpy()) > 0.5
    for found, true in zip(cleaned, (truth.right_lung, truth.left_lung, truth.heart), strict=True):
        assert 2 * (found & true).sum() / (found.sum() + true.sum()) > 0.9
    assert anatomy.quality(*cleaned) > 0.5


@needs_data
@pytest.mark.parametrize("source", ["nih", "hannover", "kermany"])
def test_hearts_of_other_hospitals_are_plausible(source):
    some = [f for f in films(DATA, [source]) if f.split == "test"][:8]
    qualities = []
    for film in some:
        _, _, logits = run(registry.load("segmenter"), read_square(film, SIZE))
        qualities.append(anatomy.quality(*(anatomy.clean(logits.sigmoid()[0].numpy()) > 0.5)))
    assert np.median(qualities) > 0.8
