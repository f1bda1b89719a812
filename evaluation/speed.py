"""``python -m chatcad eval speed``: the whole reading of a film against torchxrayvision's two networks.

Ours is everything that `cad_models.reader.CadReader.read` does: gate, view, anatomy with masks on the film's own
grid, labels with heat maps, and the draft. Theirs is DenseNet121 at 224 pixels and PSPNet at 512, from the same
loaded film: no masks cleaned, no maps, no report. Both run in one process and take turns on each film, so that
another load on the machine meets both alike. Decoding the file is left out on both sides.

Number formats, measured on an AMD EPYC with AVX512-bf16 and without AMX, one thread, milliseconds a film of the
segmenter: alone 19.0 in fp32, 16.5 with channels last, 9.6 with channels last in bf16; eight together 21.9, 16.9 and
8.1. Channels last is used. bf16 would halve the networks' time again, but a film's reading would
then depend on the machine that made it, and the operating points were measured in fp32: it is left out.
"""

from __future__ import annotations

import copy
import csv
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cad_models import registry
from cad_models.reader import BATCH, CadReader
from cad_models.segmenter import Segmenter
from chatcad import imaging
from chatcad.config import Settings
from chatcad.types import Radiograph
from evaluation.figures import Figure, figure, print_figures
from evaluation.rival import load_rival
from evaluation.statistics import median

FILMS = 16
ROUNDS = 2
MANIFESTS = ("originals", "nih", "jsrt", "montgomery_shenzhen", "hannover")
RATIO_LIMIT, THROUGHPUT_LIMIT = 0.5, 2.0


def run(settings: Settings) -> dict[str, Any]:
    """Measure, print and return times by number of threads, and what number formats would save."""
    films, reader, rival = load_films(settings), CadReader(), load_rival()
    films = [f for f, read in zip(films, reader.read_many(films), strict=True) if not isinstance(read, Exception)]
    default = torch.get_num_threads()
    figures: list[Figure] = []
    for threads in dict.fromkeys((1, default)):
        with _threads(threads):
            figures += compare(reader, rival, films, f"{threads} thread{'s' if threads > 1 else ''}")
    print_figures(figures)
    with _threads(1):
        formats = number_formats(registry.load("segmenter"))
    return {
        "machine": {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count(), "threads": default,
                    "load_average": round(os.getloadavg()[0], 2), "torch": torch.__version__},
        "limits": {"ratio": RATIO_LIMIT, "throughput": THROUGHPUT_LIMIT},
        "figures": figures,
        "segmenter_ms_a_film": formats,
    }  # fmt: skip


def load_films(settings: Settings, count: int = FILMS) -> list[Radiograph]:
    """Return films of every kind of source, evenly picked, as the program loads them."""
    chosen: list[Path] = []
    for name in MANIFESTS:
        with (settings.data / f"{name}_manifest.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        paths = [settings.data / (r["image"] if name != "originals" else f"originals/{r['file']}") for r in rows]
        chosen += paths[:: max(1, len(paths) * len(MANIFESTS) // count)]
    return [imaging.load(p, max_bytes=settings.max_bytes, max_pixels=settings.max_pixels) for p in chosen]


def compare(
    reader: CadReader, theirs: Callable[[Radiograph], None], films: Sequence[Radiograph], on: str
) -> list[Figure]:
    """Return the median time of a film on both sides, the median of their ratio, and films a second.

    Parameters
    ----------
    reader, theirs
        Ours reads each film alone and then each batch together; theirs each film alone, which is its one way.
    films
        In batches of `cad_models.reader.BATCH`, each measured ``ROUNDS`` times.
    on
        How many threads.
    """
    list(reader.read_many(films[:BATCH]))
    theirs(films[0])
    alone, together = [], []
    for part in [films[i : i + BATCH] for i in range(0, len(films), BATCH)] * ROUNDS:
        pairs = [(_ms(partial(reader.read, f)), _ms(partial(theirs, f))) for f in part]
        batch = _ms(lambda: list(reader.read_many(part)))  # noqa: B023
        alone += pairs
        together += [batch / len(part)] * len(part)
    one, rival, batched = (np.array(times) for times in (*zip(*alone, strict=True), together))
    names = [f.sha256 for f in films] * ROUNDS

    def row(what: str, values: NDArray[np.float64], *, headline: bool = False) -> Figure:
        return figure(what, on, len(values), median(values, names), headline=headline)

    return [
        row("one film, ours, ms", one),
        row("one film, DenseNet121 + PSPNet, ms", rival),
        row("one film, time by theirs", one / rival, headline=True),
        row("films a second, ours one by one", 1e3 / one),
        row("films a second, ours in batches", 1e3 / batched),
        row("films a second, theirs one by one", 1e3 / rival),
        row("throughput in batches by theirs", rival / batched, headline=True),
    ]


def number_formats(segmenter: Segmenter) -> dict[str, float]:
    """Return milliseconds a film of the segmenter by batch, memory layout and number format."""
    found = {}
    for batch in (1, BATCH):
        films = torch.rand(batch, 1, 256, 256)
        for layout in (torch.contiguous_format, torch.channels_last):
            network = copy.deepcopy(segmenter).to(memory_format=layout)
            for kind in (torch.float32, torch.bfloat16):

                def forward() -> None:
                    with torch.inference_mode(), torch.autocast("cpu", kind, enabled=kind != torch.float32):  # noqa: B023
                        network(films)  # noqa: B023

                forward()
                name = f"batch {batch}, {str(layout).removeprefix('torch.')}, {str(kind).removeprefix('torch.')}"
                found[name] = round(statistics.median(_ms(forward) for _ in range(7)) / batch, 2)
    for name, ms in found.items():
        print(f"segmenter, {name}: {ms} ms a film")
    return found


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    yield
    torch.set_num_threads(before)


def _ms(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return 1e3 * (time.perf_counter() - start)
