"""Write what the classifier says of films that it wasn't trained on: ``python -m cad_models.training.score_reference``.

The drift watch (``chatcad/observe/drift.py``) compares a department's scores with these percentiles. Adults' films in
320 pixels, read by the whole program as a user's are: NIH, Shenzhen, Montgomery and JSRT.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from cad_models import registry
from cad_models.reader import CadReader
from cad_models.training.data import Film, films, read_pixels
from cad_models.weights_io import WEIGHTS
from chatcad.config import load_settings
from chatcad.errors import ImageRefused
from chatcad.types import Radiograph, Reading

OUT = WEIGHTS / "scores.json"
SOURCES = ("nih", "shenzhen", "montgomery", "jsrt")


def reference_films(data: Path) -> list[Film]:
    """Return the films of the sources, without those of training's patients."""
    return [f for f in films(data, SOURCES) if f.split != "train" or f.source in {"montgomery", "jsrt"}]


def readings(chosen: Sequence[Film], reader: CadReader) -> Iterator[Reading]:
    """Read films; those that the gate refuses are left out, as a user's are."""
    radiographs = (Radiograph(read_pixels(f), sha256="0" * 64, view=f.view) for f in chosen)
    yield from (r for r in reader.read_many(radiographs) if not isinstance(r, ImageRefused))


def percentiles(read: Sequence[Reading]) -> dict[str, list[float]]:
    """Return the percentiles 0 to 100 of each assessed label's probability."""
    by_label: dict[str, list[float]] = {}
    for label in (reading for r in read for reading in r.labels):
        if label.probability is not None:
            by_label.setdefault(label.label, []).append(label.probability)
    return {k: [round(float(v), 5) for v in np.percentile(values, range(101))] for k, values in by_label.items()}


def main() -> None:
    """Read the films and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=load_settings().data)
    chosen = reference_films(parser.parse_args().data)
    read = list(readings(chosen, CadReader()))
    table = percentiles(read)
    facts = {"note": f"Written by cad_models/training/score_reference.py: films of {', '.join(SOURCES)}.",
             "weights_sha256": registry.get("classifier").sha256, "films": len(read), "percentiles": table}  # fmt: skip
    OUT.write_text(json.dumps(facts) + "\n", encoding="utf-8")
    print(f"{len(read)} of {len(chosen)} films were read, {len(table)} labels: written to {OUT}")


if __name__ == "__main__":
    main()
