"""A marked part of a film: anatomy, heat, occlusion, like brightness, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from chatcad.errors import UsageError
from chatcad.findings import look
from chatcad.findings.region import POINT_SIDE
from chatcad.findings.wording import describe_evidence, describe_region
from chatcad.types import Masks
from tests.factories import make_study

LEFT_BASE = (0.65, 0.65, 0.85, 0.78)


def film(heat_at=None, label="Cardiomegaly"):
    """Return the made-up study with one heat map, hot around a (row, column) fraction."""
    study = make_study()
    if heat_at is None:
        return study
    rows, columns = np.mgrid[0:32, 0:32] / 31
    heat = np.exp(-((rows - heat_at[0]) ** 2 + (columns - heat_at[1]) ** 2) / 0.01).astype(np.float32)
    return replace(
        study, findings=tuple(replace(f, heat_map=heat if f.label == label else None) for f in study.findings)
    )


def mirrored(study):
    m = study.masks
    return replace(study, masks=Masks(m.right_lung[:, ::-1], m.left_lung[:, ::-1], m.heart[:, ::-1], m.quality))


@pytest.mark.parametrize(
    ("marked", "structure", "side", "zone"),
    [
        ((0.15, 0.2, 0.3, 0.3), "right_lung", "right", "upper"),
        (LEFT_BASE, "left_lung", "left", "lower"),
        ((0.45, 0.55, 0.55, 0.7), "heart", "bilateral", "lower"),
        ((0.02, 0.9, 0.1, 0.98), "outside", "right", None),
        ((0.7, 0.45), "left_lung", "left", "mid"),
    ],
)
def test_a_part_is_placed_by_the_outlines(marked, structure, side, zone):
    region = look(film(), marked)
    assert (max(region.shares, key=region.shares.get), region.side, region.zone) == (structure, side, zone)
    assert max(region.shares.values()) > 0.5


def test_on_a_mirrored_film_right_stays_the_patients_right():
    plain, turned = look(film(), LEFT_BASE), look(mirrored(film()), LEFT_BASE)
    assert (plain.side, turned.side) == ("left", "right")
    assert turned.shares["right_lung"] > 0.9


def test_without_reliable_outlines_no_place_is_told():
    study = film()
    poor = replace(study, masks=replace(study.masks, quality=0.2))
    for without in (poor, replace(study, masks=None)):
        region = look(without, LEFT_BASE)
        assert (region.side, region.zone, dict(region.shares)) == (None, None, {})
        assert "not worked out" in describe_region(region, "clinician")[0]


def test_heat_is_concentrated_only_where_it_lies():
    here, elsewhere = look(film((0.7, 0.75)), LEFT_BASE), look(film((0.2, 0.2)), LEFT_BASE)
    assert here.hot == ("Cardiomegaly",)
    assert here.heat["Cardiomegaly"] > 0.5
    assert elsewhere.hot == ()
    assert elsewhere.heat["Cardiomegaly"] == 0
    whole = look(film((0.7, 0.75)), (0, 0, 1, 1))
    assert whole.heat["Cardiomegaly"] == pytest.approx(1)
    assert whole.hot == (), "the whole film holds all heat by chance alone"


def test_greying_out_is_asked_of_the_widened_box_and_told_by_reliability():
    seen = []

    def occlude(radiograph, masks, view, box):
        seen.append(box)
        return {
            "Cardiomegaly": (0.82, 0.41),
            "Effusion": (0.46, 0.47),
            "Tuberculosis": (0.8, 0.3),
            "Edema": (0.04, 0.5),
        }

    study = film()
    region = look(study, (0.5, 0.5), occlude)
    (box,) = seen
    assert box[2] - box[0] == pytest.approx(POINT_SIDE)
    assert set(region.scores) == {"Cardiomegaly", "Effusion", "Tuberculosis"}, "only of flagged findings"
    told = {f.label: describe_evidence(f, region, "clinician") for f in study.findings if f.label in region.scores}
    assert "0.41 instead of 0.82" in told["Cardiomegaly"][0]
    assert "about the same" in told["Effusion"][0]
    assert "lower" in told["Tuberculosis"][0], "a weak detector's numbers are left to the table"
    assert not any(c.isdigit() for c in told["Tuberculosis"][0])


def test_the_area_of_like_brightness_is_the_blob_that_holds_the_point():
    rows, columns = np.mgrid[0:128, 0:128]
    blob = (rows - 60) ** 2 + (columns - 96) ** 2 < 10**2
    pixels = np.where(blob, 0.8, 0.2).astype(np.float32)
    study = film()
    study = replace(study, radiograph=replace(study.radiograph, pixels=pixels))
    xs, ys = np.array(look(study, (96 / 128, 60 / 128)).outline).T
    assert xs.min() == pytest.approx(86 / 128, abs=0.02)
    assert xs.max() == pytest.approx(106 / 128, abs=0.02)
    assert ys.min() == pytest.approx(50 / 128, abs=0.02)
    assert look(study, (0.68, 0.2)).outline == (), "most of that lung is as bright as this"
    assert look(study, (0.02, 0.95)).outline == (), "no outlined structure holds this point"


def test_a_box_at_the_edge_stays_on_the_film_and_order_does_not_matter():
    assert look(film(), (1.0, 1.0)).area == pytest.approx(POINT_SIDE**2)
    assert look(film(), (0.4, 0.5, 0.2, 0.3)).box == (0.2, 0.3, 0.4, 0.5)


@pytest.mark.parametrize("marked", [(), (0.5,), (0.1, 0.2, 0.3), (0.5, 1.2), (-0.1, 0.5), (float("nan"), 0.5)])
def test_what_is_no_part_of_a_film_is_refused(marked):
    with pytest.raises(UsageError, match="fractions of the film"):
        look(film(), marked)
