"""Films made for the tests: one known picture, written in every way that DICOM allows and this machine can encode."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset, FileMetaDataset, dcmwrite, uid
from pydicom.encaps import encapsulate

ROWS, COLUMNS = 96, 128
CANARIES = {
    "PatientName": "CANARY^ZEBEDEE",
    "PatientID": "CANARY-4711",
    "PatientBirthDate": "19510203",
    "AccessionNumber": "CANARY-ACC",
    "InstitutionName": "CANARY HOSPITAL",
    "ReferringPhysicianName": "CANARY^DOCTOR",
    "StudyDescription": "CANARY STUDY",
    "PatientComments": "CANARY COMMENT",
    "PatientAddress": "CANARY STREET 1",
    "OtherPatientIDs": "CANARY-OTHER",
}


def picture() -> NDArray[np.float64]:
    """A smooth picture in [0, 1] without symmetry: two dark lungs of unequal size on a ramp, and a bright heart."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    grey = 0.35 + 0.5 * x / COLUMNS + 0.1 * y / ROWS
    grey -= 0.35 * np.exp(-(((x - 35) / 14) ** 2) - ((y - 45) / 25) ** 2)
    grey -= 0.45 * np.exp(-(((x - 92) / 11) ** 2) - ((y - 50) / 22) ** 2)
    grey += 0.20 * np.exp(-(((x - 70) / 12) ** 2) - ((y - 65) / 12) ** 2)
    return np.clip((grey - grey.min()) / (grey.max() - grey.min()), 0, 1)


def stored(bits: int, *, signed: bool = False, inverse: bool = False) -> NDArray[Any]:
    """The picture as stored values that fill the range of ``bits``."""
    grey = 1 - picture() if inverse else picture()
    values = np.rint(grey * (2**bits - 1)).astype(np.int64)
    if signed:
        return (values - 2 ** (bits - 1)).astype(np.int8 if bits == 8 else np.int16)
    return values.astype(np.uint8 if bits == 8 else np.uint16)


def film(
    bits: int = 12, *, signed: bool = False, inverse: bool = False, window: bool = True, **elements: Any
) -> Dataset:
    """A CR film with a window over its whole range; ``elements`` set header elements, or remove them (``None``)."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = uid.ComputedRadiographyImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid.generate_uid()
    ds.Modality, ds.BodyPartExamined, ds.ViewPosition = "CR", "CHEST", "PA"
    ds.PatientSex, ds.PatientAge = "F", "057Y"
    for keyword, value in CANARIES.items():
        setattr(ds, keyword, value)
    ds.ImagerPixelSpacing = [0.2, 0.2]
    ds.PhotometricInterpretation = "MONOCHROME1" if inverse else "MONOCHROME2"
    ds.Rows, ds.Columns, ds.SamplesPerPixel = ROWS, COLUMNS, 1
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = (8 if bits == 8 else 16), bits, bits - 1
    ds.PixelRepresentation = int(signed)
    if window:
        # LINEAR maps c - 0.5 -+ (w - 1) / 2 to black and white, PS3.3 C.11.2.1.2.1
        ds.WindowWidth = 2**bits
        ds.WindowCenter = 0 if signed else 2 ** (bits - 1)
    ds.PixelData = stored(bits, signed=signed, inverse=inverse).tobytes()
    ds["PixelData"].VR = "OB" if bits == 8 else "OW"
    for keyword, value in elements.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def as_bytes(ds: Dataset, syntax: uid.UID = uid.ExplicitVRLittleEndian, *, preamble: bytes = bytes(128)) -> bytes:
    """Write a data set whose pixel data is already encoded for ``syntax``."""
    ds.file_meta.TransferSyntaxUID = syntax
    ds.preamble = preamble
    if syntax == uid.ExplicitVRBigEndian:
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").byteswap().tobytes()
    stream = BytesIO()
    dcmwrite(stream, ds, enforce_file_format=True, implicit_vr=None, little_endian=None)
    return stream.getvalue()


def compressed(ds: Dataset, syntax: uid.UID, folder: Path) -> bytes:
    """Write a film in any syntax, by the encoder that knows it: pydicom, GDCM, or Pillow for JPEG Baseline."""
    if syntax == uid.JPEGBaseline8Bit:
        return jpeg_baseline(ds)
    if syntax in (uid.RLELossless, uid.JPEG2000Lossless):
        ds.compress(syntax, generate_instance_uid=False)
        return as_bytes(ds, syntax)
    if syntax in (uid.JPEGLossless, uid.JPEGLosslessSV1, uid.JPEGLSLossless, uid.JPEGLSNearLossless):
        return by_gdcm(as_bytes(ds), syntax, folder)
    if syntax == uid.JPEG2000:
        ds.compress(syntax, j2k_cr=[4], generate_instance_uid=False)
        return as_bytes(ds, syntax)
    return as_bytes(ds, syntax)


def jpeg_baseline(ds: Dataset, *, pixels: NDArray[Any] | None = None) -> bytes:
    stream = BytesIO()
    pixels = np.frombuffer(ds.PixelData, np.uint8).reshape(ds.Rows, ds.Columns) if pixels is None else pixels
    Image.fromarray(pixels).save(stream, "JPEG", quality=97)
    return with_frame(ds, stream.getvalue(), uid.JPEGBaseline8Bit)


def with_frame(ds: Dataset, frame: bytes, syntax: uid.UID) -> bytes:
    ds.PixelData = encapsulate([frame])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    return as_bytes(ds, syntax)


def by_gdcm(data: bytes, syntax: uid.UID, folder: Path) -> bytes:
    source, target = folder / "plain.dcm", folder / "packed.dcm"
    source.write_bytes(data)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(source))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(str.__str__(syntax))))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return target.read_bytes()
