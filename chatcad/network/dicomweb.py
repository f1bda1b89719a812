"""A DICOMweb service: QIDO-RS finds films page by page, WADO-RS brings one at a time, and a fault is said in one line.

It knows the protocol and which instances are films by what a query tells of them. UIDs and filters name patients'
studies: they stay out of messages and logs.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from tenacity import retry, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from chatcad.errors import DeliveryFailed, ImageRefused, UsageError
from chatcad.export import as_bytes
from chatcad.imaging.dicom import DAMAGE
from chatcad.network.node import Query
from chatcad.network.routing import FILM_CLASSES
from chatcad.sources import Listed

if TYPE_CHECKING:
    from dicomweb_client import DICOMwebClient
    from requests import RequestException

T = TypeVar("T")

# It logs the UIDs of all that it fetches.
logging.getLogger("dicomweb_client").setLevel(logging.CRITICAL)

MODALITIES = ("CR", "DX")
_MODALITY = frozenset({"Modality", "00080060"})
PAGE = 200
SECONDS = 30
TRIES = 4
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that may be gone in a second."""
_SERVICE_WIDE = _BUSY - {500} | {401}
"""Statuses that the next film would have as well; an archive says 500 of one whose file is damaged, for ever."""
_REMEDIES = {
    400: "check the filters of --query, and that the address is the one that /studies follows",
    401: "put user and password into ~/.netrc",
    403: "this user may not search there",
    404: "give the address that /studies follows, such as http://pacs/dicom-web",
}
_STUDY, _SERIES, _INSTANCE, _CLASS = "0020000D", "0020000E", "00080018", "00080016"
_NAME = re.compile(r"studies/([\d.]{1,64})/series/([\d.]{1,64})/instances/([\d.]{1,64})")


def client(url: str) -> DICOMwebClient:
    """Return a client that goes where it is told and nowhere else; it takes a password from ``~/.netrc``.

    Its own retries are off: they end in an error of another kind than its requests do.

    Raises
    ------
    UsageError
        The address is none.
    """
    from dicomweb_client import DICOMwebClient
    from requests import Session

    if urlsplit(url).username is not None:
        raise UsageError("the DICOMweb address holds a user's name: put user and password into ~/.netrc instead")
    session = Session()
    session.max_redirects = 0
    try:
        made = DICOMwebClient(url.rstrip("/"), session, timeout=SECONDS)
    except ValueError as error:
        raise UsageError(f"{url} is no address of a DICOMweb service: write http://HOST:PORT/PATH") from error
    made.set_http_retry_params(retry=False)
    return made


