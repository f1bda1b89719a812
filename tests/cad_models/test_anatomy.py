import numpy as np
import pytest

from cad_models import anatomy
from chatcad.types import Masks


def chest(side: int = 128, heart_to: float = 0.66):
    """Right lung, left lung, heart of a simple chest: ellipses, the heart between and below."""
    y, x = np.mgrid[0:side, 0:side] / side

    def ellipse(cx, cy, rx, ry):
        return ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1

    middle = (0.40 + heart_to) / 2
    heart = ellipse(middle, 0.64, (heart_to - 0.40) / 2, 0.16)
    return ellipse(0.28, 0.5, 0.14, 0.32) & ~heart, ellipse(0.72, 0.5, 0.14, 0.32) & ~heart, heart


def as_maps(*masks):
    return np.stack(masks).astype(np.float32) * 0.98 + 0.01


def test_ratio_is_heart_extent_by_thoracic_width():
    widths = anatomy.measure(*chest(side=512))
    assert widths.cardiothoracic_ratio == pytest.approx(0.26 / 0.72, abs=0.01)
    assert widths.heart[0][0] == pytest.approx(0.40 * 512, abs=2)
    assert widths.thorax[1][0] == pytest.approx(0.86 * 512, abs=2)


def test_end_points_lie_on_the_masks_and_right_comes_first():
    right, left, heart = chest()
    widths = anatomy.measure(right, left, heart)
    (hx0, hy0), (hx1, hy1) = widths.heart
    (tx0, ty0), (tx1, ty1) = widths.thorax
    assert heart[round(hy0), round(hx0)] and heart[round(hy1), round(hx1) - 1]
    assert right[round(ty0), round(tx0)] and left[round(ty1), round(tx1) - 1]
    assert tx0 < hx0 < hx1 < tx1


@pytest.mark.parametrize("shape", [(300, 300), (200, 500), (801, 333)])
def test_ratio_survives_the_way_back_to_any_grid(shape):
    expected = anatomy.measure(*chest(side=256)).cardiothoracic_ratio
    masks = anatomy.masks_on_grid(as_maps(*chest(side=256)), *shape)
    assert masks.heart.shape == shape
    assert anatomy.widths(masks).cardiothoracic_ratio == pytest.approx(expected, abs=0.015)


def test_a_larger_heart_gives_a_larger_ratio():
    ratios = [anatomy.measure(*chest(heart_to=to)).cardiothoracic_ratio for to in (0.60, 0.66, 0.72, 0.78)]
    assert ratios == sorted(ratios)
    assert ratios[-1] - ratios[0] > 0.2


def test_clean_drops_islands_and_fills_holes():
    right, left, heart = chest()
    spotted = heart.copy()
    spotted[2:5, 2:5] = True
    spotted[82:86, 66:70] = False
    cleaned = anatomy.clean(as_maps(right, left, spotted)) > 0.5
    assert np.array_equal(cleaned[2], heart)


def test_filled_is_what_the_picture_s_border_does_not_reach():
    ring = np.zeros((12, 12), dtype=bool)
    ring[2:9, 2:9] = True
    whole = ring.copy()
    ring[4:7, 4:7] = False
    assert np.array_equal(anatomy.fill_holes(ring), whole)
    ring[5, 6:] = False  # a way out
    assert np.array_equal(anatomy.fill_holes(ring), ring)


def test_cleaned_probabilities_keep_their_borders():
    maps = as_maps(*chest())
    maps[2, 2:5, 2:5] = 0.99
    cleaned = anatomy.clean(maps)
    assert cleaned[2, 2:5, 2:5].max() <= 0.499
    assert cleaned[2][chest()[2]].min() == pytest.approx(0.99)


def test_a_chest_is_plausible():
    assert anatomy.quality(*chest()) == 1.0


def swapped():
    right, left, heart = chest()
    return left, right, heart


def heart_on_top():
    right, left, heart = chest()
    return right, left, np.roll(heart, -50, axis=0)


def heart_as_a_line():
    right, left, heart = chest()
    thin = np.zeros_like(heart)
    thin[80, 40:90] = True
    return right, left, thin


def one_lung_gone():
    right, left, heart = chest()
    return right, np.zeros_like(left) | (left & (np.arange(128)[:, None] < 26)), heart


def nothing():
    return tuple(np.zeros((128, 128), dtype=bool) for _ in range(3))


@pytest.mark.parametrize("masks", [swapped, heart_on_top, heart_as_a_line, one_lung_gone, nothing])
def test_nonsense_is_implausible(masks):
    assert anatomy.quality(*masks()) < 0.5


def test_nothing_to_measure_is_none():
    right, left, heart = chest()
    empty = np.zeros_like(heart)
    assert anatomy.measure(right, left, empty) is None
    assert anatomy.measure(empty, left, heart) is None
    assert anatomy.widths(Masks(right, empty, heart, 0.0)) is None


def test_the_mediastinum_is_measured_at_the_arch_against_the_thorax_on_its_row():
    right, left, heart = (np.zeros((100, 100), dtype=bool) for _ in range(3))
    right[10:90, 10:38], left[10:90, 62:90] = True, True
    right[32:36, 34:38] = False  # the widest place at the level of the arch, rows 30 to 42
    right[20:24, 20:38] = False  # wider, but above the arch
    heart[50:80, 40:70] = True
    found = anatomy.mediastinum(right, left, heart)
    assert (found.inner[0][0], found.inner[1][0]) == (34, 62)
    assert found.width_ratio == pytest.approx(28 / 80)
    assert 32 <= found.inner[0][1] < 36
    heart[20:50, 45:55] = True
    assert anatomy.mediastinum(right, left, heart) is None
    assert anatomy.mediastinum(right, left, np.zeros_like(heart)) is None


def test_lung_area_ratio_is_right_by_left():
    right, left, _ = chest()
    assert anatomy.lung_area_ratio(right, left) == pytest.approx(right.sum() / left.sum())
    assert anatomy.lung_area_ratio(left, right) == pytest.approx(1 / anatomy.lung_area_ratio(right, left))


def test_a_chest_that_is_widest_at_its_apices_is_implausible():
    # A lung that leaks over the shoulder: seen on a real portable film, whose ratio came out too small.
    right, left, heart = chest()
    leaking = left.copy()
    rows = np.flatnonzero(left.any(axis=1))
    leaking[rows[0] : rows[0] + 6, 80:128] = True
    assert anatomy.quality(right, left, heart) == 1.0
    assert anatomy.quality(right, leaking, heart) < 0.5
