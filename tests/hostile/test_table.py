"""The suites of ``make abuse``, each with a small seed; those that need a server of their own are slow."""

from __future__ import annotations

import pytest

from evaluation.abuse import (
    bombs,
    canaries,
    crowd,
    files,
    forms,
    injection,
    outside,
    paths,
    polyglots,
    pressed,
    refusals,
)
from evaluation.abuse.outcome import Outcome, outcome, table

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
SMALL = (
    (files.dicom, 60), (files.raster, 30), (polyglots.run, 99), (bombs.images, 2), (forms.run, 3), (refusals.run, 8),
    (canaries.run, 99), (injection.headers, 3), (injection.passages, 6), (injection.turns, 4),
    (injection.unknown_words, 4), (pressed.run, 4),
    (injection.control_tokens, 6),
)  # fmt: skip
SLOW = ((bombs.images, 99), (bombs.documents, 99), (paths.run, 999), (crowd.run, 4), (outside.run, 9))


def _named(suite) -> str:
    return f"{suite.__module__.rsplit('.')[-1]}.{suite.__name__}" if callable(suite) else ""


@pytest.mark.parametrize(("suite", "count"), SMALL, ids=_named)
def test_small(suite, count):
    row = suite(count, 20261128)
    assert row.reached, row


@pytest.mark.slow
@pytest.mark.parametrize(("suite", "count"), SLOW, ids=_named)
def test_slow(suite, count):
    row = suite(count, 20261128)
    assert row.reached, row


def test_the_table_says_what_was_not_reached():
    rows = [outcome("good", [], 2, figure="fast", aim="all"), outcome("bad", ["one"], 2, figure="", aim="all")]
    good, bad = table(rows).splitlines()[2:]
    assert good.endswith("yes")
    assert bad.endswith("NO")
    assert not Outcome("nothing tried", 0, 0, "", "all").reached
