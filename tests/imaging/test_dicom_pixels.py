"""Grey values: one picture written in many ways is read as the same picture."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import Dataset, Sequence, uid

from chatcad.errors import ImageRefused
from chatcad.imaging import grey, load

from .phantoms import COLUMNS, ROWS, as_bytes, compressed, film, jpeg_baseline, picture, stored, with_frame

TOLERANCE = 0.02
NATIVE = [
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
]


def assert_is_the_picture(data: bytes, tolerance: float = TOLERANCE) -> tuple[str, ...]:
    radiograph = load(data)
    assert radiograph.pixels.dtype == np.float32
    assert radiograph.pixels.flags.c_contiguous
    assert radiograph.pixels.shape == (ROWS, COLUMNS)
    assert radiograph.pixels.min() >= 0
    assert radiograph.pixels.max() <= 1
    assert np.abs(radiograph.pixels - picture()).max() <= tolerance
    return radiograph.warnings


@pytest.mark.parametrize("inverse", [False, True], ids=["mono2", "mono1"])
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 15, 16])
def test_depth_sign_and_polarity(bits, signed, inverse):
    assert assert_is_the_picture(as_bytes(film(bits, signed=signed, inverse=inverse))) == ()


@pytest.mark.parametrize("bits", [12, 16])
@pytest.mark.parametrize("syntax", NATIVE, ids=lambda s: s.name)
def test_native_syntaxes(syntax, bits):
    assert_is_the_picture(as_bytes(film(bits, inverse=True), syntax))


@pytest.mark.parametrize(
    ("syntax", "bits"),
    [
        (uid.RLELossless, 8),
        (uid.RLELossless, 12),
        (uid.RLELossless, 16),
        (uid.JPEG2000Lossless, 8),
        (uid.JPEG2000Lossless, 15),
        (uid.JPEG2000Lossless, 16),
        (uid.JPEGLossless, 8),
        (uid.JPEGLosslessSV1, 16),
        (uid.JPEGLSLossless, 16),
    ],
)
def test_lossless_compression_changes_nothing(syntax, bits, tmp_path):
    plain = load(as_bytes(film(bits, inverse=True)))
    packed = load(compressed(film(bits, inverse=True), syntax, tmp_path))
    np.testing.assert_array_equal(packed.pixels, plain.pixels)


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEG2000Lossless, uid.JPEGLosslessSV1], ids=lambda s: s.name)
def test_compressed_signed_values(syntax, tmp_path):
    assert_is_the_picture(compressed(film(12, signed=True), syntax, tmp_path))


@pytest.mark.parametrize(
    ("syntax", "bits"), [(uid.JPEGBaseline8Bit, 8), (uid.JPEG2000, 12), (uid.JPEGLSNearLossless, 12)]
)
def test_lossy_compression_stays_close(syntax, bits, tmp_path):
    assert_is_the_picture(compressed(film(bits, inverse=True), syntax, tmp_path))


def test_eight_bit_jpeg_extended():
    data = jpeg_baseline(film(8))
    baseline, extended = (u.encode() for u in (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit))
    assert len(baseline) == len(extended)
    assert_is_the_picture(data.replace(baseline, extended))


def test_twelve_bit_jpeg_extended_names_the_missing_decoder():
    frame = b"\xff\xd8\xff\xc1\x00\x0b\x0c" + ROWS.to_bytes(2, "big") + COLUMNS.to_bytes(2, "big") + b"\x01\x00\x11\x00"
    with pytest.raises(ImageRefused, match=r"missing: pip install pylibjpeg-libjpeg"):
        load(with_frame(film(12), frame + bytes(8), uid.JPEGExtended12Bit))


def test_unsupported_compression_is_refused():
    with pytest.raises(ImageRefused, match="compression is not supported"):
        load(with_frame(film(8), bytes(10), uid.MPEG2MPML))


def test_several_windows_use_the_first_and_say_so():
    ds = film(12, WindowCenter=[2048, 100, 3000], WindowWidth=[4096, 20, 50])
    assert assert_is_the_picture(as_bytes(ds)) == (grey.FIRST_WINDOW,)


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian], ids=lambda s: s.name)
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
def test_voi_lut_sequence(syntax, signed):
    first = -2048 if signed else 0
    ds = film(12, signed=signed, window=False, VOILUTSequence=Sequence([lut(4096, first, 16, lambda x: x * 65535)]))
    assert assert_is_the_picture(as_bytes(ds, syntax)) == ()


def test_voi_lut_in_big_endian():
    item = lut(4096, 0, 16, lambda x: x * 65535)
    item.LUTData = np.frombuffer(item.LUTData, "<u2").byteswap().tobytes()
    ds = film(12, window=False, VOILUTSequence=Sequence([item]))
    assert_is_the_picture(as_bytes(ds, uid.ExplicitVRBigEndian))


def test_voi_lut_is_preferred_to_a_window_and_the_first_of_several_is_used():
    steep = lut(4096, 0, 12, lambda x: np.sqrt(x) * 4095)
    ds = film(12, VOILUTSequence=Sequence([steep, lut(4096, 0, 12, lambda x: x * 0)]))
    radiograph = load(as_bytes(ds))
    assert np.abs(radiograph.pixels - np.sqrt(picture())).max() < TOLERANCE
    assert radiograph.warnings == (grey.FIRST_WINDOW,)


def test_voi_lut_of_eight_bits_with_more_than_256_entries():
    """pydicom's own ``apply_voi`` wraps its index around here."""
    ds = film(12, window=False, VOILUTSequence=Sequence([lut(4096, 0, 8, lambda x: x * 255)]))
    assert_is_the_picture(as_bytes(ds))


