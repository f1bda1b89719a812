"""Queues: the formula against known values and against the simulation."""

import math

import numpy as np
import pytest

from evaluation import capacity
from evaluation.capacity import PROFILE, planned, simulated_peak
from evaluation.queueing import Service, arrivals_of_a_day, servers_for, simulate, wait_percentile, waiting_share


def test_erlang_s_formula_gives_known_values():
    assert waiting_share(0.5, 1) == pytest.approx(0.5)  # of one server, the share that waits is its load
    assert waiting_share(2.0, 3) == pytest.approx(4 / 9)
    assert waiting_share(8.0, 10) == pytest.approx(0.4092, abs=1e-4)


def test_more_than_the_servers_can_do_waits_for_ever():
    assert wait_percentile(2.0, Service(1.0, 0.0), 2) == math.inf


def test_jobs_wait_for_whoever_is_free_first():
    waits = simulate(np.array([0.0, 1.0, 2.0, 2.0]), np.array([10.0, 3.0, 1.0, 1.0]), servers=2)
    assert waits.tolist() == [0.0, 0.0, 2.0, 3.0]


@pytest.mark.parametrize(("servers", "busy"), [(1, 0.7), (4, 0.85), (40, 0.95)])
def test_formula_and_simulation_agree_on_the_wait(servers, busy):
    rng = np.random.default_rng(1)
    service = Service(2.0, 1.0)
    rate = busy * servers / service.mean
    arrivals = np.cumsum(rng.exponential(1 / rate, 300_000))
    waits = simulate(arrivals, rng.exponential(service.mean, len(arrivals)), servers)
    assert np.percentile(waits, 95) == pytest.approx(wait_percentile(rate, service, servers), rel=0.1)


def test_steady_work_waits_less_than_scattered_work():
    steady, scattered = (wait_percentile(0.8, Service(1.0, v), 1) for v in (0.1, 1.0))
    assert steady < 0.6 * scattered


def test_a_day_has_its_jobs_in_its_hours():
    arrivals = arrivals_of_a_day(50_000, PROFILE, np.random.default_rng(0))
    assert len(arrivals) == pytest.approx(50_000, rel=0.02)
    assert np.all(np.diff(arrivals) >= 0)
    assert np.bincount((arrivals // 3600).astype(int)).argmax() == PROFILE.argmax()


@pytest.mark.parametrize("films", [1_000, 30_000])
def test_a_plan_keeps_its_promise_in_the_simulation(films):
    seconds = np.array([0.5, 1.0, 4.0])
    plan = planned("film", films, 1, seconds)
    assert max(plan["busy"]) < capacity.BUSY + 0.01
    assert plan["busy"][0] == pytest.approx(plan["busy"][1], rel=0.05)
    assert max(plan["p95_wait_s"]) <= capacity.WAIT_SECONDS
    assert plan["core_hours_a_1000_studies"] == pytest.approx(plan["cores"] * 24 * 1000 / films)


def test_one_core_less_breaks_the_promise():
    seconds = np.array([20.0])
    cores = servers_for(30_000 * PROFILE.max() / 3600, Service.of(seconds), wait=5.0, busy=1.0)
    assert simulated_peak(30_000, seconds, cores - 2).p95_wait > 5.0
