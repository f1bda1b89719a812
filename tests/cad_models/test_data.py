import csv
from collections import defaultdict

import numpy as np
import pytest

from cad_models.training import data
from cad_models.training.data import NO_FINDING, films, labelled, read_masks, read_square, split_lungs
from tests.cad_models.real_data import DATA, needs_data


@needs_data
def test_no_patient_straddles_the_split():
    splits = defaultdict(set)
    for film in films(DATA):
        splits[film.patient].add(film.split)
    assert all(len(s) == 1 for s in splits.values())


@needs_data
def test_nih_and_its_small_sampling_share_patients():
    by_source = {s: {f.patient for f in films(DATA, [s])} for s in ("nih", "nih64")}
    assert by_source["nih"] & by_source["nih64"]


@needs_data
def test_no_near_duplicate_straddles_the_split():
    split_of = {film.key: film.split for film in films(DATA)}
    with (DATA / "near_duplicates.csv").open(newline="") as file:
        pairs = [(p["a"], p["b"]) for p in csv.DictReader(file)]
    known = [(a, b) for a, b in pairs if a in split_of and b in split_of]
    assert len(known) >= 100
    assert all(split_of[a] == split_of[b] for a, b in known)


@needs_data
def test_every_source_has_every_split_in_about_its_share():
    counts = defaultdict(lambda: defaultdict(int))
    for film in films(DATA):
        counts[film.source][film.split] += 1
    for source, splits in counts.items():
        total = sum(splits.values())
        assert 0.5 < splits["train"] / total < 0.85, source
        assert splits["test"] / total > 0.1, source
        assert splits["val"] > 0, source


@needs_data
def test_a_silent_source_leaves_a_label_unknown():
    jsrt, nih = films(DATA, ["jsrt"])[0], films(DATA, ["nih"])[0]
    assert labelled([jsrt, nih], "Effusion")[0] == [nih]
    assert labelled([jsrt, nih], "Nodule")[0] == [jsrt, nih]


@needs_data
def test_no_finding_excludes_every_nih_label():
    for film in films(DATA, ["nih"]):
        if film.labels[NO_FINDING]:
            assert not any(film.labels[name] for name in data.NIH_LABELS)


@needs_data
@pytest.mark.parametrize("source", ["jsrt", "montgomery", "shenzhen"])
def test_right_lung_lies_at_the_left_of_the_picture(source):
    film = next(f for f in films(DATA, [source]) if f.mask)
    masks = read_masks(film, 128)
    assert np.nonzero(masks.right_lung)[1].mean() < np.nonzero(masks.left_lung)[1].mean()
    assert not (masks.right_lung & masks.left_lung).any()
    assert (masks.heart is not None) == (source == "jsrt")


@needs_data
@pytest.mark.parametrize("source", ["nih", "nih64", "kermany", "hannover", "covid"])
def test_films_read_as_squares_in_range(source):
    square = read_square(films(DATA, [source])[0], 64)
    assert square.shape == (64, 64)
    assert square.dtype == np.float32
    assert (square.min(), square.max()) == (0.0, 1.0)


def test_lungs_that_touch_are_split_in_the_middle():
    lungs = np.zeros((20, 40), dtype=bool)
    lungs[5:15, 4:36] = True
    right, left = split_lungs(lungs)
    assert right[:, :20].sum() == left[:, 20:].sum() == 160
    assert not (right & left).any()


def test_lungs_in_several_pieces_keep_their_side():
    lungs = np.zeros((20, 40), dtype=bool)
    lungs[2:8, 4:14] = lungs[10:18, 4:14] = lungs[2:18, 26:36] = True
    right, left = split_lungs(lungs)
    assert right.sum() == 140
    assert left.sum() == 160
