"""How many servers keep a queue short: the formula, and a simulation that checks it.

It knows arrivals, service times and servers. What arrives (films, questions) is ``capacity``'s business.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SECONDS_AN_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Service:
    """Seconds of one server for one job: their mean, and their standard deviation by the mean."""

    mean: float
    variation: float

    @classmethod
    def of(cls, seconds: Array) -> Service:
        """Return the service that was measured."""
        return cls(float(seconds.mean()), float(seconds.std() / seconds.mean()))


def waiting_share(load: float, servers: int) -> float:
    """Return the share of jobs that wait at all (Erlang 1917, C formula).

    Parameters
    ----------
    load
        Arrivals a second times mean service seconds: servers that would be busy on average.
    servers
        More than the load.
    """
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = load * blocked / (k + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


def wait_percentile(rate: float, service: Service, servers: int, q: float = 0.95) -> float:
    """Return the wait in seconds that a share ``q`` of the jobs doesn't exceed, in a steady hour.

    Exponential tail of M/M/c, stretched by the variation of the service times (Allen–Cunneen, for M/G/c; Allen,
    Probability, Statistics, and Queueing Theory, 2nd ed., 1990): exact for exponential times, an approximation else.
    """
    load = rate * service.mean
    if load >= servers:
        return math.inf
    waits = waiting_share(load, servers)
    if waits <= 1 - q:
        return 0.0
    drained = (servers - load) / service.mean
    return math.log(waits / (1 - q)) / drained * (1 + service.variation**2) / 2


def servers_for(rate: float, service: Service, *, wait: float, busy: float) -> int:
    """Return the fewest servers with a 95th percentile of ``wait`` seconds at most, and no busier than ``busy``."""
    servers = max(1, math.ceil(rate * service.mean / busy))
    while wait_percentile(rate, service, servers) > wait:
        servers += 1
    return servers


def arrivals_of_a_day(jobs: float, profile: Sequence[float], rng: np.random.Generator) -> Array:
    """Return sorted arrival times in seconds: Poisson in each hour, hours in the shares of ``profile``."""
    hours = [(hour + rng.random(rng.poisson(jobs * share))) * SECONDS_AN_HOUR for hour, share in enumerate(profile)]
    return np.sort(np.concatenate(hours))


def simulate(arrivals: Array, seconds: Array, servers: int) -> Array:
    """Return each job's wait: first come, first served, by whichever server is free first.

    Kiefer and Wolfowitz's recursion (1955) on a heap of the times at which servers become free.
    """
    free = [0.0] * servers
    waits = np.empty_like(arrivals)
    for i, (arrived, work) in enumerate(zip(arrivals.tolist(), seconds.tolist(), strict=True)):
        start = max(arrived, free[0])
        heapq.heapreplace(free, start + work)
        waits[i] = start - arrived
    return waits
