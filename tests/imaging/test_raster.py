"""PNG and JPEG: every mode gives the same film, upright, within limits."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from chatcad.errors import ImageRefused
from chatcad.imaging import load

from .phantoms import picture, stored

GREY = Image.fromarray(stored(8))


def saved(image, form="PNG", **options):
    stream = BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    "image",
    [GREY, GREY.convert("RGB"), GREY.convert("RGBA"), GREY.convert("LA"), GREY.convert("P"), GREY.quantize(256)],
    ids=["L", "RGB", "RGBA", "LA", "P", "P with palette"],
)
def test_png_modes(image):
    radiograph = load(saved(image))
    assert radiograph.pixels.dtype == np.float32
    assert np.abs(radiograph.pixels - picture()).max() < 0.02
    assert (radiograph.view, radiograph.spacing_mm, radiograph.modality, radiograph.warnings) == (
        "unknown", None, None, (),
    )  # fmt: skip


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_modes(mode):
    assert np.abs(load(saved(GREY.convert(mode), "JPEG", quality=97)).pixels - picture()).max() < 0.03


def test_progressive_jpeg():
    assert np.abs(load(saved(GREY, "JPEG", quality=97, progressive=True)).pixels - picture()).max() < 0.03


@pytest.mark.parametrize("bits", [12, 16])
def test_sixteen_bit_png_is_stretched_and_says_so(bits):
    radiograph = load(saved(Image.fromarray(stored(bits))))
    low, high = np.percentile(picture(), (0.5, 99.5))
    assert np.abs(radiograph.pixels - np.clip((picture() - low) / (high - low), 0, 1)).max() < 0.02
    assert "percentiles" in radiograph.warnings[0]


def test_transparent_parts_are_black():
    layered = GREY.convert("RGBA")
    alpha = np.full(stored(8).shape, 255, np.uint8)
    alpha[:, :30] = 0
    layered.putalpha(Image.fromarray(alpha))
    pixels = load(saved(layered)).pixels
    assert (pixels[:, :30] == 0).all()
    assert np.abs(pixels[:, 30:] - picture()[:, 30:]).max() < 0.02


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    ("orientation", "undo"),
    [
        (1, lambda a: a),
        (2, np.fliplr),
        (3, lambda a: np.rot90(a, 2)),
        (4, np.flipud),
        (5, np.transpose),
        (6, np.rot90),
        (7, lambda a: np.rot90(a, 2).T),
        (8, lambda a: np.rot90(a, -1)),
    ],
)
def test_exif_orientation(form, orientation, undo):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.fromarray(np.ascontiguousarray(undo(stored(8)))), form, exif=exif, quality=97)
    assert np.abs(load(data).pixels - picture()).max() < 0.03


def png_claiming(width, height):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.filterwarnings("ignore:Image size")  # Pillow warns from 89 million pixels; ours is the lower limit
@pytest.mark.parametrize("side", [7_000, 12_000, 60_000, 2**31 - 1])
def test_a_png_bomb_is_refused_by_its_header(side):
    with pytest.raises(ImageRefused, match="too large"):
        load(png_claiming(side, side))


def test_a_jpeg_bomb_is_refused_by_its_header():
    data = bytearray(saved(GREY, "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", 65_000, 65_000)
    with pytest.raises(ImageRefused, match="too large"):
        load(bytes(data))


def test_limits_can_be_narrowed():
    assert load(saved(GREY), max_pixels=96 * 128).width == 128
    with pytest.raises(ImageRefused, match="too large"):
        load(saved(GREY), max_pixels=96 * 128 - 1)


@pytest.mark.parametrize("image", [GREY.resize((63, 200)), GREY.resize((16, 16))])
def test_thumbnails_are_refused(image):
    with pytest.raises(ImageRefused, match="too small"):
        load(saved(image))


@pytest.mark.parametrize("mode", ["L", "RGB", "I;16"])
def test_blank_pictures_are_refused(mode):
    with pytest.raises(ImageRefused, match="blank"):
        load(saved(Image.new(mode, (100, 100))))


def test_animations_are_refused():
    with pytest.raises(ImageRefused, match="several pictures"):
        load(saved(GREY, save_all=True, append_images=[GREY.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]))


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_truncated_files_are_refused(form):
    data = saved(GREY, form)
    for part in (20, 100, len(data) // 2, len(data) * 3 // 4):
        with pytest.raises(ImageRefused, match="damaged"):
            load(data[:part])


def test_text_in_a_picture_goes_nowhere():
    exif = Image.Exif()
    exif[0x010E] = "CANARY^ZEBEDEE"
    radiograph = load(saved(GREY, "JPEG", exif=exif, comment="CANARY"))
    assert "CANARY" not in repr(radiograph)
