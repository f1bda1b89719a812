"""A real server in its own process, a headless Chromium, and visitors whose requests and errors are recorded."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chatcad.config import ROOT, load_settings
from evaluation.browser import open_chromium
from evaluation.server import Server, serve

SHOTS = Path(__file__).parent / "screenshots"


@dataclass
class Visitor:
    """One browser tab; ``requests`` and ``complaints`` are what it asked for and what its console said."""

    page: object
    origin: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def foreign(self) -> list[str]:
        own = (self.origin, "data:", "blob:")
        return [url for url in self.requests if not url.startswith(own)]

    def serious(self) -> list[str]:
        """Return what an accessibility scan finds that is serious or worse."""
        scan = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
        found = scan.Axe().run(self.page).response["violations"]
        return [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in {"serious", "critical"}]

    def shot(self, name: str, whole: bool = False) -> None:
        SHOTS.mkdir(exist_ok=True)
        if whole:  # what sticks to the window would be drawn in the middle of the page
            self.page.evaluate("window.scrollTo(0, 0)")
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=whole)


QUIET = """() => new Promise(done => {
  const wait = () => setTimeout(done, 250);
  let timer = wait();
  new MutationObserver(() => { clearTimeout(timer); timer = wait(); })
    .observe(document.body, {childList: true, subtree: true});
})"""


def settle(page) -> None:
    """Wait until the page's parts, which are drawn one after the other and then filled, are there and stay."""
    for part in ("#drop button", "#phantom", "#switches label", "#ask textarea"):
        page.locator(part).first.wait_for()
    page.evaluate(QUIET)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(ROOT / "app.py", tmp_path_factory.mktemp("server"), load_settings().cache) as running:
        yield running


@pytest.fixture(scope="session")
def fake_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("fake")
    with serve(Path(__file__).with_name("fake_app.py"), folder, folder / "cache") as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed (requirements/dev.txt)")
    if shutil.which("chromium") is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    with open_chromium() as browser:
        yield browser


@pytest.fixture
def visit(chromium) -> Iterator[Callable[..., Visitor]]:
    """Open tabs; afterwards none of them may have left its origin or raised an error."""
    opened: list[Visitor] = []

    def open_tab(server: Server, **context: object) -> Visitor:
        page = chromium.new_context(**({"viewport": {"width": 1440, "height": 900}} | context)).new_page()
        visitor = Visitor(page, server.url)
        page.on("request", lambda request: visitor.requests.append(request.url))
        page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        page.on("console", lambda m: visitor.complaints.append(m.text) if m.type == "error" else None)
        page.set_default_timeout(60_000)
        page.goto(server.url)
        settle(page)
        opened.append(visitor)
        return visitor

    yield open_tab
    for visitor in opened:
        visitor.page.context.close()
    assert [v.foreign for v in opened if v.foreign] == [], "a page asked somebody else"
    assert [v.complaints for v in opened if v.complaints] == [], "errors in the console"


@pytest.fixture(scope="session")
def data() -> Path:
    folder = load_settings().data
    if not (folder / "dicom").is_dir():
        pytest.skip(f"no shared films in {folder} (set CHATCAD_DATA)")
    return folder
