"""Slow work on a stream of things, some of them at once, its outcomes in the stream's order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_order(work: Callable[[T], R], things: Iterable[T], at_once: int) -> Iterator[R]:
    """Yield what ``work`` returns for each thing, or raise what it raises.

    Parameters
    ----------
    work
        Called in threads.
    things
        Drawn as they are needed: no more than ``at_once`` of them are under way or waiting to be yielded.
    at_once
        How many.
    """
    source = iter(things)
    with ThreadPoolExecutor(at_once) as pool:
        under_way: deque[Future[R]] = deque(pool.submit(work, thing) for thing in islice(source, at_once))
        try:
            while under_way:
                yield under_way.popleft().result()
                under_way.extend(pool.submit(work, thing) for thing in islice(source, 1))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # whoever stops listening waits for what has begun only
