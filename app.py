"""Build the page and launch it; the models load once the page is up."""

from __future__ import annotations

import os
import sys
import time

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from chatcad.config import load_settings
from chatcad.ui.loading import Loading
from chatcad.ui.page import build, launch_options


def main() -> None:
    """Serve the page until it is interrupted."""
    start = time.perf_counter()
    settings = load_settings()
    os.environ.setdefault("GRADIO_TEMP_DIR", str(settings.cache / "uploads"))
    loading = Loading()
    page = build(loading, settings)
    try:
        page.launch(**launch_options(settings))
    except OSError as error:
        sys.exit(f"{settings.host}:{settings.port} can't be served ({error}): set CHATCAD_PORT to a free port")
    print(f"ChatCAD: {page.local_url} ({time.perf_counter() - start:.1f} s; models are loading)", flush=True)
    loading.load(settings)
    failed = loading.films.exception() or loading.system.exception()
    print(f"Not ready: {failed}" if failed else f"Models are ready ({time.perf_counter() - start:.1f} s)", flush=True)
    page.block_thread()


if __name__ == "__main__":
    main()
