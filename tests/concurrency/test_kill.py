"""A process that is killed while it writes: what it reported is there, and no answer is there by half."""

from __future__ import annotations

from evaluation.abuse import kills


def test_three_kills_at_random_moments_lose_nothing() -> None:
    outcome = kills.run(count=3, seed=7)
    assert outcome.reached, outcome.notes
    assert not outcome.figure.startswith("0 "), "no writer came far enough to be worth killing"


def test_a_lost_turn_would_be_noticed(tmp_path) -> None:
    reported = kills._killed_writer(tmp_path, reports=2, seconds=0)
    assert list(kills._losses(tmp_path, reported)) == []
    talk, turns = next(iter(reported.items()))
    assert next(kills._losses(tmp_path, {talk: turns + 2})).endswith("were reported")
    assert "is lost" in next(kills._losses(tmp_path, {"another": 1}))
