"""The networks at a URL: a client of ``chatcad.scale.serve`` that reads films as `cad_models.reader.CadReader` does.

It needs neither Ray nor the networks' weights. Files are decoded on this side, in its limited child processes. Several
films are under way at once, since the deployment forms its batches of what arrives together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from chatcad.ahead import in_order
from chatcad.config import Settings
from chatcad.errors import BackendFailed, ImageRefused, ModelMissing, UsageError
from chatcad.llm.web import client
from chatcad.premises import keep_on_premises
from chatcad.scale.networks import TOGETHER
from chatcad.scale.wire import pack_film, pack_part, unpack_reading
from chatcad.types import Box, Masks, Radiograph, Reading, View

T = TypeVar("T")

TRIES = 4
SECONDS = 60.0
"""For one film, its wait for a replica included."""

REFUSED, UNREADABLE = 422, 400
OCCLUDED = "occluded"
"""The path of the question what a score rests on."""

_REMEDY = "look at the deployment's log, or unset CHATCAD_CAD to read films in this process"


class _NotNow(Exception):
    """The deployment can't take the film at this moment: a replica restarts, or its queue is full."""


@dataclass(frozen=True, slots=True)
class RemoteNetworks:
    """Reads films through the deployment at ``url``; safe to share between threads."""

    url: str
    _client: httpx.Client
    together: int = TOGETHER

    @classmethod
    def connect(cls, settings: Settings) -> RemoteNetworks:
        """Return a client of the deployment that the settings name, once it has answered.

        Raises
        ------
        ModelMissing
            Nobody answers there.
        UsageError
            Films would leave the premises.
        """
        keep_on_premises(settings.cad, "films", allow_remote=settings.allow_remote)
        web = client(SECONDS)
        try:
            status = web.get(settings.cad).status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ModelMissing(f"no networks answer at {settings.cad} ({error}): {_REMEDY}") from error
        if status != httpx.codes.OK:
            raise ModelMissing(f"no networks at {settings.cad} (status {status}): {_REMEDY}")
        return cls(settings.cad, web)

    def read(self, radiograph: Radiograph) -> Reading:
        """Read one film.

        Raises
        ------
        ImageRefused
            The picture is not an upright frontal chest film.
        BackendFailed
            The deployment failed or fell silent.
        """
        return self._ask("", pack_film(radiograph), lambda answer: unpack_reading(answer.content))

    def read_many(self, radiographs: Iterable[Radiograph]) -> Iterator[Reading | ImageRefused]:
        """Read films in their order, at most ``together`` at once; a refusal is yielded, not raised."""
        return in_order(self._outcome, radiographs, self.together)

    def occluded(self, film: Radiograph, masks: Masks, view: View, box: Box) -> dict[str, tuple[float, float]]:
        """Return what `cad_models.reader.CadReader.occluded` returns.

        Raises
        ------
        BackendFailed
            The deployment failed or fell silent.
        """
        return self._ask(OCCLUDED, pack_part(film, masks, view, box), _scores)

    def _ask(self, what: str, packed: bytes, understand: Callable[[httpx.Response], T]) -> T:
        try:
            answer = self._post(self.url.rstrip("/") + "/" + what, packed)
        except (httpx.HTTPError, _NotNow) as error:
            raise BackendFailed(f"the networks at {self.url} failed ({error}): {_REMEDY}") from error
        if answer.status_code == REFUSED:
            raise ImageRefused(answer.text)
        if answer.is_error:
            raise BackendFailed(f"the networks at {self.url} failed ({answer.status_code}): {_REMEDY}")
        try:
            return understand(answer)
        except (UsageError, ValueError) as error:
            raise BackendFailed(f"the networks at {self.url} said something else: {error}") from error

    def _outcome(self, film: Radiograph) -> Reading | ImageRefused:
        try:
            return self.read(film)
        except ImageRefused as refusal:
            return refusal

    # A film may be read twice without harm, so that a replica that dies costs its films a pause and nothing else.
    @retry(
        retry=retry_if_exception_type((httpx.TransportError, _NotNow)),
        stop=stop_after_attempt(TRIES),
        wait=wait_exponential_jitter(0.2, 5),
        reraise=True,
    )
    def _post(self, url: str, packed: bytes) -> httpx.Response:
        answer = self._client.post(url, content=packed)
        if answer.status_code >= 500:
            raise _NotNow(f"status {answer.status_code}")
        return answer


def _scores(answer: httpx.Response) -> dict[str, tuple[float, float]]:
    return {str(label): (float(whole), float(grey)) for label, (whole, grey) in dict(answer.json()).items()}
