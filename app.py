"""Build the page and launch it; the models load once the page is up."""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import Future

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from chatcad.config import load_settings
from chatcad.errors import ChatCADError
from chatcad.pipeline import ChatCAD
from chatcad.ui.page import build, launch_options


def main() -> None:
    """Serve the page until it is interrupted."""
    start = time.perf_counter()
    settings = load_settings()
    os.environ.setdefault("GRADIO_TEMP_DIR", str(settings.cache / "uploads"))
    system: Future[ChatCAD] = Future()
    page = build(system, settings)
    try:
        page.launch(**launch_options(settings))
    except OSError as error:
        sys.exit(
            f"The page can't be served on {settings.host}:{settings.port} ({error}): set CHATCAD_PORT to a free port"
        )
    print(f"ChatCAD: http://{settings.host}:{settings.port} ({time.perf_counter() - start:.1f} s; models are loading)")
    try:
        system.set_result(ChatCAD.open(settings))
        print(f"Models are ready ({time.perf_counter() - start:.1f} s after the start)", flush=True)
    except ChatCADError as error:
        system.set_exception(error)
        print(f"No model: {error}", file=sys.stderr, flush=True)
    page.block_thread()


if __name__ == "__main__":
    main()
