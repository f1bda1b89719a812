"""``python -m chatcad eval scale``: films through this process against films through a Ray Serve deployment.

Eight clients send decoded films as fast as they are answered. In this process they stand in one line, as behind page
and API. The deployment runs on this machine with one core and one thread a replica, with one and two replicas, with
batching and without; clients, Ray's proxy and its controller share the same cores, as they would not in a cluster.
Every reading is compared with what the networks say in this process of that film alone.

`CHATCAD_EVAL_LIMIT` films (48), `ROUNDS` times. Needs ``requirements/scale.txt``; about five minutes on two idle cores.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice
from threading import Lock
from typing import Any

import numpy as np
import torch

from cad_models.reader import BATCH, CadReader
from chatcad.config import Settings
from chatcad.errors import ImageRefused, UsageError
from chatcad.imaging.limits import Limits
from chatcad.scale.remote import RemoteNetworks
from chatcad.scale.wire import pack_film, pack_reading, unpack_film, unpack_reading
from chatcad.types import Gate, Masks, Radiograph, Reading
from evaluation.conversations import LIMIT_VARIABLE
from evaluation.figures import Figure, figure, print_figures
from evaluation.speed import load_films
from evaluation.statistics import bootstrap, median, share

FILMS, ROUNDS, CLIENTS = 48, 5, 8
SAME = 1e-6
"""Difference of a probability that still counts as the same: a batch is summed in another order than a film alone."""
LARGE = (2500, 2048)
"""Rows and columns of a film as a flat detector makes it."""

Outcome = Reading | ImageRefused
Read = Callable[[Radiograph], Outcome]


@dataclass(frozen=True, slots=True)
class Round:
    """One round: seconds in all, milliseconds a film as its client waited, and the outcomes in the films' order."""

    seconds: float
    waits_ms: tuple[float, ...]
    outcomes: tuple[Outcome, ...]


def run(settings: Settings) -> dict[str, Any]:
    """Measure every path, print and return the figures."""
    load = os.getloadavg()[0]  # what others do, before the measurement itself is part of it
    films = list(islice(cycle(load_films(settings)), int(os.environ.get(LIMIT_VARIABLE, str(FILMS)))))
    reader, figures = CadReader(), [carrying_figure()]
    with threads(1):
        alone = [outcome_of(reader.read, film) for film in films]
        for count in dict.fromkeys((1, os.cpu_count() or 1)):
            torch.set_num_threads(count)
            line = Lock()
            name = f"this process, {count} thread{'s' if count > 1 else ''}"
            figures += path_figures(f"{name}, one by one", partial(in_line, reader, line), films, alone)
            figures.append(batch_figure(f"{name}, batches of {BATCH}", reader, films))
    for replicas in (1, 2):
        for batch in (1, BATCH):
            with deployed(replicas=replicas, batch=batch) as url:
                remote = RemoteNetworks.connect(replace(settings, cad=url))
                name = f"Ray Serve, {replicas} replica{'s' if replicas > 1 else ''}, "
                name += "batching off" if batch == 1 else f"batches of up to {batch}"
                figures += path_figures(name, partial(outcome_of, remote.read), films, alone)
    print_figures(figures)
    return {
        "films": len(films),
        "refused": sum(isinstance(o, ImageRefused) for o in alone),
        "rounds": ROUNDS,
        "clients": CLIENTS,
        "cores": os.cpu_count(),
        "load_average": round(load, 2),
        "figures": figures,
    }


@contextmanager
def deployed(*, replicas: int, batch: int, port: int = 8765) -> Iterator[str]:
    """Deploy the networks on this machine's loopback, and take them down again; gives their address."""
    try:
        from chatcad.scale.serve import Size, build
    except ImportError as error:
        raise UsageError("Ray is not installed: pip install -r requirements/scale.txt") from error
    import ray
    from ray import serve

    ray.init(num_cpus=max(replicas, os.cpu_count() or 1), include_dashboard=False, log_to_driver=False)
    try:
        serve.start(http_options={"host": "127.0.0.1", "port": port})
        serve.run(build(Size(replicas=replicas, batch=batch)))
        yield f"http://127.0.0.1:{port}/"
    finally:
        serve.shutdown()
        ray.shutdown()


