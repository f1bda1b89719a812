"""The comparison of speeds: both sides on every film, ours also in batches."""

import time
from dataclasses import replace

import pytest

from cad_models.reader import BATCH
from evaluation.speed import ROUNDS, compare
from tests.factories import make_film


class Reader:
    """Takes 2 ms a film, and 1 ms a film in a batch."""

    def read(self, film):
        time.sleep(0.002)

    def read_many(self, films):
        for _ in films:
            time.sleep(0.001)
            yield None


def test_both_sides_read_every_film_and_the_ratio_is_ours_by_theirs():
    films = [replace(make_film(), sha256=f"{i:064d}") for i in range(BATCH + 2)]
    seen = []

    def rival(film):
        seen.append(film.sha256)
        time.sleep(0.008)

    found = {f["what"]: f for f in compare(Reader(), rival, films, "1 thread")}
    assert len(seen) == 1 + ROUNDS * len(films)
    assert all(f["n"] == ROUNDS * len(films) for f in found.values())
    ratio, gain = found["one film, time by theirs"], found["throughput in batches by theirs"]
    assert ratio["headline"] and gain["headline"]
    assert ratio["value"] == pytest.approx(0.25, abs=0.15)
    assert gain["value"] > 2
    assert ratio["low"] <= ratio["value"] <= ratio["high"]
