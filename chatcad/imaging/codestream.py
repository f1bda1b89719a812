"""The picture size that a compressed frame claims for itself.

It knows where JPEG, JPEG-LS and JPEG 2000 keep their dimensions. It decodes nothing: native decoders allocate by
these numbers and not by the DICOM header's, so they are compared first.
"""

from __future__ import annotations

from struct import unpack_from
from typing import NamedTuple

_J2K_START = b"\xff\x4f\xff\x51"  # SOC then SIZ, ITU-T T.800 A.5.1
MOST_SCANS = 64  # libjpeg's progressive script has ten for colour
_JPEG_START = b"\xff\xd8"
# SOF0-15 without DHT (C4), JPG (C8) and DAC (CC), ITU-T T.81 B.1; and SOF55 of JPEG-LS, ITU-T T.87 C.1
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}


class FrameHeader(NamedTuple):
    """What a compressed frame says of itself; ``bits`` per sample."""

    rows: int
    columns: int
    bits: int


def frame_header(frame: bytes) -> FrameHeader | None:
    """Return the size that a compressed frame announces.

    Parameters
    ----------
    frame
        One encapsulated frame of pixel data (DICOM PS3.5 A.4).

    Returns
    -------
    FrameHeader or None
        ``None`` when no frame header was found, or more than one.
    """
    if frame.startswith(_JPEG_START):
        return _jpeg_header(frame)
    start = frame.find(_J2K_START)  # some writers leave the boxes of a JP2 file before it
    if len(frame) < start + 43 or frame.count(_J2K_START) != 1:  # a second one could be the one that is decoded
        return None
    right, bottom, left, top = unpack_from(">4I", frame, start + 8)
    return FrameHeader(bottom - top, right - left, (frame[start + 42] & 0x7F) + 1)


def too_many_scans(data: bytes) -> bool:
    """Return whether a JPEG is cut into more scans than any encoder writes: each costs a pass over the whole picture.

    36 million pixels in 4,000 scans that held next to nothing took 16 s. ``FF DA`` can't occur in coded data, where
    ``FF`` is followed by 0 (ITU-T T.81 B.1.1.5).
    """
    return data.startswith(_JPEG_START) and data.count(b"\xff\xda") > MOST_SCANS


def _jpeg_header(frame: bytes) -> FrameHeader | None:
    at = 2
    while at + 9 <= len(frame) and frame[at] == 0xFF:
        marker, length = frame[at + 1], unpack_from(">H", frame, at + 2)[0]
        if marker in _JPEG_FRAMES:
            bits, rows, columns = unpack_from(">B2H", frame, at + 4)
            return FrameHeader(rows, columns, bits)
        # 0xFF may be repeated as fill before a marker, ITU-T T.81 B.1.1.2
        at += 1 if marker == 0xFF else 2 + length
    return None
