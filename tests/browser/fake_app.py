"""The real page over a made-up system: for what a real one can't be made to do on demand (wait, fail, hang)."""

from __future__ import annotations

import time
from pathlib import Path

from ui.fake import FakeSystem

from chatcad.api.mount import server_options
from chatcad.config import load_settings
from chatcad.errors import BackendFailed
from chatcad.loading import Loading
from chatcad.ui.page import build, launch_options

LOADING_SECONDS = 3
PAUSE_SECONDS = 0.6
SLOW_SECONDS = 2


class Moody(FakeSystem):
    """Waits before each sentence; breaks off when it is asked to; takes its time over a film that is called slow."""

    def read(self, source):
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
        time.sleep(SLOW_SECONDS * data.startswith(b"slow"))
        return super().read(data.removeprefix(b"slow, "))

    def stream(self, question, talk):
        for said in super().stream(question, talk):
            yield said
            if "break" in question:
                raise BackendFailed("the model server closed the connection: start it again.")


def main() -> None:
    settings = load_settings()
    loading = Loading()
    page = build(loading, settings)
    page.launch(**launch_options(settings), **server_options(loading, settings))
    time.sleep(LOADING_SECONDS)
    system = Moody(pause=PAUSE_SECONDS)
    loading.films.set_result(system.read)
    time.sleep(1)
    loading.system.set_result(system)
    page.block_thread()


if __name__ == "__main__":
    main()
