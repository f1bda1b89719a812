"""Seeded damage and lies: from a good DICOM, PNG or JPEG to a hostile one.

It knows how files are laid out, and nothing of what reads them.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom import Dataset, FileMetaDataset, dcmread, dcmwrite, uid
from pydicom.datadict import tag_for_keyword

from chatcad.ui.phantom import phantom_film

PREFIX = 132
_ITEM = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff"
_ITEM_END = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
_LIES = {
    "Rows": (0, 1, 63, 4096, 65535),
    "Columns": (0, 1, 4096, 65535),
    "BitsAllocated": (0, 1, 7, 12, 32, 64, 65535),
    "BitsStored": (0, 1, 7, 15, 17, 65535),
    "HighBit": (0, 7, 31, 65535),
    "SamplesPerPixel": (0, 2, 3, 4, 65535),
    "PixelRepresentation": (2, 65535),
}
_WRITTEN = (
    uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian, uid.DeflatedExplicitVRLittleEndian,
    uid.RLELossless, uid.JPEG2000Lossless, uid.JPEG2000, uid.JPEGBaseline8Bit, uid.JPEGLSLossless,
    uid.JPEGLSNearLossless, uid.JPEGLosslessSV1, uid.JPEGExtended12Bit, "1.2.3.4",
)  # fmt: skip


def phantom_dicom(size: int = 256, **elements: object) -> Dataset:
    """Return the project's drawn film as a 12-bit CR of ``size`` rows and columns; ``elements`` are set on it."""
    grey = Image.fromarray(phantom_film()).resize((size, size))
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = uid.ComputedRadiographyImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.3680043.8.498.1"
    ds.Modality, ds.BodyPartExamined, ds.ViewPosition = "CR", "CHEST", "PA"
    ds.PatientSex, ds.PatientAge = "F", "057Y"
    ds.PhotometricInterpretation, ds.SamplesPerPixel = "MONOCHROME2", 1
    ds.Rows = ds.Columns = size
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.WindowCenter, ds.WindowWidth = 2048, 4096
    ds.PixelData = np.rint(np.asarray(grey, dtype=np.float64) * 4095).astype("<u2").tobytes()
    ds["PixelData"].VR = "OW"
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


def written(ds: Dataset, preamble: bytes = bytes(128)) -> bytes:
    """Return a data set as a file; the encoder is pydicom's."""
    ds.preamble = preamble
    stream = BytesIO()
    dcmwrite(stream, ds, enforce_file_format=True, implicit_vr=None, little_endian=None)
    return stream.getvalue()


def dicom_seeds() -> list[bytes]:
    """Return good files to damage: those that ship with pydicom (below 1 MiB), and the phantom in five syntaxes."""
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    seeds = [p.read_bytes() for p in sorted(folder.glob("*.dcm")) if p.stat().st_size < 2**20]
    for syntax in (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.DeflatedExplicitVRLittleEndian):
        ds = phantom_dicom()
        ds.file_meta.TransferSyntaxUID = syntax
        seeds += [written(ds)] * 6
    for syntax in (uid.RLELossless, uid.JPEG2000Lossless):
        ds = phantom_dicom()
        ds.compress(syntax, generate_instance_uid=False)
        seeds += [written(ds)] * 6
    return seeds


def raster_seeds() -> list[bytes]:
    """Return the phantom as PNG (8 and 16 bit, RGBA) and JPEG (baseline, progressive)."""
    grey = Image.fromarray(phantom_film()).resize((256, 256))
    eight = Image.fromarray(np.rint(np.asarray(grey) * 255).astype(np.uint8))
    deep = Image.fromarray(np.rint(np.asarray(grey) * 65535).astype(np.uint16))
    return [
        encoded(eight, "PNG"),
        encoded(deep, "PNG"),
        encoded(eight.convert("RGBA"), "PNG"),
        encoded(eight, "JPEG", quality=90),
        encoded(eight.convert("RGB"), "JPEG", progressive=True),
    ]


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    """Return a picture as the bytes of a file."""
    stream = BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


Mutation = Callable[[bytes, random.Random], bytes]


def flipped(data: bytes, rng: random.Random) -> bytes:
    """Change some bytes anywhere."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 5, 50, 500))):
        out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def overflowing_head(data: bytes, rng: random.Random) -> bytes:
    """Put values that overflow into the first part of a file."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 3, 10))):
        out[rng.randrange(min(len(out), 1400))] = rng.choice((0, 1, 127, 128, 255))
    return bytes(out)


