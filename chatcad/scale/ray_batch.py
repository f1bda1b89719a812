"""A batch read by Ray Data: ``batch --engine ray``, with a set of networks for each core of a machine or a cluster.

Every node must see the folder under the same path, or reach the DICOMweb service. Names are listed before the first
film is read. Rows come as they are finished, not in the films' order; a stopped run is gone on with as without Ray, by
the names that have a row. Needs ``requirements/scale.txt``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from chatcad.commands.batch import rows
from chatcad.config import Settings
from chatcad.errors import UsageError
from chatcad.export import Format
from chatcad.scale.networks import open_networks
from chatcad.sources import Films, Listed

A_TIME = 8
"""Films that go to a set of networks at a time: a batch of theirs (``cad_models.reader.BATCH``)."""


def rows_by_ray(
    listed: Iterable[Listed], films: Films, settings: Settings, *, wanted: Sequence[Format], reports: Path
) -> Iterator[dict[str, Any]]:
    """Yield the rows that `chatcad.commands.batch.rows` yields, in any order.

    Raises
    ------
    UsageError
        Ray is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read when ray starts: nothing is reported to its makers
    try:
        import ray.data
    except ImportError as error:
        raise UsageError("Ray is not installed: pip install -r requirements/scale.txt") from error
    if not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    read = partial(rows, films=films, settings=settings, wanted=wanted, reports=reports.resolve())
    cores = int(ray.cluster_resources()["CPU"])
    data = ray.data.from_items([{"name": film.name, "skip": film.skip} for film in listed]).map_batches(
        Rows, fn_constructor_args=(read, settings), batch_size=A_TIME, num_cpus=1, concurrency=(1, cores)
    )
    for row in data.iter_rows():
        yield json.loads(row["row"])


class Rows:
    """One set of networks in a process of Ray's; rows travel as JSON, since their columns hold several types."""

    def __init__(self, read: partial[Iterator[dict[str, Any]]], settings: Settings) -> None:
        import torch

        torch.set_num_threads(1)
        self._read = partial(read, reader=open_networks(settings))

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """Read some films."""
        listed = [Listed(str(name), str(skip)) for name, skip in zip(batch["name"], batch["skip"], strict=True)]
        return {"row": [json.dumps(row) for row in self._read(listed)]}
