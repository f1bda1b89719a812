"""Hostile and damaged files: an image or one typed error, whatever the bytes, and no resource without a bound."""

from __future__ import annotations

import random
import struct
import tracemalloc
import zlib
from io import BytesIO

import numpy as np
import openjpeg.utils
import pytest
from PIL import Image
from pydicom import Dataset, Sequence, uid

from chatcad.errors import ImageRefused
from chatcad.imaging import decode, load
from chatcad.imaging.codestream import frame_header
from chatcad.imaging.limits import Limits

from .phantoms import COLUMNS, ROWS, as_bytes, compressed, film, jpeg_baseline, stored, with_frame

# Global filters of `dicom` keep pydicom's remarks from users; pytest resets them.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
IN_PROCESS = [
    uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian, uid.RLELossless, uid.JPEG2000Lossless, uid.JPEG2000,
]  # fmt: skip


def mutated(data: bytes, rng: random.Random, start: int) -> bytes:
    """Change, cut, repeat or insert bytes after ``start``."""
    out, kind = bytearray(data), rng.randrange(5)
    at = rng.randrange(start, len(out))
    if kind == 0:
        for _ in range(rng.choice((1, 5, 50))):
            out[rng.randrange(start, len(out))] = rng.randrange(256)
    elif kind == 1:  # the header, with values that overflow
        for _ in range(rng.choice((1, 3, 10))):
            out[rng.randrange(start, min(len(out), start + 1200))] = rng.choice((0, 1, 127, 128, 255))
    elif kind == 2:
        del out[at:]
    elif kind == 3:
        out[at:at] = out[at : at + rng.randrange(1, 64)]
    else:
        out[at:at] = rng.randbytes(rng.randrange(1, 64))
    return bytes(out)


def assert_image_or_refusal(data: bytes) -> bool:
    try:
        radiograph = load(data)
    except ImageRefused as refusal:
        assert "\n" not in str(refusal)
        assert "CANARY" not in str(refusal)
        assert len(str(refusal)) < 160
        return False
    assert np.isfinite(radiograph.pixels).all()
    assert 0 <= radiograph.pixels.min() < radiograph.pixels.max() <= 1
    return True


def test_mutated_dicom(tmp_path):
    rng = random.Random(20261122)  # noqa: S311 - the same mutations in every run
    films = [compressed(film(12, inverse=True), syntax, tmp_path) for syntax in IN_PROCESS]
    films += [jpeg_baseline(film(8))]
    outcomes = [assert_image_or_refusal(mutated(films[i % len(films)], rng, 132)) for i in range(240)]
    assert 40 < sum(outcomes) < 200  # some of each, or the mutations test nothing


def test_mutated_pictures():
    rng = random.Random(20261122)  # noqa: S311 - the same mutations in every run
    pictures = []
    for form, image in (("PNG", stored(8)), ("PNG", stored(16)), ("JPEG", stored(8))):
        stream = BytesIO()
        Image.fromarray(image).save(stream, form)
        pictures.append(stream.getvalue())
    outcomes = [assert_image_or_refusal(mutated(pictures[i % 3], rng, 8)) for i in range(120)]
    assert 5 < sum(outcomes) < 115


@pytest.mark.parametrize(
    "preamble",
    [
        b"MZ\x90\x00",
        b"\x7fELF",
        b"#!/bin/sh\n",
        b"<html><script>",
        b"PK\x03\x04",
        b"%PDF-1.4",
        b"\0\0\0\0MZ",
        b"CANARY",
    ],
)
def test_a_preamble_with_something_else_is_refused(preamble):
    with pytest.raises(ImageRefused, match="first 128 bytes"):
        load(as_bytes(film(12), preamble=preamble.ljust(128, b"\0")))


@pytest.mark.parametrize("preamble", [b"", b"II*\0\x54\x18\x08\0", b"MM\0*\0\0\0\x08"])
def test_an_empty_or_tiff_preamble_is_allowed(preamble):
    assert load(as_bytes(film(12), preamble=preamble.ljust(128, b"\0"))).view == "PA"


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian], ids=lambda s: s.name)
def test_a_bare_data_set_is_read_when_it_is_an_image(syntax):
    data = as_bytes(film(12), syntax)
    bare = data[132 + 12 + struct.unpack_from("<I", data, 140)[0] :]
    assert load(bare).view == "PA"
    assert load(data[132:]).view == "PA"  # with file meta information but without preamble
    no_class = as_bytes(film(12, SOPClassUID=uid.EncapsulatedPDFStorage), syntax)
    with pytest.raises(ImageRefused, match="not DICOM"):
        load(no_class[132 + 12 + struct.unpack_from("<I", no_class, 140)[0] :])


@pytest.mark.parametrize("rows", [0, 1, 63])
def test_too_small(rows):
    with pytest.raises(ImageRefused, match="too small"):
        load(as_bytes(film(12, Rows=rows)))


def test_huge_dimensions_are_refused_before_decoding():
    with pytest.raises(ImageRefused, match="too large"):
        load(as_bytes(film(12, Rows=65535, Columns=65535)))


