"""The DICOM service: receive, read, deliver, each in its own time, over one queue.

It knows the order of things and how to stop. Films wait on disk, never in a thread: a stop at any moment, or a dead
archive, loses none. Log lines hold hashes and counts.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from chatcad import observe
from chatcad.config import Settings
from chatcad.errors import BackendFailed, DeliveryFailed, ExportRefused, ImageRefused
from chatcad.imaging.limits import Limits
from chatcad.network import receiver
from chatcad.network.deliver import deliver
from chatcad.network.dicomweb import Archive
from chatcad.network.indication import indication
from chatcad.network.node import Node
from chatcad.network.pull import pull
from chatcad.network.queue import Queue

if TYPE_CHECKING:
    from chatcad.scale import Networks

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.2
SHORT = 12
OWNER = "dicom"
"""Who reads and exports, as the audit names it."""


def run(node: Node, reader: Networks, settings: Settings, stop: threading.Event) -> None:
    """Serve until ``stop`` is set; a film that is being read then is finished.

    Raises
    ------
    UsageError
        The port is taken, nobody is allowed to send, or no films can be asked for as the node says.
    """
    import highdicom.seg  # noqa: F401  -- seconds that the first film shall not wait

    limits = Limits(settings.max_bytes, settings.max_pixels)
    archive = Archive(node.pull, node.query) if node.pull else None
    queue = Queue(node.queue, node.max_queue_bytes)
    server = receiver.start(node, queue, limits)
    log.info("listening as %s on port %d; %d films wait", node.title, node.port, queue.count("received"))
    with ThreadPoolExecutor(2) as pool:
        work = [pool.submit(_repeat, lambda: deliver_one(queue, node), stop, IDLE_SECONDS)]
        if archive is not None:
            work.append(pool.submit(_repeat, lambda: _pull(archive, queue, limits), stop, node.pull_seconds))
        try:
            _repeat(lambda: read_one(queue, reader, settings, node), stop, IDLE_SECONDS)
        finally:
            server.shutdown()
    for thread in work:
        thread.result()  # an error of ours is shown, not swallowed
    queue.close()
    log.info("stopped")


def read_one(queue: Queue, reader: Networks, settings: Settings, node: Node) -> bool:
    """Read the film whose turn it is and keep its results; return whether there was one that could be read."""
    waiting = queue.next("received")
    if waiting is None:
        return False
    name = waiting.key[:SHORT]
    try:
        results = results_of(waiting.film.read_bytes(), reader, settings, node)
    except (ImageRefused, ExportRefused) as refusal:
        observe.film_refused(refusal, OWNER)
        log.warning("film %s has no result: %s", name, refusal)
        queue.done(waiting.key)
        return True
    except BackendFailed as failure:  # a deployment of the networks that restarts: films wait for it as for an archive
        log.warning("film %s waits: %s", name, failure)
        queue.put_back(waiting.key)
        return False
    queue.keep_results(waiting.key, results)
    log.info("film %s was read", name)
    return True


def results_of(data: bytes, reader: Networks, settings: Settings, node: Node) -> dict[str, bytes]:
    """Return a film's SR, SEG and SC as files by name, for the study that it came from.

    Raises
    ------
    ImageRefused
        It is no frontal chest film, or can't be read.
    ExportRefused
        Its header names no study to return to.
    """
    from chatcad import export
    from chatcad.export.source import source_of
    from chatcad.pipeline import read_film

    study = read_film(data, reader, settings)
    observe.film_read(study, OWNER)
    told = indication(data, node.indications, Limits(settings.max_bytes, settings.max_pixels))
    report = export.drafted(study, history=told)
    wanted = export.DICOM if study.masks is not None else ("sr", "sc")
    made = {name: export.as_bytes(result) for name, result in export.objects(report, source_of(data, study), wanted)}
    for name in made:
        observe.exported(study, name, OWNER)
    return made


def deliver_one(queue: Queue, node: Node) -> bool:
    """Deliver the results whose turn it is; return whether there were any. What fails is tried again later."""
    waiting = queue.next("read")
    if waiting is None:
        return False
    name = waiting.key[:SHORT]
    try:
        deliver(waiting.results, node)
    except DeliveryFailed as failure:
        log.warning("results of %s wait after try %d: %s", name, waiting.tries, failure)
        return True
    queue.done(waiting.key)
    log.info("%d results of %s were delivered", len(waiting.results), name)
    return True


def _pull(archive: Archive, queue: Queue, limits: Limits) -> bool:
    try:
        if fetched := pull(archive, queue, limits):
            log.info("%d films fetched", fetched)
    except DeliveryFailed as failure:
        log.warning("nothing fetched: %s", failure)
    return False


def _repeat(work: Callable[[], bool], stop: threading.Event, idle_seconds: float) -> None:
    """Work while there is some, wait where there is none; an unexpected error stops all, since nothing is lost then."""
    try:
        while not stop.is_set():
            if not work():
                stop.wait(idle_seconds)
    finally:
        stop.set()
