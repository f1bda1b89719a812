"""From pieces to text that may be shown: whole characters, and nothing of a stop string.

It knows strings only. Pieces may be token ids or words; ``decode`` turns a list of them into text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Piece = TypeVar("Piece")
_UNFINISHED = "\ufffd"  # what tokenizers decode half of a UTF-8 character to


class TextStream(Generic[Piece]):
    """Text that grows piece by piece and ends before the first stop string.

    Parameters
    ----------
    decode
        Turns all pieces so far into text.
    stops
        Strings that end the text and aren't part of it. White space before the first word doesn't count.
    """

    def __init__(self, decode: Callable[[list[Piece]], str], stops: Sequence[str] = ()) -> None:
        self._decode, self._stops = decode, tuple(s for s in stops if s)
        self._pieces: list[Piece] = []
        self._shown = 0
        self.stopped = False

    def push(self, piece: Piece) -> str:
        """Take one more piece and return the text that has become safe to show, often ``""``."""
        self._pieces.append(piece)
        text = self._text()
        cuts = [cut for stop in self._stops if (cut := text.find(stop)) >= 0]
        self.stopped = bool(cuts)
        return self._show(text, min(cuts) if cuts else len(text) - self._held_back(text))

    def flush(self) -> str:
        """Return what was held back, at the end of a text that met no stop string."""
        if self.stopped:
            return ""
        text = self._text().rstrip(_UNFINISHED)
        return self._show(text, len(text))

    def _text(self) -> str:
        return self._decode(self._pieces).lstrip()

    def _show(self, text: str, end: int) -> str:
        fresh, self._shown = text[self._shown : end], max(self._shown, end)
        return fresh

    def _held_back(self, text: str) -> int:
        """Return how many last characters may still turn into a stop string or into another character."""
        if text.endswith(_UNFINISHED):
            return len(text) - len(text.rstrip(_UNFINISHED))
        longest = max((len(stop) for stop in self._stops), default=1)
        sizes = range(min(longest - 1, len(text)), 0, -1)
        return next((n for n in sizes if any(s.startswith(text[-n:]) for s in self._stops)), 0)
