"""PNG and JPEG pictures of a film.

It knows Pillow's modes. Such files carry no view, spacing or patient data that is read: EXIF is used for the
orientation alone.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image, ImageOps

from chatcad.errors import ImageRefused
from chatcad.imaging import grey
from chatcad.imaging.codestream import too_many_scans
from chatcad.imaging.limits import Limits
from chatcad.types import FloatImage, Radiograph

_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_DEEP_WINDOW = "No window in a 16-bit picture: contrast was set from the 0.5 and 99.5 percentiles of the film."

# What Pillow was seen to raise on damaged files, and what its parsers raise besides (SyntaxError for broken PNG
# chunks); caught once, in `read`. Its own check for decompression bombs is among them.
_DAMAGE = (
    ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError, SyntaxError,
    TypeError, ValueError, struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


def reads(head: bytes) -> bool:
    """Return whether a file that begins so is PNG or JPEG."""
    return head.startswith(_STARTS)


def read(data: bytes, limits: Limits) -> Radiograph:
    """Read a picture.

    Parameters
    ----------
    data
        The file's bytes.
    limits
        Checked on the picture's header, before pixels are decoded.

    Returns
    -------
    Radiograph
        Luminance, upright by EXIF, transparent parts black; view and spacing unknown.

    Raises
    ------
    ImageRefused
        Damaged, animated, blank, too large or too small.
    """
    try:
        pixels, warnings = _read(data, limits)
    except _DAMAGE as error:
        raise ImageRefused("The PNG or JPEG file is damaged, incomplete or too large: export it again.") from error
    return Radiograph(pixels=pixels, sha256=hashlib.sha256(data).hexdigest(), warnings=warnings)


def _read(data: bytes, limits: Limits) -> tuple[FloatImage, tuple[str, ...]]:
    if too_many_scans(data):
        raise ImageRefused("The JPEG file is cut into too many scans: export it again.")
    with Image.open(BytesIO(data), formats=("PNG", "JPEG")) as lazy:  # only the header is parsed here
        limits.check_shape(lazy.height, lazy.width)
        if getattr(lazy, "n_frames", 1) != 1:
            raise ImageRefused("The file holds several pictures: give a single film.")
        picture = ImageOps.exif_transpose(lazy)
    if picture.mode.startswith("I"):  # 16-bit greyscale
        return grey.stretch(np.asarray(picture).astype(np.uint16)), (_DEEP_WINDOW,)
    eight_bit = np.asarray(_without_transparency(picture).convert("L"), dtype=np.float32)
    return grey.not_blank(eight_bit / np.float32(255)), ()


def _without_transparency(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture
    layer = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "black"), layer)
