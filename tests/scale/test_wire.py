"""Films and readings survive the way to the networks and back, bit by bit; nothing else gets through."""

from dataclasses import fields, replace

import numpy as np
import pytest

from chatcad.errors import ImageRefused, UsageError
from chatcad.imaging.limits import Limits
from chatcad.scale import wire
from chatcad.scale.wire import pack_film, pack_part, pack_reading, unpack_film, unpack_part, unpack_reading
from chatcad.types import Gate, LabelReading, Reading
from tests.factories import make_film, make_masks

HEAT = np.linspace(0, 1, 28 * 28, dtype=np.float32).reshape(28, 28)
READING = Reading(
    gate=Gate(True, 0.9312345678901234),
    view="AP",
    view_from="network",
    labels=(
        LabelReading("Effusion", "weak", "classifier", 0.1 + 0.2, 0.3, 0.5, 0.9, (0.8, 0.7, 0.9), HEAT),
        LabelReading("Nodule", "not_assessed"),
    ),
    masks=make_masks(61),  # no multiple of eight: the last byte of each row is padded
    draft="No effusion.",
    weights_sha256={"classifier": "ab" * 32},
    timings_ms={"view": 1.5},
    warnings=("rotated",),
    missing=("no draft: the network failed",),
)


def same_reading(a, b):
    for one, other in zip(a.labels, b.labels, strict=True):
        assert replace(one, heat_map=None) == replace(other, heat_map=None)
        assert (one.heat_map is None) == (other.heat_map is None)
        assert one.heat_map is None or np.array_equal(one.heat_map, other.heat_map)
    for name in ("right_lung", "left_lung", "heart"):
        assert np.array_equal(getattr(a.masks, name), getattr(b.masks, name))
    assert a.masks.quality == b.masks.quality
    assert replace(a, labels=(), masks=None) == replace(b, labels=(), masks=None)


def test_a_reading_comes_back_equal():
    same_reading(unpack_reading(pack_reading(READING)), READING)


def test_no_field_of_a_reading_is_forgotten():
    """A field that is added to `Reading` and not to the wire comes back as its default."""
    empty = Reading(READING.gate, "PA", "header", (), None, "", {})
    assert all(getattr(READING, f.name) != getattr(empty, f.name) for f in fields(Reading) if f.name != "gate")


def test_only_pixels_and_view_of_a_film_leave():
    film = replace(make_film(), sex="F", age_band="50-59", spacing_mm=(0.1, 0.1))
    packed = pack_film(film)
    assert film.sha256.encode() not in packed and b"50-59" not in packed
    got = unpack_film(packed, Limits())
    assert np.array_equal(got.pixels, film.pixels)
    assert (got.view, got.sex, got.age_band, got.sha256) == ("AP", "unknown", None, "")


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"\x80\x04K\x01.",  # a pickle
        pack_film(make_film())[:-7],
        pack_reading(READING),
        pack_film(replace(make_film(), pixels=np.full((64, 64), np.nan, np.float32))),
        pack_film(replace(make_film(), pixels=np.full((64, 64), 2, np.float32))),
        pack_film(replace(make_film(), pixels=np.zeros((64, 64), np.float64))),
        pack_film(replace(make_film(), pixels=np.zeros((1, 64, 64), np.float32))),
    ],
)
def test_what_is_no_film_is_told(packed):
    with pytest.raises(UsageError):
        unpack_film(packed, Limits())


def test_a_marked_part_arrives_with_its_outlines():
    film, masks = make_film(), make_masks()
    got, outlines, box = unpack_part(pack_part(film, masks, "PA", (0.1, 0.2, 0.5, 0.6)), Limits())
    assert np.array_equal(got.pixels, film.pixels)
    assert (got.view, box, outlines.quality) == ("PA", (0.1, 0.2, 0.5, 0.6), masks.quality)
    assert np.array_equal(outlines.heart, masks.heart)


@pytest.mark.parametrize("box", [(0.5, 0, 0.4, 1), (0, 0, 1, 1.5), (0, 0, 1), "none"])
def test_a_part_beside_the_film_is_told(box):
    with pytest.raises(UsageError):
        unpack_part(pack_part(make_film(), make_masks(), "PA", box), Limits())


def test_outlines_that_claim_another_size_are_not_unpacked(monkeypatch):
    monkeypatch.setattr(wire, "_pack_masks", lambda m: ({"masks": np.zeros((3, 1, 1), np.uint8)}, {"width": 10**12}))
    with pytest.raises(UsageError, match="another size"):
        unpack_part(pack_part(make_film(), make_masks(), "PA", (0, 0, 1, 1)), Limits())


def test_a_film_beyond_the_limits_is_refused():
    with pytest.raises(ImageRefused, match="too large"):
        unpack_film(pack_film(make_film()), Limits(max_pixels=1000))


def test_what_is_no_reading_is_told():
    with pytest.raises(UsageError, match="same version"):
        unpack_reading(pack_film(make_film()))
