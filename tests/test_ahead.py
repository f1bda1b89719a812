"""Work on a stream: its order is kept, little is under way, and a fault or a leaver ends it."""

import threading
import time

import pytest

from chatcad.ahead import in_order


def test_outcomes_keep_the_order_also_where_later_ones_are_ready_first():
    def slow(number):
        time.sleep(0.02 if number % 3 == 0 else 0)
        return number

    assert list(in_order(slow, range(20), 4)) == list(range(20))


def test_no_more_are_drawn_than_are_under_way():
    drawn = []

    def stream():
        for number in range(100):
            drawn.append(number)
            yield number

    outcomes = in_order(lambda number: number, stream(), 3)
    assert next(outcomes) == 0
    assert len(drawn) == 3
    outcomes.close()
    assert len(drawn) == 3


def test_several_are_under_way_at_once():
    together = threading.Barrier(3, timeout=10)
    assert len(list(in_order(lambda _: together.wait(), range(3), 3))) == 3


def test_a_fault_ends_the_stream_where_it_stands():
    done = []
    with pytest.raises(ZeroDivisionError):
        for outcome in in_order(lambda number: 1 / (2 - number), range(10), 2):
            done.append(outcome)
    assert done == [0.5, 1.0]
