import numpy as np
import pytest
import torch

from cad_models import registry
from cad_models.features import N_FEATURES, LinearHead, film_features
from cad_models.gate import CLASSES, REASONS, FilmGate, blank
from cad_models.preprocess import to_square
from cad_models.segmenter import SIZE, run
from cad_models.training.data import films, read_pixels, read_square
from cad_models.training.pictures import photographed
from tests.cad_models.real_data import DATA, needs_data


def judge(pixels):
    film, maps, logits = run(registry.load("segmenter"), to_square(np.ascontiguousarray(pixels), SIZE))
    features = film_features(film, maps, logits)
    assert features.shape == (1, N_FEATURES)
    return registry.load("gate").judge(features)


@pytest.mark.parametrize("grey", [0.0, 0.5, 1.0])
def test_one_grey_is_blank(grey):
    refused = blank(np.full((40, 40), grey, dtype=np.float32))
    assert not refused.accepted
    assert "blank" in refused.reason


def test_a_picture_is_not_blank():
    assert blank(np.linspace(0, 1, 1600, dtype=np.float32).reshape(40, 40)) is None


def test_noise_is_refused_with_a_reason():
    gate = judge(np.random.default_rng(0).random((300, 280), dtype=np.float32))
    assert not gate.accepted
    assert gate.reason in REASONS.values()


def gate_that_says(name):
    head = LinearHead(len(CLASSES))
    torch.nn.init.zeros_(head.linear.weight)
    head.linear.bias.data = torch.tensor([5.0 if c == name else 0.0 for c in CLASSES])
    return FilmGate(head), torch.zeros(1, N_FEATURES)


def test_a_photograph_is_read_with_a_remark():
    gate, features = gate_that_says("photographed")
    assert gate.judge(features).accepted
    assert "photographed" in gate.remarks(features)[0]


def test_a_film_is_read_without_a_remark():
    gate, features = gate_that_says("frontal")
    assert gate.judge(features).accepted
    assert gate.remarks(features) == ()


@pytest.mark.parametrize("name", ["inverted", "turned_left", "other"])
def test_the_rest_is_refused_in_its_own_words(name):
    gate, features = gate_that_says(name)
    assert gate.judge(features).reason == REASONS[name]


@needs_data
def test_most_photographs_of_films_are_remarked_on():
    rng, gate = np.random.default_rng(0), registry.load("gate")
    some = [f for f in films(DATA, ["nih"]) if f.split == "test"][:12]
    remarked = 0
    for film in some:
        picture, maps, logits = run(registry.load("segmenter"), photographed(read_square(film, SIZE), rng))
        remarked += bool(gate.remarks(film_features(picture, maps, logits)))
    assert remarked >= len(some) - 3


@needs_data
@pytest.mark.parametrize("source", ["nih", "shenzhen", "jsrt", "hannover", "kermany"])
def test_frontal_films_of_every_source_pass(source):
    some = [f for f in films(DATA, [source]) if f.split == "test"][:10]
    assert sum(judge(read_square(f, SIZE)).accepted for f in some) >= len(some) - 1


@needs_data
@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda p: 1 - p, "inverted"),
        (lambda p: np.rot90(p, -1), "clockwise"),
        (np.rot90, "counterclockwise"),
        (lambda p: p[::-1], "upside down"),
        (lambda p: p[::-1, ::-1], "upside down"),
    ],
)
def test_spoilt_films_are_refused_for_the_right_reason(spoil, word):
    some = [f for f in films(DATA, ["nih"]) if f.split == "test"][:12]
    gates = [judge(spoil(read_pixels(f))) for f in some]
    assert sum(not g.accepted for g in gates) >= len(some) - 1
    assert sum(word in (g.reason or "") for g in gates) >= len(some) - 3


@needs_data
@pytest.mark.parametrize("kind", ["covid_lateral", "photo", "xray_lower_leg", "mednist_Hand", "covid_ct"])
def test_real_foreign_pictures_are_refused(kind):
    from PIL import Image

    for file in sorted((DATA / "ood").glob(f"{kind}*"))[:5]:
        with Image.open(file) as picture:
            assert not judge(np.asarray(picture.convert("L"), dtype=np.float32) / 255).accepted, file.name
