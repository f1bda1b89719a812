"""Films fetched from a DICOMweb service round by round: those that were never taken go to the queue."""

from __future__ import annotations

import logging

from chatcad.errors import ImageRefused
from chatcad.imaging.limits import Limits
from chatcad.network.dicomweb import Archive, instance_of
from chatcad.network.queue import Queue
from chatcad.network.receiver import FULL, take

log = logging.getLogger(__name__)


def pull(archive: Archive, queue: Queue, limits: Limits) -> int:
    """Queue what the service has and was never taken; return how many were fetched.

    A film that can't be had is asked for again in the next round and keeps no other from being fetched.

    Raises
    ------
    DeliveryFailed
        The service can't be reached or broke off; what was queued until then stays.
    """
    fetched = 0
    for film in archive.find():
        instance = instance_of(film)
        if film.skip or queue.knows(instance):
            continue
        try:
            data = archive.open(film.name)
        except ImageRefused as refusal:
            log.warning("not fetched: %s", refusal)
            continue
        if take(data, queue, limits) == FULL:
            break  # the next round goes on
        queue.remember(instance)
        fetched += 1
    return fetched
