"""One film in every form that can be written here: either polarity, 8 to 16 bits, signed or not, each transfer syntax.

The networks must score all of them alike.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import gdcm
import numpy as np
from pydicom import Dataset, uid
from pydicom.encaps import encapsulate

from cad_models.choice import chosen
from cad_models.reader import CadReader
from chatcad.config import load_settings
from chatcad.errors import ImageRefused
from chatcad.imaging import load
from chatcad.types import Radiograph
from chatcad.ui.phantom import phantom_film
from evaluation.abuse.mutants import encoded, phantom_dicom, written
from evaluation.abuse.outcome import Outcome, outcome

MOST_DIFFERENCE = 0.02
SIZE = 768
_GDCM = (uid.JPEGLossless, uid.JPEGLosslessSV1, uid.JPEGLSLossless, uid.JPEGLSNearLossless)


def run(count: int, seed: int) -> Outcome:
    """Score the first ``count`` forms, in an order drawn by ``seed``, and compare each with the plain 12-bit film."""
    reader = CadReader(chosen(load_settings().cache))
    truth = _scores(reader, load(written(phantom_dicom(SIZE))))
    forms = all_forms()
    drawn = np.random.default_rng(seed).permutation(sorted(forms))[:count]
    worst, faults, missing = 0.0, list[str](), list[str]()
    for name in drawn:
        try:
            film = load(forms[name]())
        except ImageRefused as refusal:
            (missing if "decoder" in str(refusal) else faults).append(f"{name}: {refusal}")
            continue
        difference = float(np.abs(_scores(reader, film) - truth).max())
        worst = max(worst, difference)
        if difference > MOST_DIFFERENCE:
            faults.append(f"{name}: differs by {difference:.3f}")
    figure = f"largest difference {worst:.4f}, {len(missing)} without decoder"
    return outcome("one film in every form", faults, len(drawn), figure=figure, aim=f"scores within {MOST_DIFFERENCE}")


def all_forms() -> dict[str, Callable[[], bytes]]:
    """Return makers of the film's files by name."""
    forms: dict[str, Callable[[], bytes]] = {}
    for bits in range(8, 17):
        for inverse in (False, True):
            for signed in (False, True):
                polarity = "MONOCHROME1" if inverse else "MONOCHROME2"
                name = f"{bits} bits, {polarity}{', signed' if signed else ''}"
                forms[name] = lambda b=bits, i=inverse, s=signed: written(_form(b, i, s))  # type: ignore[misc]
    for syntax in (uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian, uid.DeflatedExplicitVRLittleEndian):
        forms[syntax.name] = lambda s=syntax: _uncompressed(s)  # type: ignore[misc]
    for syntax in (uid.RLELossless, uid.JPEG2000Lossless, uid.JPEG2000):
        forms[syntax.name] = lambda s=syntax: _by_pydicom(s)  # type: ignore[misc]
    for syntax in _GDCM:
        forms[syntax.name] = lambda s=syntax: _by_gdcm(s)  # type: ignore[misc]
    forms[uid.JPEGBaseline8Bit.name] = _baseline
    return forms


def _scores(reader: CadReader, film: Radiograph) -> np.ndarray:
    reading = reader.read(film)
    return np.array([label.probability for label in reading.labels if label.probability is not None])


def _form(bits: int, inverse: bool, signed: bool) -> Dataset:
    grey = phantom_film().astype(np.float64)
    values = np.rint((1 - grey if inverse else grey) * (2**bits - 1)).astype(np.int64) - signed * 2 ** (bits - 1)
    ds = phantom_dicom(SIZE, BitsStored=bits, HighBit=bits - 1, PixelRepresentation=int(signed))
    ds.BitsAllocated = 8 if bits == 8 else 16
    ds.PhotometricInterpretation = "MONOCHROME1" if inverse else "MONOCHROME2"
    ds.WindowWidth, ds.WindowCenter = 2**bits, 0 if signed else 2 ** (bits - 1)
    kind = {8: ("u1", "i1"), 16: ("<u2", "<i2")}[ds.BitsAllocated][signed]
    ds.PixelData = values.astype(kind).tobytes()
    ds["PixelData"].VR = "OB" if bits == 8 else "OW"
    return ds


def _uncompressed(syntax: uid.UID) -> bytes:
    ds = _form(12, False, False)
    ds.file_meta.TransferSyntaxUID = syntax
    if syntax == uid.ExplicitVRBigEndian:
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").byteswap().tobytes()
    return written(ds)


def _by_pydicom(syntax: uid.UID) -> bytes:
    ds = _form(12, False, False)
    options = {"j2k_cr": [4]} if syntax == uid.JPEG2000 else {}
    ds.compress(syntax, generate_instance_uid=False, **options)
    return written(ds)


def _baseline() -> bytes:
    from PIL import Image

    ds = _form(8, False, False)
    pixels = np.frombuffer(ds.PixelData, np.uint8).reshape(SIZE, SIZE)
    ds.file_meta.TransferSyntaxUID = uid.JPEGBaseline8Bit
    ds.PixelData = encapsulate([encoded(Image.fromarray(pixels), "JPEG", quality=95)])
    ds["PixelData"].is_undefined_length = True
    return written(ds)


def _by_gdcm(syntax: uid.UID) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        plain, packed = Path(folder) / "plain.dcm", Path(folder) / "packed.dcm"
        plain.write_bytes(written(_form(12, False, False)))
        reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
        reader.SetFileName(str(plain))
        reader.Read()
        change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(str.__str__(syntax))))
        change.SetInput(reader.GetImage())
        change.Change()
        writer.SetFileName(str(packed))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        writer.Write()
        return packed.read_bytes()
