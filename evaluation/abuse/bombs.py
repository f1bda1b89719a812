"""Small files that unpack to gigabytes: refused, with the child's memory bounded and the server's own unmoved."""

from __future__ import annotations

import contextlib
import io
import struct
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
import psutil
from docx import Document
from PIL import Image
from pydicom import uid
from pydicom.encaps import encapsulate

from chatcad.errors import ChatCADError
from chatcad.imaging import load
from chatcad.imaging.isolation import KEEPER
from chatcad.retrieval.documents import CHILD, parse
from evaluation.abuse.mutants import encoded, phantom_dicom, with_depth, written
from evaluation.abuse.outcome import Outcome, outcome

GIB = 2**30
MOST_READ = 2**20
"""Characters of what comes out: a bomb that is read as the little text that it holds is none."""
AIM = "refused; child ≤ 1 GiB; server < 300 MiB more"
SERVER_BYTES = 300 * 2**20
"""A document of 64 MB may lie in the server's memory twice, and its answer once."""


def images(count: int, seed: int) -> Outcome:
    """Try the first ``count`` image bombs; there are fifteen."""
    before = psutil.Process().memory_info().rss
    load(written(phantom_dicom()))
    bombs = list(image_bombs().items())[:count]
    with _Watch(_of_the_keeper) as watch:
        faults = [f for name, make in bombs if (f := _fault(name, partial(_pixels, make())))]
    grown = psutil.Process().memory_info().rss - before
    load(written(phantom_dicom()))
    return _row("image bombs (deflate, RLE, JPEG 2000, PNG, JPEG)", faults, len(bombs), watch.peak, grown)


def documents(count: int, seed: int) -> Outcome:
    """Try the first ``count`` document bombs, as ``knowledge add`` reads them; there are eleven."""
    before = psutil.Process().memory_info().rss
    bombs = list(document_bombs().items())[:count]
    with _Watch(_of_documents) as watch:
        faults = [f for name, (suffix, make) in bombs if (f := _fault(name, partial(parse, make(), suffix)))]
    grown = psutil.Process().memory_info().rss - before
    return _row("document bombs (DOCX, PDF, HTML, YAML)", faults, len(bombs), watch.peak, grown)


def _pixels(data: bytes) -> bytes:
    return load(data).pixels.tobytes()


def _fault(name: str, read: Callable[[], object]) -> str:
    try:
        unpacked = len(repr(read()))
    except ChatCADError as error:
        return "" if "\n" not in str(error) else f"{name}: more than one line"
    except Exception as error:  # noqa: BLE001  -- any other error is what is looked for
        return f"{name}: {type(error).__name__} reached the caller"
    return f"{name}: was read" if unpacked > MOST_READ else ""


def _row(name: str, faults: list[str], tried: int, peak: int, grown: int) -> Outcome:
    if peak > GIB:
        faults.append(f"a child took {peak / 2**20:.0f} MiB")
    if grown > SERVER_BYTES:
        faults.append(f"the server grew by {grown / 2**20:.0f} MiB")
    figure = f"child's peak {peak / 2**20:.0f} MiB, server {max(grown, 0) / 2**20:.0f} MiB more"
    return outcome(name, faults, tried, figure=figure, aim=AIM)


class _Watch:
    """Looks a hundred times a second how much memory children hold.

    What the system keeps of a child's greatest memory includes that of this process, which forked it.
    """

    def __init__(self, children: Callable[[], Iterable[psutil.Process]]) -> None:
        self.peak, self._children, self._over = 0, children, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.01):
            with contextlib.suppress(psutil.Error):
                for child in self._children():
                    self.peak = max(self.peak, child.memory_info().rss)


def _of_documents() -> Iterable[psutil.Process]:
    return (child for child in psutil.Process().children() if str(CHILD) in child.cmdline())


def _of_the_keeper() -> Iterable[psutil.Process]:
    process = KEEPER._process
    return () if process is None else psutil.Process(process.pid).children(recursive=True)


def image_bombs() -> dict[str, Callable[[], bytes]]:
    """Return makers of hostile images by name."""
    return {
        "deflated DICOM, 1 GiB of zeros": lambda: _deflated(GIB),
        "DICOM, 65535 x 65535": lambda: written(phantom_dicom(Rows=65535, Columns=65535)),
        "DICOM, 2,147,483,647 frames": lambda: written(phantom_dicom(NumberOfFrames="2147483647")),
        "RLE runs of 1 GiB": _rle,
        "RLE, 60,000 x 60,000": lambda: _framed(uid.RLELossless, bytes(64), Rows=60_000, Columns=60_000),
        "JPEG 2000 that claims 60,000 x 60,000": _jpeg_2000,
        "JPEG in DICOM that claims 65,500 x 65,500": lambda: _framed(uid.JPEGBaseline8Bit, _jpeg(65_500, 65_500)),
        "10,000 nested sequences": lambda: with_depth(written(phantom_dicom()), 10_000, _after_meta()),
        "200 nested sequences": lambda: with_depth(written(phantom_dicom()), 200, _after_meta()),
        "PNG, 60,000 x 60,000": lambda: _png(60_000, 60_000, 0),
        "PNG, 6,000 x 6,000 with 1 GiB of pixels": lambda: _png(6000, 6000, GIB),
        "PNG with 1 GiB of compressed text": lambda: _png(256, 256, 0, b"zTXt", b"a\0\0" + _zeros(GIB)),
        "PNG with a 1 GiB colour profile": lambda: _png(256, 256, 0, b"iCCP", b"a\0\0" + _zeros(GIB)),
        "JPEG, 65,500 x 65,500": lambda: _jpeg(65_500, 65_500),
        "JPEG of 6,000 x 6,000 in 4,000 scans": _scans,
    }


