"""The child that decodes: it may crash, hang, fill its memory or lie, and the next film is read all the same."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from chatcad.errors import ImageRefused
from chatcad.imaging import child, isolation, load
from chatcad.imaging.isolation import KEEPER

from .phantoms import COLUMNS, ROWS, as_bytes, film

TOLD = {
    "height": ROWS, "width": COLUMNS, "view": "PA", "sex": "F", "age_band": None, "modality": "CR",
    "spacing_mm": [0.2, 0.2], "warnings": [],
}  # fmt: skip


def reply_with(monkeypatch, pixels, told) -> None:
    reply = pixels.tobytes() + b"\n" + json.dumps(told).encode()
    monkeypatch.setattr(KEEPER, "exchange", lambda *_: bytearray(reply))


def fork(monkeypatch, misdeed) -> tuple[bytes, float]:
    monkeypatch.setattr(child, "answer", misdeed)
    start = time.monotonic()
    return child._in_fork(b"a file", 1, 1), time.monotonic() - start


def test_a_crash_is_no_reply(monkeypatch):
    """GDCM was seen to abort the process on mutated JPEG Lossless."""
    assert fork(monkeypatch, lambda *_: os.abort())[0] == b""


def test_half_a_reply_is_no_reply(monkeypatch):
    def half(*arguments):
        arguments[-1].write(b"half a film")
        arguments[-1].flush()
        os.abort()

    assert fork(monkeypatch, half)[0] == b""


def test_a_decoder_that_sleeps_is_ended(monkeypatch):
    monkeypatch.setattr(child, "WALL_SECONDS", 1)
    reply, seconds = fork(monkeypatch, lambda *_: time.sleep(60))
    assert reply == b""
    assert seconds < 5


def test_a_decoder_that_spins_is_ended(monkeypatch):
    monkeypatch.setattr(child, "CPU_SECONDS", 1)

    def spin(*_):
        while True:
            pass

    assert fork(monkeypatch, spin)[0] == b""


@pytest.mark.skipif(sys.platform != "linux", reason="macOS has no bound of address space")
def test_a_decoder_that_wants_too_much_memory_gets_none(monkeypatch):
    assert fork(monkeypatch, lambda *arguments: arguments[-1].write(bytes(child.MEMORY_BYTES)))[0] == b""


def test_a_decoder_can_write_no_file(monkeypatch, tmp_path):
    assert fork(monkeypatch, lambda *_: (tmp_path / "leak").write_bytes(b"a film"))[0] == b""
    assert not (tmp_path / "leak").exists() or (tmp_path / "leak").stat().st_size == 0


def test_a_dead_keeper_is_replaced():
    load(as_bytes(film(12)))
    KEEPER.stop()
    assert load(as_bytes(film(12))).view == "PA"


def test_a_keeper_that_dies_on_a_file_is_one_refusal(monkeypatch):
    keeper = isolation.Keeper()
    monkeypatch.setattr(isolation, "KEEPER", keeper)
    start = keeper._running

    def dying():
        process = start()
        process.kill()
        return process

    monkeypatch.setattr(keeper, "_running", dying)
    with pytest.raises(ImageRefused, match="broke the decoder"):
        load(as_bytes(film(12)))
    monkeypatch.undo()
    assert load(as_bytes(film(12))).view == "PA"


@pytest.mark.parametrize(
    "change",
    [
        {"view": "CANARY"},
        {"age_band": "57"},
        {"modality": "<b>"},
        {"warnings": ["<script>"]},
        {"height": 10**9},
        {"height": ROWS + 1},
        {"height": ROWS - 1},
        {"more": 1},
    ],
    ids=str,
)
def test_a_lying_child_is_refused(monkeypatch, change):
    pixels = np.linspace(0, 1, ROWS * COLUMNS, dtype="<f4")
    reply_with(monkeypatch, pixels, TOLD)
    assert load(b"a film").sex == "F"
    reply_with(monkeypatch, pixels, TOLD | change)
    with pytest.raises(ImageRefused):
        load(b"a film")


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 1.1])
def test_pixels_that_are_no_grey_are_refused(monkeypatch, value):
    pixels = np.linspace(0, 1, ROWS * COLUMNS, dtype="<f4")
    pixels[7] = value
    reply_with(monkeypatch, pixels, TOLD)
    with pytest.raises(ImageRefused):
        load(b"a film")


def test_the_line_behind_the_pixels_is_read_as_no_pixel(monkeypatch):
    pixels = np.linspace(0, 1, ROWS * COLUMNS - 1, dtype="<f4")
    reply_with(monkeypatch, pixels, TOLD)
    with pytest.raises(ImageRefused):
        load(b"a film")


def test_a_reply_that_was_not_taken_is_nobody_elses(monkeypatch):
    def out_of_memory(_):
        raise MemoryError

    monkeypatch.setattr(isolation, "LENGTH", SimpleNamespace(size=child.LENGTH.size, unpack=out_of_memory))
    with pytest.raises(MemoryError):
        load(as_bytes(film(12, PatientAge="010Y")))
    monkeypatch.undo()
    assert load(as_bytes(film(12, PatientAge="080Y"))).age_band == "80-89"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_keeper_lets_go_of_a_film():
    def resident() -> int:
        return int(Path(f"/proc/{KEEPER._process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    load(as_bytes(film(12)))
    before = resident()
    large = np.kron(np.arange(48, dtype=np.uint8).reshape(8, 6) * 5, np.ones((400, 500), np.uint8))
    picture = BytesIO()
    Image.fromarray(large).save(picture, "PNG")
    pixels = load(picture.getvalue()).pixels
    assert pixels.shape == large.shape
    assert resident() - before < pixels.nbytes / 2


def test_visitors_at_the_same_time_get_their_own_film():
    films = [as_bytes(film(12, PatientAge=f"0{n}0Y")) for n in range(1, 8)]
    got = [""] * len(films)

    def visit(n: int) -> None:
        got[n] = str(load(films[n]).age_band)

    threads = [threading.Thread(target=visit, args=(n,)) for n in range(len(films))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [f"{n}0-{n}9" for n in range(1, 8)]


def test_the_child_has_no_key_of_ours(monkeypatch):
    monkeypatch.setenv("CHATCAD_API_KEY", "CANARY")
    KEEPER.stop()
    KEEPER.start()
    environment = Path(f"/proc/{KEEPER._process.pid}/environ")
    assert not environment.exists() or b"CANARY" not in environment.read_bytes()
