"""What must not stay while the server runs: talks past their days, and uploads that a killed server left behind.

It knows when to look. What a talk consists of is ``sessions``' business.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from pathlib import Path

from chatcad.errors import StoreUnusable
from chatcad.ui.shelf import Shelf

EVERY_SECONDS = 3600.0

_log = logging.getLogger(__name__)


def keep_tidy(shelf: Shelf, uploads: Path, seconds: float) -> None:
    """Tidy at once and every hour, in a thread that ends with the process; see `tidy`."""

    def work() -> None:
        while True:
            try:
                tidy(shelf, uploads, seconds)
            except (StoreUnusable, OSError):
                _log.exception("what is past its time could not be erased; tried again in an hour")
            time.sleep(EVERY_SECONDS)

    threading.Thread(target=work, name="tidy", daemon=True).start()


def tidy(shelf: Shelf, uploads: Path, seconds: float) -> None:
    """Erase talks that were last used longer ago than the shelf keeps them, and old uploads.

    Parameters
    ----------
    shelf
        Its ``days`` count; 0 keeps for ever.
    uploads
        The folder of ChatCAD's own uploads. Gradio forgets those of a server that was killed.
    seconds
        How old an upload is that nobody waits for any more.

    Raises
    ------
    StoreUnusable, OSError
        What could not be erased.
    """
    if shelf.store is not None and shelf.days > 0:
        shelf.store.erase_older(shelf.days)
    for path in sorted(uploads.rglob("*"), reverse=True):  # a folder after what is in it
        with suppress(FileNotFoundError):  # it is being read, and gone with that
            if path.stat().st_mtime > time.time() - seconds:
                continue
            if not path.is_dir():
                path.unlink()
            elif not any(path.iterdir()):
                path.rmdir()