@pytest.mark.parametrize("frames", [2, 0x7FFFFFFF])
def test_several_frames_are_refused(frames):
    with pytest.raises(ImageRefused, match="frames"):
        load(as_bytes(film(12, NumberOfFrames=frames)))
    assert load(as_bytes(film(12, NumberOfFrames=1))).view == "PA"


@pytest.mark.parametrize(
    "elements",
    [
        {"BitsAllocated": 32, "BitsStored": 32},
        {"BitsStored": 17},
        {"BitsAllocated": 1, "BitsStored": 1},
        {"PhotometricInterpretation": "PALETTE COLOR"},
        {"PhotometricInterpretation": "CANARY"},
        {"PixelData": None},
        {"Rows": None},
        {"SamplesPerPixel": 3},
        {"PixelData": b"\0" * 100},
        {"BitsStored": None},
    ],
    ids=str,
)
def test_impossible_images_are_refused(elements):
    with pytest.raises(ImageRefused):
        load(as_bytes(film(12, **elements)))


def test_a_deflated_bomb_is_not_inflated():
    plain = as_bytes(film(12), uid.DeflatedExplicitVRLittleEndian)
    head = plain[: 144 + struct.unpack_from("<I", plain, 140)[0]]
    deflater = zlib.compressobj(9, wbits=-15)
    bomb = head + deflater.compress(b"\x09\0\x01\0OB\0\0" + struct.pack("<I", 2**26) + bytes(2**26)) + deflater.flush()
    assert len(bomb) < 100_000
    tracemalloc.start()
    with pytest.raises(ImageRefused, match="larger than 4 MiB"):
        decode(bomb, Limits(max_bytes=2**22))
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()


@pytest.mark.parametrize("depth", [150, 3000])
def test_deeply_nested_sequences(depth):
    item = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff"
    end = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    data = as_bytes(film(12))
    at = data.index(b"\x08\0\x60\0CS")
    assert_image_or_refusal(data[:at] + item * depth + end * depth + data[at:])


def test_millions_of_elements_are_refused():
    data = as_bytes(film(12))
    at = data.index(b"\x10\0\x10\0PN")
    many = b"".join(b"\x09\0" + struct.pack("<H", i) + b"LO\0\0" for i in range(0x1000, 0xFFFF)) * 4
    with pytest.raises(ImageRefused, match="too many elements"):
        load(data[:at] + many + data[at:])


def test_a_huge_header_element_is_refused():
    data = as_bytes(film(12, window=False, WindowCenter=2048, WindowWidth="1"))
    numbers = b"1\\" * 600_000
    wide = data.replace(
        b"(\0\x51\x10DS\x02\x00" + b"1 ", b"(\0\x51\x10UN\0\0" + struct.pack("<I", len(numbers)) + numbers
    )
    assert len(wide) > 1_200_000
    with pytest.raises(ImageRefused, match="element too large"):
        load(wide)


def test_a_lut_of_nonsense_is_no_crash():
    for descriptor, data in (([0, 0, 16], b"\1\2"), ([4, 0, 0], b"\1\2\3\4\5\6\7\x08"), ([65535, 65535, 99], b"")):
        item = Dataset()
        item.LUTDescriptor, item.LUTData = descriptor, data
        item["LUTData"].VR = "OW"
        assert_image_or_refusal(as_bytes(film(12, VOILUTSequence=Sequence([item]))))


@pytest.mark.parametrize("slope", ["0", "1e308", "-1e308"])
def test_wild_slopes_are_no_crash(slope):
    assert_image_or_refusal(as_bytes(film(12, RescaleSlope=slope, RescaleIntercept="0")))


def test_a_frame_of_another_size_is_refused_before_decoding():
    larger = np.zeros((ROWS * 4, COLUMNS * 4), np.uint8)
    with pytest.raises(ImageRefused, match="isn't of the size"):
        load(jpeg_baseline(film(8), pixels=larger))
    with pytest.raises(ImageRefused, match="isn't of the size"):
        load(with_frame(film(8), b"not a picture", uid.JPEGBaseline8Bit))


def test_a_stream_of_more_bits_than_the_header_allows_is_refused():
    deep = np.arange(ROWS * COLUMNS, dtype=np.uint32).reshape(ROWS, COLUMNS) * 80
    frame = openjpeg.utils.encode_array(deep, bits_stored=20, photometric_interpretation=2)
    assert frame_header(frame) == (ROWS, COLUMNS, 20)
    with pytest.raises(ImageRefused, match="isn't of the size"):
        load(with_frame(film(16), frame, uid.JPEG2000Lossless))


@pytest.mark.parametrize("form", ["JPEG", "JPEG2000"])
def test_frame_header(form):
    stream = BytesIO()
    Image.fromarray(stored(8)).save(stream, form)
    frame = stream.getvalue()
    assert frame_header(frame) == (ROWS, COLUMNS, 8)
    for length in range(0, 200, 3):
        assert frame_header(frame[:length]) in (None, (ROWS, COLUMNS, 8))


def test_frame_header_of_two_codestreams_is_unknown():
    stream = BytesIO()
    Image.fromarray(stored(8)).save(stream, "JPEG2000")
    assert frame_header(stream.getvalue() * 2) is None
