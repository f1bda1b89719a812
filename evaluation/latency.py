"""How long a reader waits: warm medians for reading a film, the first checked sentence and the whole answer.

In a real Chromium also for the page: from the app's start until it is usable, and from a drop to findings on screen.
"""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatcad.config import Settings
from chatcad.errors import UsageError
from chatcad.pipeline import ChatCAD, Conversation
from evaluation.waiting import page_seconds

FILMS = ("originals/nih_00009107_006.png", "originals/MCUCXR_0001_0.png", "dicom/chest_pa_mono1_15bit_j2k_RG1.dcm")
QUESTIONS = (
    "Is the heart enlarged?",
    "And is there a pneumothorax?",
    "What should be done next?",
    "What do you see on this film?",
)


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure's name and what it must not exceed, in seconds."""

    name: str
    limit: float


PAGE_USABLE, ON_SCREEN = Bar("page usable after start", 10.0), Bar("findings shown after drop", 3.0)
BARS = (Bar("analyse", 1.5), Bar("first checked sentence", 3.0), Bar("whole answer", 10.0), PAGE_USABLE, ON_SCREEN)


def run(settings: Settings) -> dict[str, Any]:
    """Print and return medians and maxima over films, questions and both modes, after one warming round."""
    films = tuple(settings.data / name for name in FILMS)
    if missing := [f for f in films if not f.is_file()]:
        raise UsageError(f"{missing[0]} is missing: set CHATCAD_DATA to the data folder")
    start = time.monotonic()
    chatcad = ChatCAD.open(settings)
    backend = chatcad.writer.name
    opened = time.monotonic() - start
    _round(chatcad, films[0])
    seconds: dict[str, list[float]] = {bar.name: [] for bar in BARS}
    for film in films:
        for name, values in _round(chatcad, film).items():
            seconds[name] += values
    load = os.getloadavg()[0]
    del chatcad  # its models would take the cores from the app that is measured next
    starts, drops = page_seconds(settings, films)
    page_load = os.getloadavg()[0]
    seconds |= {PAGE_USABLE.name: starts, ON_SCREEN.name: drops}
    print(f"opened in {opened:.1f} s; {settings.backend} backend; load average {load:.1f}, then {page_load:.1f}")
    print(f"{'':26} {'median':>8} {'max':>8} {'limit':>8} {'n':>5}")
    for bar in BARS:
        values = seconds[bar.name]
        print(f"{bar.name:26} {statistics.median(values):7.2f}s {max(values):7.2f}s {bar.limit:7.1f}s {len(values):5d}")
    return {
        "opened_s": round(opened, 2),
        "backend": backend,
        "load_average": round(load, 2),
        "page_load_average": round(page_load, 2),
        "cores": os.cpu_count(),
        "figures": {
            bar.name: {
                "median_s": round(statistics.median(seconds[bar.name]), 3),
                "max_s": round(max(seconds[bar.name]), 3),
                "limit_s": bar.limit,
                "n": len(seconds[bar.name]),
            }
            for bar in BARS
        },
    }


def _round(chatcad: ChatCAD, film: Path) -> dict[str, list[float]]:
    start = time.monotonic()
    study = chatcad.read(film)
    analyse = time.monotonic() - start
    turns = [
        t for mode in ("clinician", "patient") for t in chatcad.converse(QUESTIONS, Conversation(study, mode=mode))
    ]
    return {
        "analyse": [analyse],
        "first checked sentence": [t.timings_ms["first_sentence"] / 1e3 for t in turns],
        "whole answer": [t.timings_ms["total"] / 1e3 for t in turns],
    }
