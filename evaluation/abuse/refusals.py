"""Pictures that are no upright frontal chest film: no finding may be stated of them.

How the gate does on many more pictures is in ``eval gate``; here a picture goes the whole way that a film goes.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from cad_models.choice import chosen
from cad_models.reader import CadReader
from chatcad.config import Settings, load_settings
from chatcad.errors import ImageRefused
from chatcad.pipeline import read_film
from evaluation.abuse.outcome import Outcome, outcome

LEAST = 0.95
TURNED = {
    "turned left": Image.Transpose.ROTATE_90,
    "turned right": Image.Transpose.ROTATE_270,
    "upside down": Image.Transpose.ROTATE_180,
}


def run(count: int, seed: int) -> Outcome:
    """Read ``count`` pictures, drawn evenly from all kinds that are on this machine."""
    settings = load_settings()
    reader = CadReader(chosen(settings.cache))
    rng = np.random.default_rng(seed)
    cases = [*made(rng), *real(settings.data)]
    drawn = [cases[i] for i in sorted(rng.permutation(len(cases))[:count])]
    kinds: Counter[str] = Counter(kind for kind, _ in drawn)
    faults = [f"{kind}: findings were stated" for kind, data in drawn if _read(data, reader, settings)]
    figure = ", ".join(f"{n} {kind}" for kind, n in kinds.most_common(5))
    return outcome("not a frontal film", faults, len(drawn), figure=figure, aim="≥ 95% refused", least=LEAST)


def _read(data: bytes, reader: CadReader, settings: Settings) -> bool:
    """Return whether anything was stated; an unread film states nothing."""
    try:
        read_film(data, reader, settings)
    except ImageRefused:
        return False
    return True


def made(rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    """Yield blanks, noise, ramps, stripes and screens full of text."""
    for grey in (0, 77, 128, 255):
        yield "blank", _png(np.full((512, 512), grey))
    for _ in range(6):
        yield "noise", _png(rng.integers(0, 256, (512, 512)))
        yield "smooth noise", _png(np.asarray(Image.fromarray(rng.random((8, 8)) * 255).resize((512, 512))))
    yield "ramp", _png(np.tile(np.linspace(0, 255, 512), (512, 1)))
    yield "stripes", _png(np.tile(np.repeat([0, 255], 16), (512, 16)))
    for number in range(6):
        screen = Image.new("L", (1024, 768), 245 - 40 * number)
        draw = ImageDraw.Draw(screen)
        for line in range(40):
            draw.text((20, 18 * line), f"{number} invoice line {line}: chest film, no finding " * 3, fill=20)
        yield "screenshot", _png(np.asarray(screen))


def real(data: Path) -> Iterator[tuple[str, bytes]]:
    """Yield foreign pictures, foreign DICOM files and turned films of the shared data, where it is."""
    if not (data / "ood_manifest.csv").is_file():
        return
    for row in _rows(data / "ood_manifest.csv"):
        yield row["kind"], (data / row["image"]).read_bytes()
    for row in _rows(data / "dicom_manifest.csv"):
        if not row["kind"].startswith("chest"):
            yield row["kind"], (data / "dicom" / row["file"]).read_bytes()
    for path in sorted((data / "originals").glob("*.png"))[:10]:
        with Image.open(path) as film:
            for name, turn in TURNED.items():
                yield name, _png(np.asarray(film.convert("L").transpose(turn)))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _png(pixels: np.ndarray) -> bytes:
    stream = BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()
