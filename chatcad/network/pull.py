"""Films fetched from a DICOMweb service: QIDO-RS finds them, WADO-RS brings those that were never taken."""

from __future__ import annotations

from collections.abc import Iterator

from chatcad.errors import DeliveryFailed
from chatcad.export import as_bytes
from chatcad.imaging.limits import Limits
from chatcad.network.node import Node
from chatcad.network.queue import Queue
from chatcad.network.receiver import FULL, take

MODALITIES = ("CR", "DX")
PAGE = 200
_STUDY, _SERIES, _INSTANCE = "0020000D", "0020000E", "00080018"


def pull(node: Node, queue: Queue, limits: Limits) -> int:
    """Queue what the service has and was never taken; return how many were fetched.

    Raises
    ------
    DeliveryFailed
        The service can't be reached or broke off; what was queued until then stays.
    """
    from dicomweb_client import DICOMwebClient
    from pydicom.errors import InvalidDicomError
    from requests import RequestException

    client, fetched = DICOMwebClient(node.pull, timeout=30), 0
    try:
        for study, series, instance in _found(client, node):
            if queue.knows(instance):
                continue
            film = client.retrieve_instance(study, series, instance, media_types=(("application/dicom", "*"),))
            if take(as_bytes(film), queue, limits) == FULL:
                break  # the next round goes on
            queue.remember(instance)
            fetched += 1
    except (RequestException, InvalidDicomError, LookupError, ValueError) as error:
        raise DeliveryFailed(f"the DICOMweb service gave no proper answer: {type(error).__name__}") from error
    return fetched


def _found(client: object, node: Node) -> Iterator[tuple[str, str, str]]:
    """Yield the UIDs of study, series and instance of every film that fits, page by page."""
    for modality in MODALITIES:
        filters = {**dict(node.query), "Modality": modality}
        offset = 0
        while page := client.search_for_instances(  # type: ignore[attr-defined]
            search_filters=filters, limit=PAGE, offset=offset
        ):
            offset += len(page)
            for one in page:
                yield tuple(str(one[tag]["Value"][0]) for tag in (_STUDY, _SERIES, _INSTANCE))  # type: ignore[misc]
            if len(page) < PAGE:
                break
