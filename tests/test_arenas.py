"""The server's threads share two arenas: in half an hour at one request a second it had grown by 5% without this."""

import platform
import subprocess
import sys

import pytest

ARENAS_OF_THREADS = """
import ctypes, re, sys, threading
from chatcad import arenas
if sys.argv[1] == "few":
    assert arenas.keep_few()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(12)
def allocate():
    together.wait()
    libc.malloc(10_000)
    together.wait()
threads = [threading.Thread(target=allocate) for _ in range(12)]
[t.start() for t in threads]
[t.join() for t in threads]
out = libc.fopen(b"/dev/stdout", b"w")
libc.malloc_info(0, ctypes.c_void_p(out))
libc.fflush(None)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has no arenas")
def test_threads_share_two_arenas() -> None:
    counts = {}
    for which in ("few", "many"):
        command = [sys.executable, "-c", ARENAS_OF_THREADS, which]
        told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        counts[which] = told.count("<heap nr=")
    assert counts["few"] <= 2 < counts["many"]
