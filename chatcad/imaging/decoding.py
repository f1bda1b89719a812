"""From encoded pixel data to stored values: which decoder reads which transfer syntax.

It knows transfer syntaxes and decoders. It doesn't know what the values mean (``grey``) or how a file is parsed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels import get_decoder

from chatcad.errors import ImageRefused
from chatcad.imaging.codestream import frame_header, too_many_scans

# One decoder a syntax, so that the same file gives the same values everywhere. GDCM only where nothing else that may
# ship can read it: Pillow and OpenJPEG raise on damaged streams, GDCM was seen to abort the process,
# which ends the child alone.
_OPENJPEG, _PILLOW, _GDCM = ("pylibjpeg", "pylibjpeg-openjpeg"), ("pillow", "pillow"), ("gdcm", "python-gdcm")
_DECODERS = {
    uid.RLELossless: ("pydicom", "pydicom"),
    uid.JPEGBaseline8Bit: _PILLOW,
    uid.JPEGExtended12Bit: _PILLOW,
    uid.JPEGLossless: _GDCM,
    uid.JPEGLosslessSV1: _GDCM,
    uid.JPEGLSLossless: _GDCM,
    uid.JPEGLSNearLossless: _GDCM,
    uid.JPEG2000Lossless: _OPENJPEG,
    uid.JPEG2000: _OPENJPEG,
}
_NATIVE = frozenset(
    {
        uid.ImplicitVRLittleEndian,
        uid.ExplicitVRLittleEndian,
        uid.ExplicitVRBigEndian,
        uid.DeflatedExplicitVRLittleEndian,
    }
)
SYNTAXES = _NATIVE | _DECODERS.keys()


def stored_values(header: Dataset) -> NDArray[Any]:
    """Decode the only frame of a film.

    Parameters
    ----------
    header
        The data set with its pixel data and file meta information; its size has been checked.

    Returns
    -------
    numpy.ndarray
        ``(rows, columns)``, or ``(rows, columns, 3)`` in RGB; integers as stored.

    Raises
    ------
    ImageRefused
        The stream is damaged or of another size than the header says, or the decoder is missing.
    """
    syntax: uid.UID = header.file_meta.TransferSyntaxUID
    plugin = _plugin(syntax, header.BitsStored) if syntax in _DECODERS else ""
    if plugin and syntax != uid.RLELossless:  # which has no size of its own
        _check_frame(header)
    values, _ = get_decoder(syntax).as_array(header, decoding_plugin=plugin)
    return np.asarray(values)


def _check_frame(header: Dataset) -> None:
    """Refuse a frame that doesn't fit the header, which is what was held against the limits."""
    stream = get_frame(header.PixelData, 0, number_of_frames=1)
    frame = frame_header(stream)
    # More bits than allocated would be cut off from above without a word, and turn the greys into noise.
    if frame is None or frame[:2] != (header.Rows, header.Columns) or frame.bits > header.BitsAllocated:
        raise ImageRefused("The compressed image isn't of the size that the header says: export the film again.")
    if too_many_scans(stream):
        raise ImageRefused("The compressed image is cut into too many scans: export the film again.")


def _plugin(syntax: uid.UID, bits: int) -> str:
    """Return the name of the pydicom plug-in that decodes this syntax."""
    plugin, package = _DECODERS[syntax]
    if syntax == uid.JPEGExtended12Bit and bits > 8:  # Pillow reads 8 bits only, and GDCM corrupts its heap here
        plugin, package = "pylibjpeg", "pylibjpeg-libjpeg"
    if plugin not in get_decoder(syntax).available_plugins:
        raise ImageRefused(f"The decoder for this film's compression is missing: pip install {package}.")
    return plugin