class Archive:
    """The chest films of a DICOMweb service that fit a query; a source of films by the name of their WADO-RS path.

    Parameters
    ----------
    url
        The service's address, without ``/studies``.
    query
        QIDO filters. CR and DX are asked for, unless they name one of the two.

    Raises
    ------
    UsageError
        The address is none, or another modality is asked for.
    """

    def __init__(self, url: str, query: Query) -> None:
        asked = [value for attribute, value in query if attribute in _MODALITY]
        if other := set(asked) - set(MODALITIES):
            raise UsageError(f"films of modality {other.pop()} are not read: ask for CR or DX")
        self._client, self._where = client(url), urlsplit(url).netloc
        self._modalities = asked or MODALITIES
        self._filters = {attribute: value for attribute, value in query if attribute not in _MODALITY}

    def listed(self) -> Iterable[Listed]:
        """Return every film that fits, as it is drawn; the service is asked for the first one at once.

        Raises
        ------
        UsageError
            None fits.
        DeliveryFailed
            The service can't be reached, refuses, or says something else; also while the films are drawn.
        """
        found = self.find()
        first = next(found, None)
        if first is None:
            raise UsageError(f"the DICOMweb service at {self._where} has no CR or DX instance that fits: widen --query")
        return chain([first], found)

    def find(self) -> Iterator[Listed]:
        """Yield every film that fits, page by page; those whose class holds no film for reading with the reason.

        Raises
        ------
        DeliveryFailed
            The service can't be reached, refuses, or says something else.
        """
        for modality in self._modalities:
            offset, before = 0, list[Listed]()
            # A service may give shorter pages than it was asked for (PS3.18 8.3.4.4): only an empty one is the last.
            while page := self._page(modality, offset):
                if page == before:
                    raise DeliveryFailed(f"the DICOMweb service at {self._where} gives one page again and again")
                yield from page
                offset, before = offset + len(page), page

    def open(self, name: str) -> bytes:
        """Fetch one film, in the transfer syntax that it is stored in.

        Raises
        ------
        ImageRefused
            The service does not give this one, or what it gives is damaged.
        DeliveryFailed
            The service can't be reached.
        """
        from pydicom.errors import InvalidDicomError
        from requests import HTTPError, RequestException

        uids = _NAME.fullmatch(name)
        if uids is None:
            raise ImageRefused("The film's UIDs are none by PS3.5: it can't be asked for.")
        as_stored = (("application/dicom", "*"),)
        try:
            return _tried(lambda: as_bytes(self._client.retrieve_instance(*uids.groups(), media_types=as_stored)))
        except HTTPError as error:
            if _status(error) in _SERVICE_WIDE:
                raise self._failed(error) from error
            raise ImageRefused(f"The archive does not give this film (status {_status(error)}).") from error
        except RequestException as error:
            raise self._failed(error) from error
        except (InvalidDicomError, *DAMAGE) as error:
            raise ImageRefused("What the archive gives for this film is no whole DICOM object.") from error

    def _page(self, modality: str, offset: int) -> list[Listed]:
        from requests import RequestException

        filters = {**self._filters, "Modality": modality}
        try:
            page = _tried(lambda: self._client.search_for_instances(search_filters=filters, limit=PAGE, offset=offset))
            return [_listed(instance) for instance in page]
        except (LookupError, TypeError, ValueError) as error:  # what is no JSON is one of requests' errors as well
            raise DeliveryFailed(f"what answers at {self._where} is no DICOMweb service: check the address") from error
        except RequestException as error:
            raise self._failed(error) from error

    def _failed(self, error: RequestException) -> DeliveryFailed:
        """Return the fault without the error's own words: they hold the address with its filters and UIDs."""
        service, status = f"the DICOMweb service at {self._where}", _status(error)
        if status is None:
            return DeliveryFailed(f"{service} does not answer ({type(error).__name__}): check its address and state")
        if 300 <= status < 400:
            return DeliveryFailed(f"{service} points elsewhere (status {status}): give the address that it points to")
        return DeliveryFailed(f"{service} refused (status {status}): {_REMEDIES.get(status, 'look at its log')}")


def instance_of(film: Listed) -> str:
    """Return the SOPInstanceUID in a film's name."""
    return film.name.rpartition("/")[2]


def _listed(instance: dict[str, Any]) -> Listed:
    study, series, uid = (str(instance[tag]["Value"][0]) for tag in (_STUDY, _SERIES, _INSTANCE))
    kind = str((instance.get(_CLASS, {}).get("Value") or [""])[0])
    skip = "" if kind in {"", *FILM_CLASSES} else "Not fetched: its SOP class is neither CR nor DX for presentation."
    return Listed(f"studies/{study}/series/{series}/instances/{uid}", skip)


def _status(error: RequestException) -> int | None:
    return None if error.response is None else error.response.status_code


def _passes(error: BaseException) -> bool:
    """Return whether a fault may be gone in a second."""
    from requests import ConnectionError, HTTPError, Timeout
    from requests.exceptions import ChunkedEncodingError

    if isinstance(error, HTTPError):
        return _status(error) in _BUSY
    return isinstance(error, ConnectionError | Timeout | ChunkedEncodingError)


@retry(
    retry=retry_if_exception(_passes),
    stop=stop_after_attempt(TRIES),
    wait=wait_exponential_jitter(0.2, 5),
    reraise=True,
)
def _tried(ask: Callable[[], T]) -> T:
    return ask()
