"""How the C library keeps memory for threads.

It knows glibc's allocator. Each answer is written in a thread of its own, and glibc gives threads arenas of their own,
up to eight a core, from which little goes back to the system: a server grew by 5% in half an hour without this.
"""

from __future__ import annotations

import ctypes
import platform

_M_ARENA_MAX = -8
"""From ``malloc.h``; see mallopt(3)."""
ARENAS = 2


def keep_few() -> bool:
    """Let all threads of this process share two arenas; return whether the C library took it."""
    if platform.libc_ver()[0] != "glibc":
        return False
    return bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS))