def test_voi_lut_shorter_than_the_range_is_clamped():
    ds = film(12, window=False, VOILUTSequence=Sequence([lut(2048, 1024, 16, lambda x: x * 65535)]))
    expected = np.clip((picture() * 4095 - 1024) / 2047, 0, 1)
    assert np.abs(load(as_bytes(ds)).pixels - expected).max() < TOLERANCE


def test_modality_lut_sequence():
    item = lut(4096, 0, 16, lambda x: x * x * 65535)
    item.ModalityLUTType = "US"
    ds = film(12, window=False, ModalityLUTSequence=Sequence([item]), WindowCenter=32768, WindowWidth=65536)
    assert np.abs(load(as_bytes(ds)).pixels - picture() ** 2).max() < TOLERANCE


@pytest.mark.parametrize("slope", [0.5, 1, 3, -2])
def test_window_is_in_rescaled_units(slope):
    ends = np.array([0, 4095]) * slope - 100
    ds = film(12, inverse=slope < 0, RescaleSlope=slope, RescaleIntercept=-100, VOILUTFunction="LINEAR_EXACT")
    ds.WindowCenter, ds.WindowWidth = ends.mean(), abs(np.diff(ends)[0])
    radiograph = load(as_bytes(ds))
    # a negative slope with MONOCHROME1 turns the greys around twice
    assert np.abs(radiograph.pixels - (1 - picture() if slope < 0 else picture())).max() < TOLERANCE


def test_sigmoid_window():
    ds = film(12, VOILUTFunction="SIGMOID")
    expected = 1 / (1 + np.exp(-4 * (picture() * 4095 - 2048) / 4096))
    assert np.abs(load(as_bytes(ds)).pixels - expected).max() < TOLERANCE


def test_no_window_uses_percentiles_and_says_so():
    radiograph = load(as_bytes(film(12, window=False)))
    assert radiograph.warnings == (grey.ASSUMED_WINDOW,)
    low, high = np.percentile(picture(), (0.5, 99.5))
    assert np.abs(radiograph.pixels - np.clip((picture() - low) / (high - low), 0, 1)).max() < TOLERANCE


def test_eight_bits_without_a_window_are_shown_as_they_are():
    assert assert_is_the_picture(as_bytes(film(8, window=False))) == ()


