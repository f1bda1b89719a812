import numpy as np
import pytest
from scipy import ndimage

from cad_models.labels import LABELS
from cad_models.training.data import films, read_masks, read_square
from cad_models.training.painting.canvas import Anatomy
from cad_models.training.painting.heart import ratio, resize_heart
from cad_models.training.painting.pairs import PAINTERS, paint_pair
from tests.cad_models.real_data import DATA, needs_data

SIZE = 224


def phantom() -> tuple[np.ndarray, Anatomy]:
    """Two elliptic lungs, dark and mottled, with a heart between them."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    right = ((rows - 110) / 75) ** 2 + ((columns - 65) / 36) ** 2 < 1
    left = ((rows - 110) / 75) ** 2 + ((columns - 160) / 34) ** 2 < 1
    heart = (((rows - 135) / 38) ** 2 + ((columns - 118) / 34) ** 2 < 1) & ~right
    left &= ~heart
    noise = np.random.default_rng(0).normal(0, 0.03, (SIZE, SIZE))
    film = np.where(right | left, 0.3, 0.75) + noise
    return film.clip(0, 1).astype(np.float32), Anatomy(right, left, heart)


@pytest.mark.parametrize("label", PAINTERS)
def test_a_painter_changes_the_film_where_its_mask_is(label):
    film, anatomy = phantom()
    changes = []
    for seed in range(8):
        painted = PAINTERS[label](film, anatomy, np.random.default_rng(seed))
        mask = painted.masks[label] > 0
        assert painted.film.dtype == np.float32
        assert 0.0 <= painted.film.min() <= painted.film.max() <= 1.0
        change = np.abs(painted.film - film)
        if mask.any():
            changes.append(change[mask].mean() / (change[~mask].mean() + 1e-6))
    assert np.median(changes) > 5


@pytest.mark.parametrize("label", PAINTERS)
def test_a_painter_leaves_the_film_beyond_the_thorax_alone(label):
    film, anatomy = phantom()
    painted = PAINTERS[label](film, anatomy, np.random.default_rng(3))
    assert np.abs(painted.film - film)[:, :8].max() < 0.02
    assert np.abs(painted.film - film)[:15].max() < 0.02


@pytest.mark.parametrize("label", ["Effusion", "Lung Opacity", "Nodule", "Mass"])
def test_fluid_and_tissue_brighten_the_lung(label):
    film, anatomy = phantom()
    painted = PAINTERS[label](film, anatomy, np.random.default_rng(1))
    inside = (painted.masks[label] > 0) & anatomy.lungs
    assert (painted.film - film)[inside].mean() > 0.02


def test_free_air_is_darker_and_smoother_than_the_lung_was():
    film, anatomy = phantom()
    darker, smoother = [], []
    for seed in range(10):
        painted = PAINTERS["Pneumothorax"](film, anatomy, np.random.default_rng(seed))
        air = ndimage.binary_erosion(painted.masks["Pneumothorax"] > 0, iterations=2)
        if air.sum() > 100:
            darker.append(painted.film[air].mean() < film[air].mean())
            smoother.append(painted.film[air].std() < film[air].std())
    assert np.mean(darker) > 0.7
    assert np.mean(smoother) > 0.7


def test_an_effusion_lies_on_the_side_it_names_and_below():
    film, anatomy = phantom()
    for seed in range(12):
        painted = PAINTERS["Effusion"](film, anatomy, np.random.default_rng(seed))
        rows, columns = np.nonzero(painted.masks["Effusion"])
        if painted.sides == ("right",):
            assert columns.max() < 112
        if painted.sides == ("left",):
            assert columns.min() > 100
        assert rows.mean() > 110 or painted.masks["Effusion"].sum() > 0.5 * anatomy.right.sum()


@pytest.mark.parametrize("target", [0.40, 0.50, 0.60])
def test_the_heart_gets_about_the_ratio_that_was_asked_for(target):
    film, anatomy = phantom()
    _, resized = resize_heart(film, anatomy, target, np.random.default_rng(0))
    assert abs(ratio(resized) - target) < 0.05


def test_a_pair_is_the_same_for_the_same_seed_and_differs_for_another():
    film, anatomy = phantom()
    first, second = (paint_pair(film, anatomy, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first[1].film, second[1].film)
    assert not np.array_equal(first[1].film, paint_pair(film, anatomy, np.random.default_rng(6))[1].film)


def test_the_second_of_a_pair_has_at_least_one_label_more_and_loses_none():
    film, anatomy = phantom()
    for seed in range(25):
        without, ill = paint_pair(film, anatomy, np.random.default_rng(seed))
        known = ~np.isnan(without.targets) & ~np.isnan(ill.targets)
        painted = known & (np.arange(len(LABELS)) != LABELS.index("Cardiomegaly"))
        assert (ill.targets[painted] >= without.targets[painted]).all()
        assert np.nansum(ill.targets) > 0


def test_benign_extras_are_the_same_in_both_members():
    film, anatomy = phantom()
    for seed in range(10):
        without, ill = paint_pair(film, anatomy, np.random.default_rng(seed))
        corner = np.s_[:20, :20]  # a marker may be here, disease may not
        assert np.abs(without.film[corner] - ill.film[corner]).mean() < 0.06


def test_cardiomegaly_stays_unknown_in_children():
    film, anatomy = phantom()
    members = paint_pair(film, anatomy, np.random.default_rng(0), adult=False)
    assert all(np.isnan(m.targets[LABELS.index("Cardiomegaly")]) for m in members)


@needs_data
def test_painters_work_on_real_films():
    for film in [f for f in films(DATA, ["jsrt"]) if not f.labels["Nodule"]][:3]:
        masks = read_masks(film, SIZE)
        anatomy = Anatomy(masks.right_lung, masks.left_lung, masks.heart)
        without, ill = paint_pair(read_square(film, SIZE), anatomy, np.random.default_rng(2))
        assert np.abs(without.film - ill.film).mean() > 0.001
