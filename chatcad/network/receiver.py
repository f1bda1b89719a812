"""The C-STORE receiver: an object is committed to the queue before its sender hears that it is stored.

It knows pynetdicom and the statuses of PS3.4 B.2.3. What is read is ``routing``'s, what is kept is ``queue``'s.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from chatcad.errors import ImageRefused, UsageError
from chatcad.imaging.decoding import SYNTAXES
from chatcad.imaging.limits import Limits
from chatcad.network.node import Node
from chatcad.network.queue import Queue
from chatcad.network.routing import FILM_CLASSES, RESULT_CLASSES, header_of, route

if TYPE_CHECKING:
    from pynetdicom.events import Event
    from pynetdicom.transport import ThreadedAssociationServer

log = logging.getLogger(__name__)
# Its tracebacks and dumps may quote data sets.
logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)

SUCCESS, FULL, UNREADABLE = 0x0000, 0xA700, 0xC000
MOST_SENDERS = 8


def start(node: Node, queue: Queue, limits: Limits) -> ThreadedAssociationServer:
    """Listen in threads of its own until ``shutdown()``.

    Raises
    ------
    UsageError
        The port is taken, nobody is allowed to send, or TLS can't be set up.
    """
    from pynetdicom import AE, evt
    from pynetdicom.sop_class import Verification

    if not node.allowed:
        raise UsageError("nobody is allowed to send: name the AE titles that may with --allow")
    entity = AE(node.title)
    entity.require_called_aet = True
    entity.require_calling_aet = list(node.allowed)
    entity.maximum_associations = MOST_SENDERS
    entity.add_supported_context(Verification)
    for kind in (*FILM_CLASSES, *RESULT_CLASSES):
        entity.add_supported_context(kind, sorted(SYNTAXES))
    try:
        server = entity.start_server(
            (node.host, node.port),
            block=False,
            ssl_context=None if node.tls is None else node.tls.receiving(),
            evt_handlers=[(evt.EVT_C_STORE, _on_store, [queue, limits])],
        )
    except (OSError, OverflowError) as error:
        raise UsageError(f"can't listen on {node.host}:{node.port} ({error}): choose another --port") from error
    assert server is not None  # noqa: S101  -- only a blocking server returns nothing
    return server


def _on_store(event: Event, queue: Queue, limits: Limits) -> int:
    return take(event.encoded_dataset(), queue, limits)


def take(data: bytes, queue: Queue, limits: Limits) -> int:
    """Queue an object that is to be read, and return the status for its sender.

    What isn't for us is answered with success as well: this is no archive, and a router that hears a failure would send
    it for ever.
    """
    try:
        limits.check_bytes(len(data))
        header = header_of(data, limits)
    except ImageRefused as refusal:
        log.warning("not taken: %s", refusal)
        return UNREADABLE
    if (verdict := route(header)) != "read":
        log.info("not for us: %s", verdict)
        return SUCCESS
    outcome = queue.offer(data, str(header.SOPInstanceUID), _pixels(header))
    log.info("film received: %s", outcome)
    return FULL if outcome == "full" else SUCCESS


def _pixels(header: Any) -> bytes:
    return bytes(header.get("PixelData") or b"")
