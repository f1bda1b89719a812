"""What a backend says of itself to ``doctor``: nothing is loaded to say it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Status:
    """Whether a backend can write now.

    Parameters
    ----------
    usable
        Everything that ``create`` needs is there.
    detail
        One line: what was found, or what is missing.
    remedy
        The command or setting that mends it; empty when nothing needs mending.
    """

    usable: bool
    detail: str
    remedy: str = ""
