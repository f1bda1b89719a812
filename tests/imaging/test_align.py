"""Two films laid on each other: a known similarity is found again, and what doesn't fit is refused with the reason."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from skimage.transform import SimilarityTransform

from chatcad.config import load_settings
from chatcad.imaging.align import BEYOND, Alignment, Unaligned, align, landmarks, lay
from chatcad.types import Masks
from tests.ui.fake import masks as phantom_masks

CHEST = phantom_masks()
SIDE = CHEST.heart.shape[0]


def moved(masks: Masks, true: SimilarityTransform, shape: tuple[int, int]) -> Masks:
    """Take masks through a similarity onto a film of another size."""
    back = tuple(np.linalg.inv(true.params)[:2].ravel())

    def move(mask):
        film = Image.fromarray(mask.astype(np.uint8) * 255)
        return np.asarray(film.transform(shape[::-1], Image.Transform.AFFINE, back, Image.Resampling.BILINEAR)) > 127

    right, left, heart = (move(m) for m in (masks.right_lung, masks.left_lung, masks.heart))
    return Masks(right, left, heart, masks.quality)


@pytest.mark.parametrize(
    ("scale", "degrees", "shift"), [(1.0, 0.0, (0, 0)), (0.6, 4.0, (60, 20)), (1.25, -9.0, (-40, 130))]
)
def test_a_known_similarity_is_found_again(scale, degrees, shift):
    true = SimilarityTransform(scale=scale, rotation=np.radians(degrees), translation=shift)
    found = align(CHEST, moved(CHEST, true, (1100, 1000)))
    assert isinstance(found, Alignment)
    assert found.scale == pytest.approx(scale, rel=0.005)
    assert found.degrees == pytest.approx(degrees, abs=0.3)
    assert found.residual < 0.005
    corners = np.array([(0, 0), (SIDE, 0), (0, SIDE), (SIDE, SIDE)], dtype=float)
    laid = corners @ found.matrix[:, :2].T + found.matrix[:, 2]
    assert np.abs(laid - true(corners)).max() < 0.01 * SIDE


def test_a_picture_lands_where_its_masks_do():
    true = SimilarityTransform(scale=0.7, rotation=np.radians(6), translation=(120, 40))
    current = moved(CHEST, true, (900, 800))
    position = align(CHEST, current)
    drawn = np.repeat((CHEST.heart * np.uint8(255))[::2, ::2, None], 3, axis=2)  # at half the resolution
    laid = lay(drawn, position, 450, 400)
    assert laid.shape == (450, 400, 3)
    there = laid[..., 0] > 127
    here = current.heart[::2, ::2]
    assert (there & here).sum() / (there | here).sum() > 0.95
    assert tuple(laid[0, 0]) == BEYOND


def test_a_larger_heart_hardly_moves_the_film():
    grown = replace(CHEST, heart=np.roll(CHEST.heart, 20, axis=1) | CHEST.heart)
    found = align(CHEST, grown)
    assert found.scale == pytest.approx(1, abs=0.01)
    assert found.degrees == pytest.approx(0, abs=1)


def test_poor_masks_another_side_and_a_turned_film_are_refused_with_the_reason():
    poor = align(replace(CHEST, quality=0.3), CHEST)
    assert poor == Unaligned("the lungs or the heart could not be outlined reliably on the earlier film")
    assert "current film" in align(CHEST, None).reason
    empty = replace(CHEST, heart=np.zeros_like(CHEST.heart))
    assert "earlier film" in align(empty, CHEST).reason
    mirror = Masks(CHEST.right_lung[:, ::-1], CHEST.left_lung[:, ::-1], CHEST.heart[:, ::-1], CHEST.quality)
    assert "don't fit" in align(mirror, CHEST).reason
    turn = SimilarityTransform(rotation=np.radians(25), translation=(260, 0))
    assert "turned by more than 15 degrees" in align(CHEST, moved(CHEST, turn, (1200, 1200))).reason


def test_landmarks_are_ordered_from_top_to_bottom():
    points = landmarks(CHEST)
    assert points.shape == (7, 2)
    for centre, top, bottom in (points[:3], points[3:6]):
        assert top[1] < centre[1] < bottom[1]


def test_two_real_films_of_one_patient_lie_on_each_other():
    data = load_settings().data
    if not (data / "nih_manifest.csv").is_file():
        pytest.skip(f"no real films in {data} (set CHATCAD_DATA)")
    from cad_models.reader import CadReader
    from chatcad import imaging

    with (data / "nih_manifest.csv").open(newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["view"] == "PA"]
    patient = next(p for p, n in Counter(r["patient_id"] for r in rows).items() if n > 1)
    films = [imaging.load(data / r["image"]) for r in rows if r["patient_id"] == patient][:2]
    earlier, current = (reading.masks for reading in CadReader().read_many(films))
    found = align(earlier, current)
    assert isinstance(found, Alignment)
    true = SimilarityTransform(matrix=np.vstack((found.matrix, (0, 0, 1))))
    assert overlap(moved(earlier, true, current.heart.shape), current) > 0.8


def overlap(one: Masks, other: Masks) -> float:
    lungs = [m.right_lung | m.left_lung for m in (one, other)]
    return float((lungs[0] & lungs[1]).sum() / (lungs[0] | lungs[1]).sum())
