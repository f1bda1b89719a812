"""``serve-dicom --to AET@HOST:PORT``: films in by C-STORE or DICOMweb, results back to their study."""

from __future__ import annotations

import argparse
import logging
import signal
import threading

from chatcad import DISCLAIMER, observe
from chatcad.config import Settings
from chatcad.errors import UsageError
from chatcad.network.node import Node, Peer, ae_title, destination, query_filters
from chatcad.network.tls import Identity
from chatcad.premises import keep_on_premises
from chatcad.scale import open_networks


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM."""
    from chatcad.network import service

    node = node_of(arguments, settings)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("chatcad").info(DISCLAIMER)
    observe.begin(settings)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    service.run(node, open_networks(settings), settings, stop)


def node_of(arguments: argparse.Namespace, settings: Settings) -> Node:
    """Return the node that the arguments describe.

    Raises
    ------
    UsageError
        An address, title or filter is none, an address lies off the premises without leave, or TLS lacks a file.
    """
    to = destination(arguments.to, allow_remote=settings.allow_remote)
    if arguments.pull:
        keep_on_premises(arguments.pull, "films and patients' data", allow_remote=settings.allow_remote)
    allowed = tuple(ae_title(title) for title in arguments.allow)
    return Node(
        to=to,
        queue=arguments.queue or settings.cache / "dicom-queue",
        title=ae_title(arguments.ae_title),
        host=arguments.host,
        port=arguments.port,
        allowed=allowed or ((to.title,) if isinstance(to, Peer) else ()),
        pull=arguments.pull,
        query=query_filters(arguments.query),
        pull_seconds=arguments.pull_seconds,
        indications=arguments.indications,
        tls=_identity(arguments),
    )


def _identity(arguments: argparse.Namespace) -> Identity | None:
    if arguments.tls_cert and arguments.tls_key:
        return Identity(arguments.tls_cert, arguments.tls_key, arguments.tls_ca)
    if arguments.tls_cert or arguments.tls_key or arguments.tls_ca:
        raise UsageError("TLS needs --tls-cert and --tls-key, and --tls-ca where peers must prove who they are")
    return None
