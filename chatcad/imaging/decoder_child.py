"""The child process of ``decoding``: reads one encoded frame from standard input, writes its values to standard output.

It is a script of its own, so that it starts quickly, and knows nothing of the patient: it is given the layout of the
pixels (first line, JSON) and the pixel data (the rest). What it says on standard error is not shown to anybody.
"""

from __future__ import annotations

import json
import os
import sys
from io import BytesIO

MEMORY_BYTES = 4 * 2**30  # of address space, of which the libraries alone take one
CPU_SECONDS = 10  # GDCM was seen to spin on a damaged JPEG-LS stream; 40 million honest pixels take about three


def limit_resources() -> None:
    """Bound memory and time where the system can."""
    try:
        import resource
    except ImportError:  # not on Windows; the parent's time limit holds there
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Decode one frame."""
    limit_resources()
    result = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # native libraries print to standard output as well
    order = json.loads(sys.stdin.buffer.readline())
    sys.path[:] = order["path"]

    import numpy as np
    from pydicom.pixels import get_decoder

    values, _ = get_decoder(order["syntax"]).as_array(
        sys.stdin.buffer.read(),
        decoding_plugin=order["plugin"],
        pixel_keyword="PixelData",
        number_of_frames=1,
        **order["options"],
    )
    packed = BytesIO()  # numpy can't write to a pipe
    np.save(packed, values, allow_pickle=False)
    with result:
        result.write(packed.getbuffer())


if __name__ == "__main__":
    main()
