"""From stored values to what a reader sees: modality LUT, VOI LUT or window, polarity, padding.

It knows the greyscale pipeline of DICOM PS3.4 N.2. It doesn't parse files. A film has at most 65,536 different stored
values, so the pipeline is worked out once as a table and the film is looked up in it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, apply_windowing

from chatcad.errors import ImageRefused
from chatcad.types import FloatImage

Values = NDArray[Any]
Table = NDArray[np.float64]

LOW_FRACTION, HIGH_FRACTION = 0.005, 0.995
BLANK_SPAN = 1e-3  # a picture that spans less grey than this is blank
WINDOW_SPAN, WINDOW_SHARE = 0.1, 0.05  # of the grey scale, and of the film inside the window: less shows no film
_LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601

ASSUMED_WINDOW = "No window in the file: contrast was set from the 0.5 and 99.5 percentiles of the film."
BAD_WINDOW = "The file's window shows nothing or is invalid: contrast was set from the percentiles of the film."
FIRST_WINDOW = "The file offers several windows: the first was used."
POLARITY = "PresentationLUTShape and PhotometricInterpretation disagree: the latter was followed."


def render(stored: Values, header: Dataset) -> tuple[FloatImage, tuple[str, ...]]:
    """Apply a film's greyscale pipeline.

    Parameters
    ----------
    stored
        ``(height, width)`` stored values of at most 16 bits, signed or not.
    header
        Its data set; PhotometricInterpretation is MONOCHROME1 or MONOCHROME2.

    Returns
    -------
    picture : numpy.ndarray
        ``(height, width)`` float32 in ``[0, 1]``, bright is dense.
    warnings : tuple of str
        What had to be assumed.

    Raises
    ------
    ImageRefused
        The film has one grey value only.

    References
    ----------
    DICOM PS3.3 C.11.1 (modality LUT), C.11.2 (VOI LUT), C.7.6.3.1.2 (photometric interpretation), C.7.5.1.1.2
    (padding).
    """
    codes, values = _codes(stored)
    padding = _padding(values, header)
    inverse = header.PhotometricInterpretation == "MONOCHROME1"
    # A wild slope or window may overflow or divide by zero here: the picture that comes of it is judged instead.
    with np.errstate(all="ignore"):
        physical = _modality(values, header)
        table, warnings = _voi(physical, header)
        picture = None if table is None else _look_up(table, codes, padding, inverse)
        if picture is None or not _shows_film(picture):
            warnings = (ASSUMED_WINDOW if picture is None else BAD_WINDOW,)
            picture = _look_up(_percentile_table(codes, physical, padding), codes, padding, inverse)
    return picture, (*warnings, *_polarity(header, inverse))


def stretch(stored: Values) -> FloatImage:
    """Stretch values without a header between their percentiles.

    Parameters
    ----------
    stored
        ``(height, width)`` of at most 16 bits.

    Returns
    -------
    numpy.ndarray
        Same shape, float32 in ``[0, 1]``.

    Raises
    ------
    ImageRefused
        All values are the same.
    """
    codes, values = _codes(stored)
    nothing = np.zeros(values.shape, dtype=np.bool_)
    return _look_up(_percentile_table(codes, values.astype(np.float64), nothing), codes, nothing, inverse=False)


def luminance(colours: Values, bits: int) -> FloatImage:
    """Return the luminance of RGB values.

    Parameters
    ----------
    colours
        ``(height, width, 3)``, unsigned.
    bits
        Stored per sample; sets what is white.

    Returns
    -------
    numpy.ndarray
        ``(height, width)`` float32 in ``[0, 1]``.

    Raises
    ------
    ImageRefused
        All values are the same.
    """
    grey = np.zeros(colours.shape[:2], dtype=np.float32)
    for channel, weight in enumerate(_LUMINANCE):
        grey += colours[..., channel] * np.float32(weight / (2**bits - 1))
    return not_blank(np.clip(grey, 0.0, 1.0, out=grey))


def not_blank(picture: FloatImage) -> FloatImage:
    """Return the picture as it is, or refuse it.

    Raises
    ------
    ImageRefused
        All values are the same.
    """
    if not np.ptp(picture) > BLANK_SPAN:
        raise ImageRefused("The image is blank, every pixel has the same grey: export the film again.")
    return picture


def _shows_film(picture: FloatImage) -> bool:
    inside = np.mean((picture > 0) & (picture < 1))
    return bool(np.ptp(picture) > WINDOW_SPAN and inside > WINDOW_SHARE)


def _codes(stored: Values) -> tuple[Values, Values]:
    """Return the film as table indices, and the stored value that each index stands for."""
    native = np.ascontiguousarray(stored, dtype=stored.dtype.newbyteorder("="))
    unsigned: np.dtype[Any] = np.dtype("u1" if native.dtype.itemsize == 1 else "u2")
    every = np.arange(256**unsigned.itemsize, dtype=unsigned)
    return native.view(unsigned), every.view(native.dtype).astype(np.int32)


def _look_up(table: Table, codes: Values, padding: NDArray[np.bool_], inverse: bool) -> FloatImage:
    shown = np.clip(1.0 - table if inverse else table, 0.0, 1.0)
    shown[padding] = 0.0  # black whatever the polarity: there is no film there
    return shown.astype(np.float32)[codes]


def _modality(values: Values, header: Dataset) -> Table:
    rescaled = header.get("RescaleSlope") is not None and header.get("RescaleIntercept") is not None
    if rescaled or header.get("ModalityLUTSequence"):
        return np.asarray(apply_modality_lut(values, header), dtype=np.float64)
    return values.astype(np.float64)


def _voi(physical: Table, header: Dataset) -> tuple[Table | None, tuple[str, ...]]:
    """Return the first usable VOI transformation as a table, the LUT before the window as pydicom prefers it."""
    luts = header.get("VOILUTSequence") or ()
    if luts and (table := _lut(physical, luts[0], _words(header))) is not None:
        return table, (FIRST_WINDOW,) if len(luts) > 1 else ()
    center, width = _first(header, "WindowCenter"), _first(header, "WindowWidth")
    if center is not None and width is not None:
        several = header["WindowCenter"].VM > 1
        return _window(physical, header, center, width), (FIRST_WINDOW,) if several else ()
    if header.BitsStored <= 8:  # made for the screen: nothing to choose
        span = _modality(_stored_range(header), header)
        return (physical - span.min()) / np.ptp(span), ()
    return None, ()


def _first(header: Dataset, name: str) -> float | None:
    """Return a value, or the first of several (pydicom gives a MultiValue, not a list); NaN when it is no number."""
    value = header.get(name)
    if value is None:
        return None
    try:
        return float(value[0] if header[name].VM > 1 else value)
    except ValueError:  # such as a decimal comma
        return math.nan


def _window(physical: Table, header: Dataset, center: float, width: float) -> Table:
    function = str(header.get("VOILUTFunction") or "LINEAR").upper()
    least = {"LINEAR": 1.0, "LINEAR_EXACT": 1e-9, "SIGMOID": 1e-9}.get(function)  # PS3.3 C.11.2.1.2 and C.11.2.1.3
    if least is None or not (math.isfinite(center) and least <= width < math.inf):
        return np.zeros_like(physical)  # a flat picture, which `render` replaces
    # pydicom maps to the range of the stored values; far values show where that range begins and ends.
    black, white = apply_windowing(np.array([-1e30, 1e30]), header)
    return np.asarray((apply_windowing(physical, header) - black) / (white - black), dtype=np.float64)


def _words(header: Dataset) -> np.dtype[Any]:
    return np.dtype("<u2" if header.file_meta.TransferSyntaxUID.is_little_endian else ">u2")


def _lut(physical: Table, item: Dataset, words: np.dtype[Any]) -> Table | None:
    """Look the values up in one item of the VOI LUT Sequence.

    pydicom's ``apply_voi`` is not used: it holds the index in the type of the output, and so wraps around in an
    8-bit LUT of more than 256 entries.
    """
    descriptor, data = item.get("LUTDescriptor"), item.get("LUTData")
    if descriptor is None or len(descriptor) != 3 or not data:
        return None
    entries, first, bits = descriptor[0] or 2**16, descriptor[1], descriptor[2]
    if isinstance(data, bytes):
        packed = len(data) < 2 * entries  # 8-bit entries, two to a word
        data = np.frombuffer(data, dtype=np.uint8 if packed else words, count=entries)
    lut = np.asarray(data, dtype=np.float64)[:entries]
    if first > 2**15 and physical.min() < 0:
        first -= 2**16  # written as unsigned although the values are signed, PS3.3 C.11.2.1.1
    white = max(2**bits - 1, lut.max())
    index = np.clip(np.rint(physical) - first, 0, lut.size - 1).astype(np.intp)
    return np.asarray(lut[index] / white, dtype=np.float64)


def _stored_range(header: Dataset) -> Values:
    top = 2**header.BitsStored
    return np.array([-top // 2, top // 2 - 1] if header.PixelRepresentation else [0, top - 1], dtype=np.int32)


def _padding(values: Values, header: Dataset) -> NDArray[np.bool_]:
    one = header.get("PixelPaddingValue")
    if one is None:
        return np.zeros(values.shape, dtype=np.bool_)
    other = header.get("PixelPaddingRangeLimit")
    low, high = sorted((int(one), int(one if other is None else other)))
    return (values >= low) & (values <= high)


def _percentile_table(codes: Values, physical: Table, padding: NDArray[np.bool_]) -> Table:
    counts = np.bincount(codes.ravel(), minlength=physical.size)
    counts[padding] = 0
    order = np.argsort(physical, kind="stable")
    total = int(counts.sum())
    ranks = np.searchsorted(np.cumsum(counts[order]), (LOW_FRACTION * total, HIGH_FRACTION * total))
    low, high = physical[order][ranks]
    if total == 0 or not high > low:
        raise ImageRefused("The image is blank, nearly every pixel has the same grey: export the film again.")
    return np.asarray((physical - low) / (high - low), dtype=np.float64)


def _polarity(header: Dataset, inverse: bool) -> tuple[str, ...]:
    """Say when the two tags for polarity disagree; PS3.3 C.8.11.3.1.2 wants INVERSE with MONOCHROME1 alone."""
    shape = header.get("PresentationLUTShape")
    return (POLARITY,) if shape and (shape == "INVERSE") != inverse else ()
