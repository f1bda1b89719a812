"""DICOM files (PS3.10) of one film.

It knows how a file is parsed and what makes it one film. Decoders are in ``decoding``, what the header means is in
``metadata``, what the stored values mean is in ``grey``. Only allow-listed elements are ever read; nothing is
written; all stays in memory.
"""

from __future__ import annotations

import hashlib
import logging
import struct
import warnings
import zlib
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from pydicom import config as pydicom_config
from pydicom import uid
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset

from chatcad.errors import ImageRefused
from chatcad.imaging import grey, metadata
from chatcad.imaging.decoding import SYNTAXES, stored_values
from chatcad.imaging.limits import MIB, Limits
from chatcad.types import FloatImage, Radiograph

# pydicom's remarks quote header values, and header values name patients: none may reach a log or a terminal.
pydicom_config.settings.reading_validation_mode = pydicom_config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL)
warnings.filterwarnings("ignore", module=r"pydicom(\.|$)")

_IMAGE_KEYWORDS = (
    "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns",
    "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit",
    "RescaleIntercept", "RescaleSlope", "ModalityLUTSequence", "VOILUTSequence", "VOILUTFunction", "WindowCenter",
    "WindowWidth", "PresentationLUTShape", "PixelData",
)  # fmt: skip
_TAGS: list[Any] = [tag_for_keyword(keyword) for keyword in (*metadata.KEYWORDS, *_IMAGE_KEYWORDS)]

