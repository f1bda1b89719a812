"""From a file to a :class:`~chatcad.types.Radiograph`: the only place that knows file formats.

Formats are recognised by content, never by name. Each format is a module with ``reads(head)`` and
``read(data, limits)``. Everything happens in memory and nothing is written; no file is parsed in the process that
serves people (``isolation``).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from chatcad.errors import ImageRefused
from chatcad.imaging.limits import Limits
from chatcad.types import Radiograph

__all__ = ["load"]

_HEAD_BYTES = 132
_OTHERS = {
    b"%PDF": "a PDF", b"PK\x03\x04": "a ZIP archive", b"\x1f\x8b": "a gzip archive", b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture", b"GIF8": "a GIF picture", b"BM": "a BMP picture", b"RIFF": "a WebP picture or a video",
    b"\x00\x00\x00\x0cjP  ": "a JPEG 2000 picture", b"MZ": "a program", b"\x7fELF": "a program",
}  # fmt: skip


def load(
    source: Path | bytes, *, max_bytes: int = Limits().max_bytes, max_pixels: int = Limits().max_pixels
) -> Radiograph:
    """Read one film.

    Parameters
    ----------
    source
        A path, or the bytes of a DICOM, PNG or JPEG file.
    max_bytes
        Largest file.
    max_pixels
        Largest rows times columns, checked before decoding.

    Returns
    -------
    Radiograph
        Grey values in ``[0, 1]``, bright is dense, and the allow-listed metadata.

    Raises
    ------
    ImageRefused
        For every file that can't be read as a frontal chest film, with cause and remedy in one line and nothing of
        the patient's in it.
    """
    limits = Limits(max_bytes, max_pixels)
    data = source if isinstance(source, bytes) else _bytes_of(source, limits)
    limits.check_bytes(len(data))
    from chatcad.imaging import isolation

    return isolation.decode(data, limits)


def decode(data: bytes, limits: Limits) -> Radiograph:
    """Read the bytes of one film in this process: what the child runs (``child``).

    Raises
    ------
    ImageRefused
        As for :func:`load`.
    """
    from chatcad.imaging import dicom, raster

    head = data[:_HEAD_BYTES]
    for form in (dicom, raster):
        if form.reads(head):
            return _remarked(form.read(data, limits))
    kind = next((name for start, name in _OTHERS.items() if head.startswith(start)), "of an unknown kind")
    raise ImageRefused(f"The file is {kind}, not DICOM, PNG or JPEG: export the film as one of these.")


def _remarked(film: Radiograph) -> Radiograph:
    """Warn of letters in the picture, where the header hasn't."""
    from chatcad.imaging import letters, metadata

    if metadata.BURNED_IN in film.warnings or not letters.has_letters(film.pixels):
        return film
    return replace(film, warnings=(*film.warnings, letters.BURNED_IN))


def must_be_there(path: Path) -> None:
    """Refuse a path that is no file: a wrong one shall not wait for the models to load.

    Raises
    ------
    ImageRefused
        It isn't there, or is a folder, or a device or pipe that would never end.
    """
    if path.is_dir():
        raise ImageRefused("This is a folder: give one film, or read the folder with `batch`.")
    if not path.is_file():
        raise ImageRefused("There is no such file: check the path.")


def _bytes_of(path: Path, limits: Limits) -> bytes:
    try:
        must_be_there(path)
        with path.open("rb") as file:
            return file.read(limits.max_bytes + 1)
    except OSError as error:
        raise ImageRefused("The file can't be opened: check that you may read it.") from error
