"""What is drawn over a film, and where."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from chatcad.errors import UsageError
from chatcad.types import Masks, Study
from chatcad.ui.overlay import HEART, LUNG, THORAX_LINE, Layers, film, render, save_overlay

from .fake import study

SIDE = 512


@pytest.fixture(scope="module")
def read() -> Study:
    return study()


def drawn_in(picture: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return (picture == np.array(colour, dtype=np.uint8)).all(axis=2)


def test_nothing_chosen_shows_the_film_and_the_side_marker_only(read: Study) -> None:
    picture = render(read, Layers(), SIDE)
    plain = film(read.radiograph.pixels, Layers(), SIDE)
    differs = np.nonzero((picture != plain[..., None]).any(axis=2))
    assert picture.shape == (SIDE, SIDE, 3)
    assert len(differs[0]), "the R marker is missing"
    assert max(differs[0].max(), differs[1].max()) < 0.08 * SIDE, "drawn outside the upper left corner"


def test_right_marker_follows_the_masks_when_the_film_is_flipped(read: Study) -> None:
    assert read.masks is not None
    m = read.masks
    flipped = Masks(m.right_lung[:, ::-1], m.left_lung[:, ::-1], m.heart[:, ::-1], m.quality)
    pixels = np.ascontiguousarray(read.radiograph.pixels[:, ::-1])
    mirrored = replace(read, masks=flipped, radiograph=replace(read.radiograph, pixels=pixels))
    picture = render(mirrored, Layers(), SIDE)
    columns = np.nonzero((picture != film(pixels, Layers(), SIDE)[..., None]).any(axis=2))[1]
    assert columns.min() > 0.9 * SIDE


def test_each_layer_draws_its_own_structure(read: Study) -> None:
    assert read.masks is not None
    lungs = drawn_in(render(read, Layers(lungs=True), SIDE), LUNG)
    heart = drawn_in(render(read, Layers(heart=True), SIDE), HEART)
    assert lungs.sum() > 500
    assert not drawn_in(render(read, Layers(heart=True), SIDE), LUNG).any()
    rows, columns = np.nonzero(heart)
    truth_rows, truth_columns = np.nonzero(read.masks.heart)
    scale = SIDE / read.masks.heart.shape[0]
    assert abs(rows.max() - truth_rows.max() * scale) <= 3
    assert abs(columns.min() - truth_columns.min() * scale) <= 3


def test_heart_outline_is_dashed_and_lung_outline_is_not(read: Study) -> None:
    from scipy import ndimage

    heart_pieces = ndimage.label(drawn_in(render(read, Layers(heart=True), SIDE), HEART), np.ones((3, 3)))[1]
    lung_pieces = ndimage.label(drawn_in(render(read, Layers(lungs=True), SIDE), LUNG), np.ones((3, 3)))[1]
    assert heart_pieces > 10
    assert lung_pieces < 20  # two outlines and the letters of their names


def test_a_withheld_ratio_has_no_widths(read: Study) -> None:
    withheld = replace(read, measurements=(replace(read.measurements[0], value=None, caveat="poor outlines"),))
    assert drawn_in(render(read, Layers(widths=True), SIDE), THORAX_LINE).any()
    assert not drawn_in(render(withheld, Layers(widths=True), SIDE), THORAX_LINE).any()


def test_heat_map_reddens_its_own_place(read: Study) -> None:
    picture = render(read, Layers(heat="Effusion"), SIDE).astype(int)
    redder = picture[..., 0] - picture[..., 2]
    rows, columns = np.nonzero(redder > 40)
    assert abs(rows.mean() / SIDE - 0.75) < 0.05
    assert abs(columns.mean() / SIDE - 0.25) < 0.05


@pytest.mark.parametrize("label", ["Fracture", "No such label"])
def test_a_finding_without_a_map_changes_nothing(read: Study, label: str) -> None:
    assert np.array_equal(render(read, Layers(heat=label), SIDE), render(read, Layers(), SIDE))


def test_window_level_and_inversion(read: Study) -> None:
    pixels = np.linspace(0, 1, 101, dtype=np.float32)[None].repeat(101, 0)
    plain, inverted = film(pixels, Layers(), 101), film(pixels, Layers(invert=True), 101)
    assert np.abs(plain.astype(int) + inverted - 255).max() <= 1
    narrow = film(pixels, Layers(level=0.5, window=0.2), 101)
    assert narrow[0, 35] == 0
    assert narrow[0, 65] == 255
    assert 100 < narrow[0, 50] < 155


def test_shape_keeps_the_films_aspect(read: Study) -> None:
    tall = replace(read, radiograph=replace(read.radiograph, pixels=np.zeros((300, 150), np.float32)), masks=None)
    assert render(tall, Layers(lungs=True, heat="Effusion"), 200).shape == (200, 100, 3)


def test_saved_overlay_is_a_picture_with_outlines(read: Study, tmp_path) -> None:
    save_overlay(read, tmp_path / "o.png")
    with Image.open(tmp_path / "o.png") as picture:
        assert drawn_in(np.asarray(picture), LUNG).any()


@pytest.mark.parametrize("name", ["film.xyz", "nowhere/film.png"])
def test_a_picture_that_cannot_be_written_is_said_in_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="can't be written"):
        save_overlay(study(), tmp_path / name)
