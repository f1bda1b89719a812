import numpy as np
import pytest

from cad_models.training.pictures import DRAWN, FROM_FILMS, SIZE, gently_changed, turned_left, turned_right

MAKERS = [maker for several in FROM_FILMS.values() for maker in several]


@pytest.fixture
def film():
    ramp = np.linspace(0, 1, SIZE, dtype=np.float32)
    return np.sqrt(ramp[:, None] * ramp[None])


def is_picture(picture):
    return picture.shape == (SIZE, SIZE) and picture.min() >= 0 and picture.max() <= 1 and np.isfinite(picture).all()


@pytest.mark.parametrize("maker", [*MAKERS, gently_changed])
def test_pictures_from_films_are_in_range_and_repeatable(maker, film):
    one, two = (maker(film, np.random.default_rng(5)) for _ in range(2))
    assert is_picture(one)
    assert np.array_equal(one, two)


@pytest.mark.parametrize("maker", DRAWN)
def test_drawings_are_in_range_and_repeatable(maker):
    one, two = (maker(np.random.default_rng(5)) for _ in range(2))
    assert is_picture(one)
    assert np.array_equal(one, two)


def test_turns_go_the_way_their_names_say(film):
    # The film is bright at its lower right corner: clockwise brings that to the lower left.
    right, left = (turn(film, np.random.default_rng(5)) for turn in (turned_right, turned_left))
    corner = SIZE // 3
    assert right[-corner:, :corner].mean() > right[:corner, -corner:].mean()
    assert left[:corner, -corner:].mean() > left[-corner:, :corner].mean()
