"""The parent's side of ``child``: hands a file over, and takes back a film or a refusal.

It knows the process and what it may answer. What comes back is checked as if a hostile file had written it: no pickle,
known words only, exactly the pixels that were announced.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import subprocess
import sys
import threading
from io import BufferedReader
from typing import Annotated, BinaryIO, Literal, cast

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from chatcad.errors import ImageRefused
from chatcad.imaging.child import LENGTH, REQUEST
from chatcad.imaging.limits import Limits
from chatcad.types import FloatImage, Radiograph, Sex, View

DAMAGED = "The file broke the decoder or took too much time or memory: export the film again."
_LONGEST_LINE = 4096
_ENVIRONMENT = {"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "TMPDIR"}  # no keys of ours

Line = Annotated[str, Field(max_length=200, pattern=r"^[^\n<>]*$")]


class _Answer(BaseModel):
    """What the child may say."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Refusal(_Answer):
    refused: Line


class _Film(_Answer):
    height: int
    width: int
    view: View
    sex: Sex
    age_band: Annotated[str, Field(pattern=r"^(?:\d{1,2}-\d{1,2}|90\+)$")] | None
    modality: Literal["CR", "DX", "RG", "OT"] | None
    spacing_mm: tuple[float, float] | None
    warnings: tuple[Line, ...]


class Keeper:
    """One warm child process, begun when it is first needed and again when it has died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def exchange(self, data: bytes, limits: Limits) -> bytearray:
        """Return the child's reply to one file; empty when it broke down."""
        with self._lock:
            process = self._running()
            try:
                return _ask(process, data, limits)
            except BrokenPipeError:
                self.stop()
                return bytearray()
            except BaseException:
                self.stop()  # what it has yet to say would be taken for the next file's reply
                raise

    def start(self) -> None:
        """Begin the process before the first file comes: its imports take half a second."""
        with self._lock:
            self._running()

    def stop(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            code = f"import sys; sys.path[:] = {sys.path!r}; from chatcad.imaging.child import main; main()"
            self._process = subprocess.Popen(  # noqa: S603  -- our own interpreter and module
                [sys.executable, "-P", "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # One thread, so that a fork is safe; and address space for films instead of threads' stacks.
                env={k: v for k, v in os.environ.items() if k in _ENVIRONMENT} | {"OPENBLAS_NUM_THREADS": "1"},
            )
        return self._process


def _ask(process: subprocess.Popen[bytes], data: bytes, limits: Limits) -> bytearray:
    to, back = cast("BinaryIO", process.stdin), cast("BufferedReader", process.stdout)
    to.write(REQUEST.pack(limits.max_bytes, limits.max_pixels, len(data)))
    to.write(data)
    to.flush()
    if len(head := back.read(LENGTH.size)) < LENGTH.size:
        raise BrokenPipeError("the keeper died")
    (length,) = LENGTH.unpack(head)
    if length > _LONGEST_LINE + 4 * limits.max_pixels:
        raise BrokenPipeError("the reply is longer than any film's")
    reply = bytearray(length)
    if back.readinto(reply) < length:
        raise BrokenPipeError("the keeper died")
    return reply


KEEPER = Keeper()
atexit.register(KEEPER.stop)


def decode(data: bytes, limits: Limits) -> Radiograph:
    """Read the bytes of one film in the child process.

    Raises
    ------
    ImageRefused
        The file is refused, or its decoder crashed, hung or ran out of memory.
    """
    reply = KEEPER.exchange(data, limits)
    start = reply.rfind(b"\n") + 1
    line = bytes(reply[start:])
    try:
        if line.startswith(b'{"refused"'):
            raise ImageRefused(_Refusal.model_validate_json(line).refused)
        film = _Film.model_validate_json(line)
        limits.check_shape(film.height, film.width)
        pixels: FloatImage = np.frombuffer(memoryview(reply)[: start - 1], "<f4").reshape(film.height, film.width)
    except ValueError as error:
        raise ImageRefused(DAMAGED) from error
    if not (pixels.min() >= 0 and pixels.max() <= 1):  # as NaN isn't either
        raise ImageRefused(DAMAGED)
    told = film.model_dump(exclude={"height", "width"})
    return Radiograph(pixels=pixels, sha256=hashlib.sha256(data).hexdigest(), **told)
