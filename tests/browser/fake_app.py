"""The real page over a made-up system: for what a real one can't be made to do on demand (wait, fail, hang)."""

from __future__ import annotations

import time
from concurrent.futures import Future

from ui.fake import FakeSystem

from chatcad.config import load_settings
from chatcad.errors import BackendFailed
from chatcad.ui.page import build, launch_options

LOADING_SECONDS = 4
PAUSE_SECONDS = 0.6


class Moody(FakeSystem):
    """Waits before each sentence; breaks off when it is asked to."""

    def stream(self, question, talk):
        for said in super().stream(question, talk):
            yield said
            if "break" in question:
                raise BackendFailed("the model server closed the connection: start it again.")


def main() -> None:
    settings = load_settings()
    system: Future = Future()
    page = build(system, settings)
    page.launch(**launch_options(settings))
    time.sleep(LOADING_SECONDS)
    system.set_result(Moody(pause=PAUSE_SECONDS))
    page.block_thread()


if __name__ == "__main__":
    main()
