"""The networks as a Ray Serve deployment: ``serve run chatcad.scale.serve:build replicas=2``.

Each replica holds one set of networks and reads the films that arrive together as one batch. It trusts its callers, as
a database does: it listens on loopback unless told otherwise, and in a cluster a NetworkPolicy lets only the app reach
it (``docs/examples/kuberay.yaml``). Needs ``requirements/scale.txt``.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read when ray starts: nothing is reported to its makers

from pydantic import BaseModel, Field
from ray import serve
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from cad_models.reader import BATCH
from chatcad.config import load_settings
from chatcad.errors import ImageRefused, UsageError
from chatcad.imaging.limits import Limits
from chatcad.scale.remote import OCCLUDED, REFUSED, UNREADABLE
from chatcad.scale.wire import pack_reading, unpack_film, unpack_part
from chatcad.types import Radiograph, Reading

if TYPE_CHECKING:
    from ray.serve import Application

QUEUE_A_REPLICA = 4 * BATCH
"""Films that a replica holds at once, those that wait for its next batch included."""


class Size(BaseModel):
    """How large the deployment is.

    Parameters
    ----------
    replicas
        Sets of networks, each of one process.
    batch
        Films that a replica reads together at most; 1 switches batching off.
    wait_ms
        How long a batch waits to be filled.
    cores
        A replica's cores and threads.
    """

    replicas: int = Field(default=1, ge=1)
    batch: int = Field(default=BATCH, ge=1)
    wait_ms: float = Field(default=10.0, ge=0)
    cores: int = Field(default=1, ge=1)


def build(size: Size | dict[str, Any]) -> Application:
    """Return the application that ``serve run`` (with the ``args`` of its file) or `ray.serve.run` deploys."""
    size = Size.model_validate(size)
    deploy = serve.deployment(
        name="networks",
        num_replicas=size.replicas,
        ray_actor_options={"num_cpus": size.cores},
        max_ongoing_requests=QUEUE_A_REPLICA,
    )
    application: Application = deploy(FilmNetworks).bind(size)
    return application


class FilmNetworks:
    """One replica: GET says that it is there, POST reads one packed film."""

    def __init__(self, size: Size) -> None:
        import torch

        from cad_models.choice import chosen
        from cad_models.reader import CadReader

        torch.set_num_threads(size.cores)
        settings = load_settings()
        self._limits = Limits(max_pixels=settings.max_pixels)
        self._reader = CadReader(chosen(settings.cache))
        self._read.set_max_batch_size(size.batch)
        self._read.set_batch_wait_timeout_s(size.wait_ms / 1e3)

    async def __call__(self, request: Request) -> Response:
        """Answer with what was asked, or with why there is none."""
        if request.method != "POST":
            return PlainTextResponse("ChatCAD's networks: POST a packed film\n")
        try:
            packed = await request.body()
            if request.url.path.endswith(f"/{OCCLUDED}"):
                return await self._occluded(packed)
            outcome = await self._read(unpack_film(packed, self._limits))
            if isinstance(outcome, Reading):
                return Response(pack_reading(outcome), media_type="application/octet-stream")
            return PlainTextResponse(str(outcome), REFUSED)
        except ImageRefused as refusal:
            return PlainTextResponse(str(refusal), REFUSED)
        except UsageError as error:
            return PlainTextResponse(str(error), UNREADABLE)

    async def _occluded(self, packed: bytes) -> Response:
        film, masks, box = unpack_part(packed, self._limits)
        return JSONResponse(await asyncio.to_thread(self._reader.occluded, film, masks, film.view, box))

    @serve.batch
    async def _read(self, films: Sequence[Radiograph]) -> list[Reading | ImageRefused]:
        """Read a batch in a thread, so that the next one's films can arrive meanwhile."""
        return await asyncio.to_thread(lambda: list(self._reader.read_many(films, len(films))))
