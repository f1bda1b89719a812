"""The door itself: recognising by content, limits, paths; and real films."""

from __future__ import annotations

import csv
import hashlib
import os
from pathlib import Path

import numpy as np
import pydicom
import pytest

from chatcad.config import load_settings
from chatcad.errors import ImageRefused
from chatcad.imaging import letters, load, metadata

from .phantoms import as_bytes, film

DATA = load_settings().data
WHEEL = Path(pydicom.__file__).parent / "data" / "test_files"  # what ships with pydicom; nothing is downloaded
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"the shared data is not at {DATA}")


def test_path_and_bytes_give_the_same(tmp_path):
    data = as_bytes(film(12))
    path = tmp_path / "film.jpg"  # a suffix means nothing
    path.write_bytes(data)
    from_path, from_bytes = load(path), load(data)
    np.testing.assert_array_equal(from_path.pixels, from_bytes.pixels)
    assert from_path.sha256 == from_bytes.sha256 == hashlib.sha256(data).hexdigest()


def test_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    load(as_bytes(film(12)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello, I am a text file\n" * 40, "of an unknown kind, not DICOM, PNG or JPEG"),
        (b"%PDF-1.7\n" + bytes(500), "a PDF, not DICOM"),
        (b"PK\x03\x04" + bytes(500), "a ZIP archive, not DICOM"),
        (b"\x1f\x8b" + bytes(500), "a gzip archive, not DICOM"),
        (b"II*\0" + bytes(500), "a TIFF picture, not DICOM"),
        (b"GIF89a" + bytes(500), "a GIF picture, not DICOM"),
        (bytes(128) + b"DICM", "holds no image"),
        (bytes(4000), "of an unknown kind"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"\xff\xd8\xff\xe0", "damaged"),
    ],
)
def test_other_files_are_refused_in_one_line(data, reason, tmp_path):
    path = tmp_path / "CANARY.dcm"
    path.write_bytes(data)
    with pytest.raises(ImageRefused, match=reason) as refusal:
        load(path)
    assert "\n" not in str(refusal.value)
    assert "CANARY" not in str(refusal.value)
    assert refusal.value.exit_code == 3


def test_too_many_bytes(tmp_path):
    data = as_bytes(film(12))
    path = tmp_path / "film.dcm"
    path.write_bytes(data)
    for source in (data, path):
        assert load(source, max_bytes=len(data)).view == "PA"
        with pytest.raises(ImageRefused, match="larger than"):
            load(source, max_bytes=len(data) - 1)


def test_missing_files_folders_and_pipes_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "absent.dcm", tmp_path / "pipe", Path("/dev/zero"), tmp_path / ("x" * 300)):
        with pytest.raises(ImageRefused, match="check"):
            load(path)
    with pytest.raises(ImageRefused, match="`batch`"):
        load(tmp_path)


def outcome(path):
    try:
        radiograph = load(path)
    except ImageRefused as refusal:
        return str(refusal)
    assert 0 <= radiograph.pixels.min() < radiograph.pixels.max() <= 1
    return radiograph


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("CT_small.dcm", "CT, not"),
        ("MR_small_bigendian.dcm", "MR, not"),
        ("JPGExtended.dcm", "NM, not"),
        ("examples_palette.dcm", "US, not"),
        ("rtdose.dcm", "RTDOSE, not"),
        ("rtplan_truncated.dcm", "RTPLAN, not"),
        ("test-SR.dcm", "SR, not"),
        ("liver_1frame.dcm", "SEG, not"),
        ("SC_rgb_rle_2frame.dcm", "2 frames"),
        ("SC_rgb_rle_32bit.dcm", "8 to 16 bits"),
        ("SC_rgb_small_odd.dcm", "too small"),
        ("JPEGLSNearLossless_16.dcm", "too small"),
        ("UN_sequence.dcm", "no image"),
        ("meta_missing_tsyntax.dcm", "no image"),
        ("no_meta.dcm", "not DICOM"),
        ("rtstruct.dcm", "not DICOM"),
        ("README.txt", "unknown kind"),
        ("zipMR.gz", "gzip"),
    ],
)
def test_pydicoms_files_refused(name, reason):
    assert reason in outcome(WHEEL / name)


