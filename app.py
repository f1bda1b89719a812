"""Build the page and launch it; the models load once the page is up."""

from __future__ import annotations

import os
import sys
import time

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ["FORWARDED_ALLOW_IPS"] = ""  # uvicorn must not take an address from a header: see chatcad/access/who.py

from chatcad import arenas, observe
from chatcad.access.rules import require_login
from chatcad.api.mount import server_options
from chatcad.config import load_settings
from chatcad.errors import ChatCADError
from chatcad.loading import Loading
from chatcad.ui.page import build, launch_options, uploads_of


def main() -> None:
    """Serve page and API until they are interrupted."""
    start = time.perf_counter()
    arenas.keep_few()
    settings = load_settings()
    require_login(settings)
    observe.begin(settings)
    os.environ.setdefault("GRADIO_TEMP_DIR", str(uploads_of(settings)))
    loading = Loading.of(settings)
    page = build(loading, settings)
    try:
        page.launch(**launch_options(settings), **server_options(loading, settings))
    except (OSError, OverflowError) as error:
        sys.exit(f"{settings.host}:{settings.port} can't be served ({error}): set CHATCAD_PORT to a free port")
    print(f"ChatCAD: {page.local_url} ({time.perf_counter() - start:.1f} s; models are loading)", flush=True)
    loading.load(settings)
    failed = loading.films.exception() or loading.system.exception()
    print(f"Not ready: {failed}" if failed else f"Models are ready ({time.perf_counter() - start:.1f} s)", flush=True)
    page.block_thread()


if __name__ == "__main__":
    try:
        main()
    except ChatCADError as wrong:
        sys.exit(f"chatcad: {wrong}")