def cut_off(data: bytes, rng: random.Random) -> bytes:
    """End a file early."""
    return data[: rng.randrange(1, len(data))]


def spliced(data: bytes, rng: random.Random) -> bytes:
    """Repeat a piece, or put in noise."""
    at, length = rng.randrange(len(data)), rng.randrange(1, 256)
    piece = data[at : at + length] if rng.random() < 0.5 else rng.randbytes(length)
    return data[:at] + piece + data[at:]


def lying_header(data: bytes, rng: random.Random) -> bytes:
    """Let one or two elements lie on the size and kind of the pixels."""
    ds = _parsed(data)
    for keyword in rng.sample(sorted(_LIES), rng.choice((1, 2))):
        ds.add_new(tag_for_keyword(keyword), "US", rng.choice(_LIES[keyword]))
    if rng.random() < 0.3:
        ds.NumberOfFrames = rng.choice(("0", "2", "2147483647", "-1"))
    return written(ds)


def edited_tag(data: bytes, rng: random.Random) -> bytes:
    """Remove an element, or give it another value of its own kind."""
    ds = _parsed(data)
    tag = rng.choice(list(ds.keys()))
    if rng.random() < 0.5:
        del ds[tag]
    else:
        ds[tag].value = rng.choice((None, ds[tag].value))
        ds.add_new((0x0009, 0x1001), "UN", rng.randbytes(rng.choice((0, 3, 5000))))
    return written(ds)


def wrong_value_kind(data: bytes, rng: random.Random) -> bytes:
    """Change the value representation or length of an explicit element in place."""
    out = bytearray(data)
    spots = [i for i in range(PREFIX, min(len(out) - 8, 2000)) if out[i + 4 : i + 6].isalpha() and out[i] % 2 == 0]
    for at in rng.sample(spots, min(len(spots), 3)):
        if rng.random() < 0.5:
            out[at + 4 : at + 6] = rng.choice((b"SQ", b"OB", b"UN", b"US", b"FD", b"AT", b"UT", b"??"))
        else:
            out[at + 6 : at + 8] = struct.pack("<H", rng.choice((0, 1, 7, 255, 0xFFFF)))
    return bytes(out)


def swapped_syntax(data: bytes, rng: random.Random) -> bytes:
    """Announce another transfer syntax than the file is written in."""
    ds = _parsed(data)
    was = str(ds.file_meta.TransferSyntaxUID).encode()
    other = str(rng.choice(_WRITTEN)).encode()
    return data.replace(was, other[: len(was)].ljust(len(was), b"\0"), 1)


def nested(data: bytes, rng: random.Random) -> bytes:
    """Put sequences within sequences before the pixels."""
    return with_depth(data, rng.choice((50, 200, 10_000)), rng.randrange(PREFIX, min(len(data), 1500)))


def with_depth(data: bytes, depth: int, at: int) -> bytes:
    """Return a file with ``depth`` nested sequences at an offset."""
    return data[:at] + _ITEM * depth + _ITEM_END * depth + data[at:]


def crossed_chunks(data: bytes, rng: random.Random) -> bytes:
    """Lie on a picture's size in its own header: PNG IHDR, or the frame header of a JPEG."""
    out = bytearray(data)
    if data.startswith(b"\x89PNG"):
        out[16:24] = struct.pack(">2I", *rng.choice(((2**31 - 1, 2**31 - 1), (1, 10**6), (70_000, 70_000), (0, 0))))
    else:
        at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
        out[at + 5 : at + 9] = struct.pack(">2H", *rng.choice(((65535, 65535), (1, 65535), (0, 256), (257, 9))))
    return bytes(out)


DICOM: tuple[Mutation, ...] = (
    flipped, overflowing_head, cut_off, spliced, lying_header, edited_tag, wrong_value_kind, swapped_syntax, nested,
)  # fmt: skip
RASTER: tuple[Mutation, ...] = (flipped, overflowing_head, cut_off, spliced, crossed_chunks)


def mutated(seeds: list[bytes], mutations: tuple[Mutation, ...], rng: random.Random) -> tuple[str, bytes]:
    """Return one hostile file and the name of what was done to it."""
    data, mutation = rng.choice(seeds), rng.choice(mutations)
    try:
        return mutation.__name__, mutation(data, rng)
    except Exception:  # noqa: BLE001  -- pydicom can't write every lie: the bytes are damaged instead
        return flipped.__name__, flipped(data, rng)


def _parsed(data: bytes) -> Dataset:
    return dcmread(BytesIO(data), force=True)
