import numpy as np
import pytest

from cad_models.film_quality import remarks
from chatcad.types import Masks


def chest(side=256):
    """A plain film with its masks: dark lungs, a bright heart, grey around."""
    right, left, heart = (np.zeros((side, side), dtype=bool) for _ in range(3))
    right[40:200, 40:110], left[40:200, 150:220], heart[120:200, 110:150] = True, True, True
    film = np.linspace(0.45, 0.55, side, dtype=np.float32)[None].repeat(side, axis=0)
    film[right | left], film[heart] = 0.2, 0.8
    return film, Masks(right, left, heart, 1.0)


def test_a_plain_film_has_no_remark():
    film, masks = chest()
    assert remarks(film, film, masks) == ()


@pytest.mark.parametrize(("cut", "edge"), [((40, 256, 0, 256), "upper"), ((0, 256, 0, 180), "right")])
def test_a_film_cut_through_the_lungs_is_remarked_on(cut, edge):
    film, masks = chest()
    a, b, c, d = cut
    part = Masks(*(m[a:b, c:d] for m in (masks.right_lung, masks.left_lung, masks.heart)), quality=1.0)
    (said,) = remarks(film[a:b, c:d], film[a:b, c:d], part)
    assert f"reach its {edge} edge" in said


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: np.where(f < 0.3, 0, f), "plain black"),
        (lambda f: np.where(f > 0.7, 1, f), "plain white"),
        (lambda f: 0.5 + 0.1 * f, "few of its greys"),
    ],
)
def test_lost_greys_are_remarked_on(spoil, said):
    film, masks = chest()
    spoilt = spoil(film).astype(np.float32)
    (remark,) = remarks(spoilt, spoilt, masks)
    assert said in remark


def test_missing_structures_are_no_matter():
    film, masks = chest()
    nothing = np.zeros_like(masks.heart)
    assert remarks(film, film, Masks(nothing, nothing, nothing, 0.0)) == ()