@pytest.mark.parametrize(("center", "width"), [(90_000, 10), (2048, 0), (2048, -5), (2048, 40_000_000), (4000, 3)])
def test_a_window_that_shows_nothing_is_replaced(center, width):
    assert_is_stretched(as_bytes(film(12, WindowCenter=center, WindowWidth=width)))


@pytest.mark.parametrize("center", [b"nan   ", b"inf   ", b"2048,0", b"1e999 "])
def test_a_window_that_is_no_number_is_replaced(center):
    data = as_bytes(film(12))
    assert data.count(b"2048.0") == 1
    assert_is_stretched(data.replace(b"2048.0", center))


def assert_is_stretched(data):
    radiograph = load(data)
    assert radiograph.warnings == (grey.BAD_WINDOW,)
    assert np.corrcoef(radiograph.pixels.ravel(), picture().ravel())[0, 1] > 0.99


def test_an_unknown_window_function_is_replaced():
    radiograph = load(as_bytes(film(12, VOILUTFunction="CUBIC")))
    assert radiograph.warnings == (grey.BAD_WINDOW,)


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian], ids=lambda s: s.name)
@pytest.mark.parametrize("inverse", [False, True], ids=["mono2", "mono1"])
def test_padding_is_black_and_kept_out_of_the_stretch(inverse, syntax):
    values = stored(12, signed=True, inverse=inverse) // 4
    values[:, :40] = -2000
    ds = film(12, signed=True, inverse=inverse, window=False, PixelPaddingValue=-2000, PixelData=values.tobytes())
    pixels = load(as_bytes(ds, syntax)).pixels
    assert (pixels[:, :40] == 0).all()
    low, high = np.percentile(picture()[:, 40:], (0.5, 99.5))
    expected = np.clip((picture()[:, 40:] - low) / (high - low), 0, 1)
    assert np.abs(pixels[:, 40:] - expected).max() < TOLERANCE


def test_a_range_of_padding():
    values = stored(12)
    values[:10] = np.arange(10)[:, None]
    ds = film(12, PixelPaddingValue=0, PixelPaddingRangeLimit=9, PixelData=values.tobytes(), inverse=True)
    assert (load(as_bytes(ds)).pixels[:10] == 0).all()


def test_contradictory_polarity_follows_photometric_interpretation_and_says_so():
    assert assert_is_the_picture(as_bytes(film(12, PresentationLUTShape="INVERSE"))) == (grey.POLARITY,)
    assert assert_is_the_picture(as_bytes(film(12, inverse=True, PresentationLUTShape="INVERSE"))) == ()


@pytest.mark.parametrize("planar", [0, 1])
def test_rgb_becomes_luminance(planar):
    channels = np.stack([stored(8), 255 - stored(8), stored(8) // 2], axis=0 if planar else 2)
    ds = film(8, window=False, PhotometricInterpretation="RGB", SamplesPerPixel=3, PixelData=channels.tobytes())
    ds.PlanarConfiguration = planar
    expected = 0.299 * picture() + 0.587 * (1 - picture()) + 0.114 * picture() / 2
    assert np.abs(load(as_bytes(ds)).pixels - expected).max() < TOLERANCE


@pytest.mark.parametrize("value", [0, 700])
def test_a_blank_film_is_refused(value):
    blank = np.full((ROWS, COLUMNS), value, np.uint16)
    with pytest.raises(ImageRefused, match="blank"):
        load(as_bytes(film(12, PixelData=blank.tobytes())))


def test_a_film_of_padding_alone_is_refused():
    blank = np.zeros((ROWS, COLUMNS), np.uint16)
    with pytest.raises(ImageRefused, match="blank"):
        load(as_bytes(film(12, window=False, PixelPaddingValue=0, PixelData=blank.tobytes())))


def lut(entries, first, bits, curve):
    """One item of a LUT sequence; ``curve`` maps [0, 1] to output values."""
    item = Dataset()
    item.LUTDescriptor = [entries % 65536, first, bits]
    item["LUTDescriptor"].VR = "SS" if first < 0 else "US"
    item.LUTData = np.rint(curve(np.linspace(0, 1, entries))).astype("<u2").tobytes()
    item["LUTData"].VR = "OW"
    return item
