"""The child process of ``isolation``: a keeper that never looks into a file, and one short-lived process a file.

The keeper imports the decoders once and forks for every file, so a file costs milliseconds and nothing of one visitor's
film is left for the next. The fork may crash, hang or fill its memory alone; its limits end it, and the keeper goes on.
What any of them prints on standard error is not shown to anybody.

Request on standard input: `REQUEST` (largest file, most pixels, length), then the file. Reply on standard output:
`LENGTH`, then the pixels as little-endian float32, a line feed and one line of JSON; a reply of no bytes means that the
process broke down.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import struct
import sys
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from chatcad.types import Radiograph

REQUEST, LENGTH = struct.Struct(">QQQ"), struct.Struct(">Q")
MEMORY_BYTES = 2**30  # of address space; libraries take a fifth, the largest honest film two thirds
CPU_SECONDS = 10  # GDCM was seen to spin on a damaged JPEG-LS stream; 40 million honest pixels take about three
WALL_SECONDS = 30  # a machine may be busy


def main() -> None:
    """Serve files until the parent closes its end."""
    requests = sys.stdin.buffer
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # native libraries print to standard output as well
    _warm_up()
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        max_bytes, max_pixels, length = REQUEST.unpack(head)
        reply = _in_fork(requests.read(length), max_bytes, max_pixels)
        replies.write(LENGTH.pack(len(reply)))
        replies.write(reply)
        replies.flush()
        del reply  # or the next fork would hold this visitor's film


def _warm_up() -> None:
    """Import what a film needs; forks share it."""
    import gdcm  # noqa: F401
    import openjpeg  # noqa: F401
    import scipy.ndimage  # noqa: F401

    from chatcad.imaging import dicom, letters, raster  # noqa: F401

    gc.freeze()  # a collection in a fork would copy every page that it looks at


def _in_fork(data: bytes, max_bytes: int, max_pixels: int) -> bytes:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _work(data, max_bytes, max_pixels, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as result:
        reply = result.read()
    _, status = os.waitpid(child, 0)
    return reply if status == 0 else b""


def _work(data: bytes, max_bytes: int, max_pixels: int, writer: int) -> None:
    """Answer in a process of its own, which ends here: with status 0 only when all was written."""
    status = 1
    try:
        limit_resources()
        with os.fdopen(writer, "wb") as out:
            answer(data, max_bytes, max_pixels, out)
        status = 0
    finally:
        os._exit(status)


def limit_resources() -> None:
    """Bound memory, time and what may be written to disk: nothing."""
    import resource

    if sys.platform == "linux":  # macOS refuses it
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    signal.alarm(WALL_SECONDS)


def answer(data: bytes, max_bytes: int, max_pixels: int, out: BinaryIO) -> None:
    """Write the film that a file holds, or why it is refused."""
    from chatcad.errors import ImageRefused
    from chatcad.imaging import decode
    from chatcad.imaging.limits import Limits

    try:
        film = decode(data, Limits(max_bytes, max_pixels))
    except ImageRefused as refusal:
        out.write(b"\n" + json.dumps({"refused": str(refusal)}).encode())
        return
    out.write(film.pixels.astype("<f4", copy=False).data)
    out.write(b"\n" + json.dumps(_described(film)).encode())


def _described(film: Radiograph) -> dict[str, object]:
    shape = {"height": film.height, "width": film.width}
    told = ("view", "sex", "age_band", "modality", "spacing_mm", "warnings")
    return shape | {name: getattr(film, name) for name in told}


if __name__ == "__main__":
    main()
