"""Size limits, checked on what a header claims before anything is decoded.

It knows numbers and their messages. It doesn't know file formats.
"""

from __future__ import annotations

from dataclasses import dataclass

from chatcad.config import Settings
from chatcad.errors import ImageRefused

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may cost.

    Parameters
    ----------
    max_bytes
        Of the file, and of a deflated data set once it is inflated.
    max_pixels
        Rows times columns.
    min_side
        Fewest rows and columns; a thumbnail shows no lung.
    """

    max_bytes: int = Settings().max_bytes
    max_pixels: int = Settings().max_pixels
    min_side: int = 64

    def check_bytes(self, count: int) -> None:
        """Refuse a file of ``count`` bytes when it is empty or too large.

        Raises
        ------
        ImageRefused
            Outside the limits.
        """
        if count == 0:
            raise ImageRefused("The file is empty: export the film again.")
        if count > self.max_bytes:
            raise ImageRefused(f"The file is larger than {self.max_bytes / MIB:.3g} MiB: export a single film.")

    def check_shape(self, rows: int, columns: int) -> None:
        """Refuse an image whose header claims too many or too few pixels.

        Raises
        ------
        ImageRefused
            Outside the limits.
        """
        if min(rows, columns) < self.min_side:
            raise ImageRefused(
                f"The image is {columns} x {rows} pixels, too small to read: give one of at least "
                f"{self.min_side} x {self.min_side}."
            )
        if rows * columns > self.max_pixels:
            raise ImageRefused(
                f"The image is {columns} x {rows} pixels, too large: give one of at most "
                f"{self.max_pixels / 1e6:.3g} million pixels."
            )
