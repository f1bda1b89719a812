"""What one suite of the abuse table measured, and how the table is printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_NOTES = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row of the table.

    Parameters
    ----------
    name
        What was tried.
    tried, passed
        How many cases, and how many ended as they should.
    figure
        What else was measured, in words.
    aim
        What has to hold, in words.
    notes
        One line for each case that failed, and for what this machine could not try.
    least
        Share of cases that has to pass.
    """

    name: str
    tried: int
    passed: int
    figure: str
    aim: str
    notes: tuple[str, ...] = ()
    least: float = 1.0

    @property
    def reached(self) -> bool:
        """Whether enough cases passed; a suite that tried nothing reached nothing."""
        return self.tried > 0 and self.passed >= self.least * self.tried


def outcome(name: str, failures: Sequence[str], tried: int, *, figure: str, aim: str, least: float = 1.0) -> Outcome:
    """Return the row of a suite whose failed cases are named."""
    return Outcome(name, tried, tried - len(failures), figure, aim, tuple(failures[:MOST_NOTES]), least)


def table(outcomes: Iterable[Outcome]) -> str:
    """Return the table as text."""
    rows = [("what was tried", "n", "passed", "measured", "aim", "reached")]
    rows += [(o.name, str(o.tried), str(o.passed), o.figure, o.aim, "yes" if o.reached else "NO") for o in outcomes]
    widths = [max(len(row[i]) for row in rows) for i in range(6)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