@pytest.mark.parametrize(
    "name",
    [
        "SC_rgb_dcmtk_+eb+cr.dcm", "SC_rgb_dcmtk_+eb+cy+np.dcm", "SC_rgb_dcmtk_+eb+cy+s4.dcm", "SC_rgb_gdcm_KY.dcm",
        "SC_rgb_jpeg_gdcm.dcm", "SC_rgb_rle_16bit.dcm", "SC_ybr_full_422_uncompressed.dcm",
    ],
)  # fmt: skip
def test_pydicoms_colour_captures_agree(name):
    """One test card in eight encodings, SC_rgb_rle being the eighth."""
    radiograph = outcome(WHEEL / name)
    assert np.abs(radiograph.pixels - outcome(WHEEL / "SC_rgb_rle.dcm").pixels).max() < 0.04
    assert metadata.SECONDARY in radiograph.warnings


def test_a_jp2_box_around_the_codestream():
    assert outcome(WHEEL / "GDCMJ2K_TextGBR.dcm").pixels.shape == (400, 400)


@needs_data
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("chest_pa_mono1_15bit_j2k_RG1", ("PA", "F", None, "CR", None, (1955, 1841))),
        ("chest_pa_mono2_jpeg_siim", ("PA", "M", "60-69", "CR", (0.168, 0.168), (1024, 1024))),
        ("chest_pa_fake_mono1_jpeg_siim", ("PA", "M", "60-69", "CR", (0.168, 0.168), (1024, 1024))),
        # a dog on its side: nothing in the allow-listed header says so, the gate must
        ("dog_thorax_dx_mono1", ("unknown", "F", "0-9", "DX", (1.2, 1.201199999999), (169, 211))),
        ("deflated_ot", ("unknown", "unknown", None, "OT", None, (512, 512))),
        ("tibia_cr_mono1_10bit_j2k_lossy_RG3", "another body part"),
        ("cr_cspine_16px_mono1", "another body part"),
        ("huge_dims_bomb_46341", "46341 x 46341 pixels, too large"),
        ("ct_small", "CT, not"),
        ("ct1_j2kr", "CT, not"),
        ("mr_small", "MR, not"),
    ],
)
def test_shared_dicom_files(name, expected):
    result = outcome(DATA / "dicom" / f"{name}.dcm")
    if isinstance(expected, str):
        assert expected in result
    else:
        r = result
        assert (r.view, r.sex, r.age_band, r.modality, r.spacing_mm, r.pixels.shape) == expected


@needs_data
def test_every_shared_dicom_file_has_an_expectation():
    with (DATA / "dicom_manifest.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 11


@needs_data
def test_real_polarity():
    """Lungs are darker than the middle of the chest, and a false MONOCHROME1 turns exactly that around."""
    for name in ("chest_pa_mono1_15bit_j2k_RG1", "chest_pa_mono2_jpeg_siim"):
        pixels = outcome(DATA / "dicom" / f"{name}.dcm").pixels
        rows, columns = pixels.shape
        upper = slice(rows // 4, rows // 2)
        lungs = pixels[upper, columns // 4 : columns // 3]
        middle = pixels[upper, columns * 9 // 20 : columns * 11 // 20]
        assert np.median(lungs) + 0.1 < np.median(middle)
    true, false = (outcome(DATA / "dicom" / f"chest_pa_{m}_jpeg_siim.dcm").pixels for m in ("mono2", "fake_mono1"))
    np.testing.assert_allclose(true, 1 - false, atol=1e-6)


@needs_data
def test_shared_originals():
    paths = sorted((DATA / "originals").glob("*.png"))
    assert len(paths) == 7
    for path in paths:
        radiograph = outcome(path)
        assert radiograph.height == radiograph.width
        portable = path.name in {"nih_00000415_001.png", "nih_00009107_006.png"}  # print "PORTABLE" in a corner
        assert radiograph.warnings == ((letters.BURNED_IN,) if portable else ())
