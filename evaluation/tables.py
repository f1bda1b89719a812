"""Markdown tables of figures, as README and docs show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)


def pivoted(corner: str, cells: Iterable[tuple[str, str, str]]) -> str:
    """Return a Markdown table of ``(row, column, text)``, rows and columns as they first come; a dash where none is."""
    rows: dict[str, dict[str, str]] = {}
    for row, column, text in cells:
        rows.setdefault(row, {})[column] = text
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    return markdown((corner, *columns), ((name, *(row.get(c, "–") for c in columns)) for name, row in rows.items()))


def interval(value: Sequence[float], digits: int = 3) -> str:
    """Return a point with its 95% interval."""
    point, low, high = (f"{v:.{digits}f}" for v in value)
    return f"{point} [{low}, {high}]"


def of_figure(figure: dict[str, Any] | None) -> str:
    """Return a figure's value, or that there is none."""
    return interval([figure["value"], figure["low"], figure["high"]]) if figure else "not measured"
