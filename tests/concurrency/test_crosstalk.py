"""Visitors who ask at the same time: nobody sees or loses anything."""

from __future__ import annotations

from evaluation.abuse import crosstalk


def test_six_visitors_with_four_questions_each_stay_apart() -> None:
    found = crosstalk.run(6, 0, turns=4)
    assert found.reached, found.notes
