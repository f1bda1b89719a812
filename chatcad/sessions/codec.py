"""Studies and turns as bytes, and back: typed JSON, a PNG of the film, an NPZ of masks and heat maps. No pickle.

It knows which parts of a film are kept: never the file, and the pixels only as large as the page draws them.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from chatcad.types import FloatImage, Study, Turn

LONGEST_SIDE = 1024
"""Of the kept picture, in pixels: as large as the page draws a film (``ui.overlay.DISPLAY_SIDE``)."""

_WHITE = 65535
_PNG_EFFORT = 1  # zlib's least: a film's noise hardly compresses, and its reader waits


class Unreadable(ValueError):
    """Bytes that are not what these functions wrote."""


@dataclass(frozen=True, slots=True)
class StudyBytes:
    """A study in three parts: ``facts`` (JSON), ``picture`` (16-bit grey PNG), ``arrays`` (NPZ)."""

    facts: bytes
    picture: bytes
    arrays: bytes


def encode_facts(study: Study) -> bytes:
    """Return everything of a study but its arrays as JSON: the same for a study that came back from the store."""
    return _facts(study)[0]


def encode_study(study: Study) -> StudyBytes:
    """Return a study as bytes; its pixels come back reduced to ``LONGEST_SIDE`` and 16 bits, all else exactly."""
    facts, (pixels, *rest) = _facts(study)
    picture, packed = io.BytesIO(), io.BytesIO()
    grey = np.round(_WHITE * _reduced(pixels)).astype(np.uint16)
    Image.fromarray(grey).save(picture, format="PNG", compress_level=_PNG_EFFORT)
    np.savez_compressed(packed, *rest)
    return StudyBytes(facts, picture.getvalue(), packed.getvalue())


def decode_study(stored: StudyBytes) -> Study:
    """Return the study that was encoded.

    Raises
    ------
    Unreadable
        A part is damaged, or not of this form.
    """
    try:
        picture = Image.open(io.BytesIO(stored.picture), formats=["PNG"])
        pixels: FloatImage = (np.asarray(picture, dtype=np.float64) / _WHITE).astype(np.float32)
        with np.load(io.BytesIO(stored.arrays), allow_pickle=False) as packed:
            arrays = [pixels, *(packed[name] for name in packed.files)]
        return msgspec.json.decode(stored.facts, type=Study, dec_hook=lambda _, number: arrays[number])
    except (msgspec.MsgspecError, OSError, EOFError, ValueError, LookupError, TypeError, zipfile.BadZipFile) as error:
        raise Unreadable(f"its film can't be read ({type(error).__name__})") from error


def encode_turn(turn: Turn) -> bytes:
    """Return a turn as JSON."""
    return msgspec.json.encode(turn, enc_hook=_plain)


def decode_turn(stored: bytes) -> Turn:
    """Return the turn that was encoded.

    Raises
    ------
    Unreadable
        The JSON is damaged, or not a turn's.
    """
    try:
        return msgspec.json.decode(stored, type=Turn)
    except msgspec.MsgspecError as error:
        raise Unreadable("one of its answers can't be read") from error


def _facts(study: Study) -> tuple[bytes, list[NDArray[Any]]]:
    """Return the JSON, in which a number stands for each array, and the arrays: the film's pixels are the first."""
    film = study.radiograph
    if max(film.pixels.shape) > LONGEST_SIDE:
        film = replace(film, grid=(film.height, film.width))
    arrays: list[NDArray[Any]] = []

    def set_aside(value: object) -> object:
        if isinstance(value, np.ndarray):
            arrays.append(value)
            return len(arrays) - 1
        return _plain(value)

    return msgspec.json.encode(replace(study, radiograph=film), enc_hook=set_aside), arrays


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no place in a stored conversation")


def _reduced(pixels: FloatImage) -> FloatImage:
    scale = LONGEST_SIDE / max(pixels.shape)
    if scale >= 1:
        return pixels
    size = (max(1, round(scale * pixels.shape[1])), max(1, round(scale * pixels.shape[0])))
    small = Image.fromarray(pixels.astype(np.float32)).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(small, dtype=np.float32).clip(0, 1)
