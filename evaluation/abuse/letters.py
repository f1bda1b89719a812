"""Names burned into the pixels: how often the remark is made on films with a drawn name, and on films as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from chatcad.config import load_settings
from chatcad.imaging.letters import has_letters
from evaluation.abuse.outcome import Outcome, outcome
from evaluation.statistics import share

LEAST = 0.85
SOURCES = ("originals", "nih", "covid", "hannover_covid", "montgomery_shenzhen", "jsrt")
PER_SOURCE = 30


def run(count: int, seed: int) -> Outcome:
    """Look at ``count`` films of the shared data, as they are and with a name drawn on.

    Some films carry "PORTABLE" or the like: a remark on these counts as false here, though it is true.
    """
    rng = np.random.default_rng(seed)
    films = [np.asarray(Image.open(path).convert("L")) for path in _films(load_settings().data, rng)[:count]]
    found = sum(has_letters(_scaled(_named(film, rng))) for film in films)
    false = sum(has_letters(_scaled(film)) for film in films)
    n = len(films)
    hit, alarm = share(found, n), share(false, n)
    figure = f"{found} of {n} found [{hit[1]:.2f}, {hit[2]:.2f}], {false} of {n} false [{alarm[1]:.2f}, {alarm[2]:.2f}]"
    wrong = ["a name was missed"] * (n - found) + ["a film without a name was remarked on"] * false
    return outcome("names burned into the picture", wrong, 2 * n, figure=figure, aim="≥ 85% right", least=LEAST)


def _films(data: Path, rng: np.random.Generator) -> list[Path]:
    chosen: list[Path] = []
    for source in SOURCES:
        here = sorted(p for p in (data / source).rglob("*") if p.suffix in {".png", ".jpg"} and "mask" not in str(p))
        chosen += [here[i] for i in rng.permutation(len(here))[:PER_SOURCE]]
    return [chosen[i] for i in rng.permutation(len(chosen))]


def _named(film: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    picture = Image.fromarray(film)
    size = max(10, round(rng.uniform(0.015, 0.03) * min(film.shape)))
    place = (rng.uniform(0.02, 0.6) * film.shape[1], rng.choice([0.02, 0.94]) * film.shape[0])
    ImageDraw.Draw(picture).text(place, "SMITH JOHN 03.05.1951", fill=255, font=ImageFont.load_default(size))
    return np.asarray(picture)


def _scaled(film: np.ndarray) -> np.ndarray:
    return film.astype(np.float32) / np.float32(255)