def in_line(reader: CadReader, line: Lock, film: Radiograph) -> Outcome:
    """Read one film when nobody else is being read."""
    with line:
        return outcome_of(reader.read, film)


def outcome_of(read: Callable[[Radiograph], Reading], film: Radiograph) -> Outcome:
    """Return the reading or the refusal."""
    try:
        return read(film)
    except ImageRefused as refusal:
        return refusal


def measured(read: Read, films: Sequence[Radiograph]) -> Round:
    """Send the films from `CLIENTS` clients, each its next one as soon as it has an answer."""

    def one(film: Radiograph) -> tuple[float, Outcome]:
        start = time.perf_counter()
        outcome = read(film)
        return 1e3 * (time.perf_counter() - start), outcome

    start = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        waits, outcomes = zip(*pool.map(one, films), strict=True)
    return Round(time.perf_counter() - start, waits, outcomes)


def path_figures(name: str, read: Read, films: Sequence[Radiograph], alone: Sequence[Outcome]) -> list[Figure]:
    """Return films a second, median and 95th percentile of the wait, and how the readings differ from `alone`."""
    measured(read, films[:CLIENTS])
    rounds = [measured(read, films) for _ in range(ROUNDS)]
    waits = np.array([ms for r in rounds for ms in r.waits_ms])
    keys = [f.sha256 for f in films] * ROUNDS
    unlike = sum(difference(a, b) > SAME for r in rounds for a, b in zip(r.outcomes, alone, strict=True))
    return [
        _throughput(name, len(films), [r.seconds for r in rounds]),
        *(
            figure(f"wait of a client, p{q}, ms", name, len(waits), bootstrap(_percentile(waits, q), keys))
            for q in (50, 95)
        ),
        figure("readings unlike those of a film alone", name, len(waits), share(unlike, len(waits))),
    ]


def _percentile(values: np.ndarray[Any, np.dtype[np.float64]], q: int) -> Callable[[Any], float]:
    return lambda i: float(np.percentile(values[i], q))


def batch_figure(name: str, reader: CadReader, films: Sequence[Radiograph]) -> Figure:
    """Return films a second when a whole folder is read in batches."""
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        list(reader.read_many(films))
        seconds.append(time.perf_counter() - start)
    return _throughput(name, len(films), seconds)


def _throughput(name: str, films: int, seconds: Sequence[float]) -> Figure:
    """Return the median round's films a second, with the interval of the median over rounds."""
    return figure("films a second", name, len(seconds), median([films / s for s in seconds]))


def difference(a: Outcome, b: Outcome) -> float:
    """Return the largest difference of a probability; infinite where the readings say different things."""
    if isinstance(a, ImageRefused) or isinstance(b, ImageRefused):
        return 0.0 if str(a) == str(b) else float("inf")
    if (a.view, a.draft, a.warnings) != (b.view, b.draft, b.warnings):
        return float("inf")
    pairs = [(x.probability, y.probability) for x, y in zip(a.labels, b.labels, strict=True)]
    return max((abs(x - y) for x, y in pairs if x is not None and y is not None), default=0.0)


def carrying_figure() -> Figure:
    """Return what packing and unpacking a large film and its reading costs."""
    film = Radiograph(np.random.default_rng(0).random(LARGE, dtype=np.float32), sha256="")
    outline = np.zeros(LARGE, bool)
    masks = Masks(outline, outline, outline, 1.0)
    reading = Reading(Gate(True, 1.0), "PA", "network", (), masks, "", {})
    milliseconds = []
    for _ in range(2 * ROUNDS):
        start = time.perf_counter()
        unpack_film(pack_film(film), Limits())
        unpack_reading(pack_reading(reading))
        milliseconds.append(1e3 * (time.perf_counter() - start))
    return figure("packed and unpacked, ms", f"{LARGE[1]} × {LARGE[0]} pixels", len(milliseconds), median(milliseconds))


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Hold PyTorch to so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