def document_bombs() -> dict[str, tuple[str, Callable[[], bytes]]]:
    """Return makers of hostile documents by name, each with its suffix."""
    return {
        "DOCX of 1 GiB": (".docx", lambda: _docx(b"<a>" + bytes(GIB))),
        "DOCX that lies about 1 GiB": (".docx", _lying_docx),
        "DOCX with a billion laughs": (".docx", lambda: _docx(_laughs())),
        "DOCX with 60 MiB of tags": (".docx", lambda: _docx(b"<a>" * (20 * 2**20))),
        "PDF with a 1 GiB stream": (".pdf", lambda: _pdf(_zeros(GIB))),
        "PDF whose filter is applied three times": (".pdf", lambda: _pdf(zlib.compress(zlib.compress(_zeros(GIB))), 3)),
        "PDF whose page is its own parent": (".pdf", lambda: _pdf(b"", 1, kids=b"[2 0 R]")),
        "HTML, 200,000 tags deep": (".html", lambda: b"<div>" * 200_000),
        "YAML of nine levels of aliases": (".md", _aliases),
        "YAML, 100,000 brackets deep": (".md", lambda: b"---\ntitle: " + b"[" * 100_000 + b"\n---\ntext\n"),
        "60 MiB of YAML": (".md", lambda: b"---\n" + b"a: [b, c]\n" * (6 * 2**20) + b"---\ntext\n"),
    }


def _zeros(count: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join([*(packer.compress(bytes(2**24)) for _ in range(count >> 24)), packer.flush()])


def _deflated(count: int) -> bytes:
    ds = phantom_dicom()
    ds.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    plain = written(ds)
    head = plain[: 144 + struct.unpack_from("<I", plain, 140)[0]]
    return head + zlib.compress(b"\x09\0\x01\x10OB\0\0" + struct.pack("<I", 0xFFFFFFFE))[2:-4] + _zeros(count)[2:-4]


def _after_meta() -> int:
    return written(phantom_dicom()).index(b"\x08\0\x60\0CS")


def _framed(syntax: uid.UID, frame: bytes, **elements: object) -> bytes:
    ds = phantom_dicom(256, **elements)
    if syntax == uid.JPEGBaseline8Bit:
        ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
    ds.file_meta.TransferSyntaxUID = syntax
    ds.PixelData = encapsulate([frame])
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    return written(ds)


def _rle() -> bytes:
    runs = b"\x81\0" * (GIB // 128)  # PS3.5 G.3.1: a byte of -127 repeats the next one 128 times
    return _framed(uid.RLELossless, struct.pack("<16I", 2, 64, 64 + len(runs) // 2, *[0] * 13) + runs)


def _jpeg_2000() -> bytes:
    frame = bytearray(encoded(Image.new("L", (256, 256)), "JPEG2000", no_jp2=True))
    struct.pack_into(">2I", frame, 8, 60_000, 60_000)
    return _framed(uid.JPEG2000, bytes(frame))


def _png(width: int, height: int, count: int, kind: bytes = b"", content: bytes = b"") -> bytes:
    parts = [(b"IHDR", struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)), (kind, content)]
    parts += [(b"IDAT", _zeros(count) if count else zlib.compress(bytes(99))), (b"IEND", b"")]
    chunks = (struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in parts if k)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _jpeg(width: int, height: int) -> bytes:
    data = bytearray(encoded(Image.new("L", (64, 64)), "JPEG"))
    struct.pack_into(">2H", data, data.index(b"\xff\xc0") + 5, height, width)
    return bytes(data)


def _scans() -> bytes:
    """Return a progressive JPEG whose last scan is repeated: each one costs a pass over all coefficients."""
    noise = np.random.default_rng(0).integers(0, 2, (750, 750), dtype=np.uint8) * 255
    data = encoded(Image.fromarray(noise).resize((6000, 6000), Image.Resampling.NEAREST), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + (data[last : last + 10] + b"\0") * 4000 + data[-2:]


def _docx(body: bytes) -> bytes:
    stream, packed = io.BytesIO(), io.BytesIO()
    Document().save(stream)
    with zipfile.ZipFile(stream) as good, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bad:
        for entry in good.infolist():
            bad.writestr(entry.filename, body if entry.filename == "word/document.xml" else good.read(entry))
    return packed.getvalue()


def _lying_docx() -> bytes:
    data = bytearray(_docx(b"<a>" + bytes(GIB)))
    true = struct.pack("<I", GIB + 3)
    while (at := data.find(true)) >= 0:
        data[at : at + 4] = struct.pack("<I", 1000)
    return bytes(data)


def _laughs() -> bytes:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "ha">{levels}]><a>&l9;</a>'.encode()


def _aliases() -> bytes:
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10))
    return f"---\na0: &a0 [ha]\n{levels}\ntitle: *a9\n---\n# A title\n\nSome text that is long enough.\n".encode()


def _pdf(stream: bytes, filters: int = 1, kids: bytes = b"[3 0 R]") -> bytes:
    names = b"/FlateDecode " * filters
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids" + kids + b"/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
        b"<</Length %d/Filter[%s]>>stream\n" % (len(stream), names) + stream + b"\nendstream",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + end