_MONOCHROME, _COLOUR = {"MONOCHROME1", "MONOCHROME2"}, {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"}

_PREFIX_END = 132  # 128 bytes of preamble and "DICM", PS3.10 7.1
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MAX_READS = 50_000  # a film's header takes about a thousand; millions of empty elements would take minutes
_MAX_ELEMENT = MIB // 2  # of a header element; the largest honest ones are LUTs of 128 KiB

# What pydicom and its decoders were seen to raise on damaged files (eight kinds in 3,000 mutated ones), and what
# their sources raise besides. Damage can surface at any element that is looked at, so it is caught once, in `read`.
DAMAGE = (
    ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError,
    SyntaxError, TypeError, ValueError, struct.error, zlib.error,
)  # fmt: skip


def reads(head: bytes) -> bool:
    """Return whether a file that begins so is DICOM, with the prefix of PS3.10 or as a bare data set.

    A bare data set (old archives, some DIMSE dumps) begins with an element of group 0002 or 0008 and a short value.
    """
    if head[128:_PREFIX_END] == b"DICM":
        return True
    if len(head) < _PREFIX_END:
        return False
    group, element, vr, short = struct.unpack_from("<HH2sH", head)
    length = short if vr.isalpha() and vr.isupper() else struct.unpack_from("<I", head, 4)[0]
    return group in (0x0002, 0x0008) and element <= 0x0070 and length <= 256


def read(data: bytes, limits: Limits) -> Radiograph:
    """Read a film.

    Parameters
    ----------
    data
        The file's bytes.
    limits
        Checked on the header, before pixels are decoded.

    Returns
    -------
    Radiograph
        Pixels after modality LUT, VOI LUT and polarity; allow-listed metadata.

    Raises
    ------
    ImageRefused
        Damaged, hostile, unsupported, or by its header not a frontal chest radiograph.
    """
    try:
        return _read(data, limits)
    except DAMAGE as error:
        raise ImageRefused("The DICOM file is damaged or incomplete: export the film again.") from error


def elements(data: bytes, keywords: Sequence[str], limits: Limits) -> Dataset:
    """Return chosen header elements of a film that `read` has accepted: for what goes back to where it came from.

    Parameters
    ----------
    data
        The file's bytes.
    keywords
        Of the elements; whatever else the header holds is skipped unread.
    limits
        As for `read`.

    Raises
    ------
    ImageRefused
        The file is damaged.
    """
    try:
        return _parse(data, limits, [tag_for_keyword(keyword) for keyword in keywords])
    except DAMAGE as error:
        raise ImageRefused("The DICOM file is damaged or incomplete: export the film again.") from error


def _read(data: bytes, limits: Limits) -> Radiograph:
    header = _parse(data, limits, _TAGS)
    modality, kind_remarks = metadata.check_kind(header)
    view = metadata.view(header)
    _check_image(header, limits)
    pixels, grey_remarks = _pixels(header)
    spacing, spacing_remarks = metadata.spacing(header)
    transpose, mirror, upend = turns = metadata.turns(header)
    pixels = pixels.T if transpose else pixels
    pixels = pixels[:: -1 if upend else 1, :: -1 if mirror else 1]
    return Radiograph(
        pixels=np.ascontiguousarray(pixels),
        sha256=hashlib.sha256(data).hexdigest(),
        view=view,
        sex=metadata.sex(header),
        age_band=metadata.age_band(header),
        modality=modality,
        spacing_mm=spacing[::-1] if spacing and transpose else spacing,
        warnings=(*kind_remarks, *grey_remarks, *spacing_remarks, *((metadata.TURNED,) if any(turns) else ())),
    )


class _Budget(BytesIO):
    """Bytes that may be read a limited number of times: bounds the parsing of elements at every depth."""

    reads_left = _MAX_READS

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads_left -= 1
        if self.reads_left < 0:
            raise ImageRefused("The DICOM header has too many elements for a film: export a single image.")
        return super().read(size)


def _parse(data: bytes, limits: Limits, tags: list[Any]) -> Dataset:
    """Return these elements of the file, with its file meta information."""
    stream = _Budget(data)
    if data[128:_PREFIX_END] == b"DICM":
        _check_preamble(data[:128])
        stream.seek(_PREFIX_END)
    meta = read_dataset(stream, False, True, stop_when=lambda tag, _vr, _length: tag.group != 2)
    syntax = uid.UID(str(meta.get("TransferSyntaxUID") or _guess_syntax(data[stream.tell() :][:6])))
    if syntax not in SYNTAXES:
        raise ImageRefused("The DICOM file's compression is not supported: export it uncompressed.")
    if syntax == uid.DeflatedExplicitVRLittleEndian:
        stream = _Budget(_inflate(data[stream.tell() :], limits))
    header = read_dataset(stream, syntax.is_implicit_VR, syntax.is_little_endian, specific_tags=tags)
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = syntax
    header.set_original_encoding(syntax.is_implicit_VR, syntax.is_little_endian)
    _check_elements(header)
    if data[128:_PREFIX_END] != b"DICM" and "Image Storage" not in uid.UID(str(header.get("SOPClassUID"))).name:
        raise ImageRefused("The file is not DICOM, PNG or JPEG: export the film as one of these.")
    return header


def _check_preamble(preamble: bytes) -> None:
    """Refuse files that are also something else (CVE-2019-11687); a TIFF head is what PS3.10 7.1 provides for."""
    if any(preamble) and not preamble.startswith(_TIFF_STARTS):
        raise ImageRefused(
            "The first 128 bytes hold something other than DICOM or TIFF, perhaps a program: "
            "ask the sender for a clean export."
        )


def _guess_syntax(start: bytes) -> uid.UID:
    """Return the syntax of a data set without file meta information, by its first element."""
    return uid.ExplicitVRLittleEndian if start[4:6].isalpha() and start[4:6].isupper() else uid.ImplicitVRLittleEndian


def _inflate(body: bytes, limits: Limits) -> bytes:
    """Inflate no further than the limit: 300 kB of zeros unpack to 300 MiB (PS3.5 A.5)."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    plain = inflater.decompress(body, limits.max_bytes + 1)
    limits.check_bytes(len(plain))
    return plain


def _check_elements(header: Dataset) -> None:
    """Refuse header elements of a size that no film has, before they are turned into numbers or sequences."""
    for tag in header.keys() - {tag_for_keyword("PixelData")}:
        element = header.get_item(tag)
        if isinstance(element, RawDataElement) and len(element.value or b"") > _MAX_ELEMENT:
            raise ImageRefused("The DICOM header has an element too large for a film: export a single image.")


def _check_image(header: Dataset, limits: Limits) -> None:
    """Refuse what can't be decoded into one film."""
    if "PixelData" not in header or "Rows" not in header or "Columns" not in header:
        raise ImageRefused("The DICOM file holds no image: give the film itself.")
    frames = int(header.get("NumberOfFrames") or 1)
    if frames != 1:
        raise ImageRefused(f"The DICOM file holds {frames} frames, not one film: give a single image.")
    limits.check_shape(header.Rows, header.Columns)
    if header.PhotometricInterpretation not in _MONOCHROME | _COLOUR:
        raise ImageRefused("The DICOM file is neither greyscale nor RGB: export it as MONOCHROME2.")
    if header.BitsAllocated not in (8, 16) or not 8 <= header.BitsStored <= header.BitsAllocated:
        raise ImageRefused("The DICOM file's pixels don't have 8 to 16 bits: export it as a plain radiograph.")


def _pixels(header: Dataset) -> tuple[FloatImage, tuple[str, ...]]:
    """Decode the one frame, and bring it to what a reader sees."""
    stored = stored_values(header)
    if header.PhotometricInterpretation in _COLOUR:
        return grey.luminance(stored, header.BitsStored), ()
    return grey.render(stored, header)
