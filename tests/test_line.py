"""The line before the models: one at a time, fair among owners, left without a trace."""

from __future__ import annotations

import threading
import time

import pytest

from chatcad.errors import Busy
from chatcad.line import Gone, Line


def wait_until(condition) -> None:
    until = time.monotonic() + 3
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def queue_up(line: Line, owners: list[str]) -> list[str]:
    """Let owners come one after the other while the line is held; return in which order they are served."""
    served: list[str] = []
    threads = []

    def come(owner: str) -> None:
        with line.turn(owner):
            served.append(owner)

    with line.turn("first"):
        for number, owner in enumerate(owners, start=2):
            threads.append(threading.Thread(target=come, args=(owner,)))
            threads[-1].start()
            wait_until(lambda number=number: len(line) == number)
    for thread in threads:
        thread.join(3)
    return served


def test_an_owner_with_many_requests_does_not_keep_another_waiting() -> None:
    assert queue_up(Line(), ["a", "a", "a", "b", "c"]) == ["a", "b", "c", "a", "a"]


def test_one_owner_is_served_in_order_of_arrival_and_alone() -> None:
    line, inside, most = Line(), 0, 0

    def come() -> None:
        nonlocal inside, most
        with line.turn("a"):
            inside += 1
            most = max(most, inside)
            time.sleep(0.002)
            inside -= 1

    threads = [threading.Thread(target=come) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert most == 1
    assert len(line) == 0


def test_a_full_line_says_how_many_are_before() -> None:
    line = Line(places=1)
    with line.turn("a"):
        waiting = threading.Thread(target=lambda: line.turn("b").__enter__(), daemon=True)
        waiting.start()
        wait_until(lambda: len(line) == 2)
        with pytest.raises(Busy, match="2 before you"), line.turn("c"):
            pass


def test_who_leaves_the_line_lets_the_next_one_pass() -> None:
    line, gone, left = Line(), threading.Event(), threading.Event()

    def come() -> None:
        with pytest.raises(Gone), line.turn("b", gone):
            pass
        left.set()

    with line.turn("a"):
        threading.Thread(target=come).start()
        wait_until(lambda: len(line) == 2)
        gone.set()
        assert left.wait(2)
    with line.turn("c"):
        assert len(line) == 1


def test_an_error_inside_frees_the_line() -> None:
    line = Line()
    with pytest.raises(ValueError, match="inside"), line.turn("a"):
        raise ValueError("inside")
    with line.turn("a"):
        assert len(line) == 1


def test_a_deployment_s_line_serves_several_at_once_and_no_more() -> None:
    line, inside, most = Line(at_once=3), threading.Semaphore(0), []
    leave = threading.Event()

    def come(owner: str) -> None:
        with line.turn(owner):
            most.append(owner)
            inside.release()
            leave.wait(3)

    threads = [threading.Thread(target=come, args=(f"owner {n}",)) for n in range(5)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        assert inside.acquire(timeout=3)
    assert not inside.acquire(timeout=0.4)
    assert (len(most), len(line)) == (3, 5)
    leave.set()
    for thread in threads:
        thread.join(3)
    assert (len(most), len(line)) == (5, 0)
