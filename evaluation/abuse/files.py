"""Damaged and lying films: each is a film or exactly one typed error, soon, and a good film is read afterwards."""

from __future__ import annotations

import random
import time
from collections import Counter

import numpy as np

from chatcad.errors import ChatCADError
from chatcad.imaging import load
from chatcad.imaging.isolation import DAMAGED
from evaluation.abuse.mutants import DICOM, RASTER, Mutation, dicom_seeds, mutated, raster_seeds
from evaluation.abuse.outcome import Outcome, outcome

MOST_SECONDS = 5.0
AIM = f"a film or one typed error in ≤ {MOST_SECONDS:g} s"


def dicom(count: int, seed: int) -> Outcome:
    """Try mutated DICOM files."""
    return _tried("mutated DICOM files", dicom_seeds(), DICOM, count, seed)


def raster(count: int, seed: int) -> Outcome:
    """Try mutated PNG and JPEG files."""
    return _tried("mutated PNG and JPEG files", raster_seeds(), RASTER, count, seed)


def fault_of(data: bytes) -> tuple[str, str]:
    """Return how a file ended (``film``, ``refused``, ``child ended``), and what was wrong with that, if anything."""
    start = time.perf_counter()
    try:
        film = load(data)
    except ChatCADError as error:
        broke = str(error) == DAMAGED
        ended, fault = (
            "child ended" if broke else "refused",
            "" if _one_line(str(error)) else "its message is not one short line",
        )
    except Exception as error:  # noqa: BLE001  -- any other error is what is looked for
        ended, fault = "fault", f"{type(error).__name__} reached the caller"
    else:
        whole = np.isfinite(film.pixels).all() and film.pixels.min() >= 0 and film.pixels.max() <= 1
        ended, fault = "film", "" if whole else "its pixels are not in [0, 1]"
    seconds = time.perf_counter() - start
    return ended, fault or (f"took {seconds:.1f} s" if seconds > MOST_SECONDS else "")


def _one_line(said: str) -> bool:
    return "\n" not in said and len(said) < 200


def _tried(name: str, seeds: list[bytes], mutations: tuple[Mutation, ...], count: int, seed: int) -> Outcome:
    rng = random.Random(seed)  # noqa: S311  -- the same files in every run
    ends: Counter[str] = Counter()
    faults = []
    slowest = 0.0
    for number in range(count):
        kind, data = mutated(seeds, mutations, rng)
        start = time.perf_counter()
        end, fault = fault_of(data)
        slowest = max(slowest, time.perf_counter() - start)
        ends[end] += 1
        if fault:
            faults.append(f"seed {seed}, file {number} ({kind}): {fault}")
    if fault := fault_of(seeds[-1])[1]:
        faults.append(f"a good film afterwards: {fault}")
    figure = ", ".join(f"{n} {end}" for end, n in ends.most_common()) + f", slowest {slowest:.1f} s"
    return outcome(name, faults, count, figure=figure, aim=AIM)
