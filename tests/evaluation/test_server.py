"""A server that is started to be measured or abused: it borrows models, and leaves the user's records alone."""

import httpx
import pytest

from chatcad.config import load_settings
from chatcad.ui.phantom import phantom_png
from evaluation.server import APP, borrowed, serve


def test_models_are_borrowed_and_nothing_that_anybody_did(tmp_path):
    lender = tmp_path / "users"
    for name in ("index", "added", "smollm2-135m-abc", "sessions", "audit", "drift", "access", "feedback", "cases"):
        (lender / name).mkdir(parents=True)
    own = borrowed(lender, tmp_path / "own")
    assert {p.name for p in own.iterdir()} == {"index", "added", "smollm2-135m-abc"}
    (own / "audit").mkdir()
    assert borrowed(lender, own) == own and not (own / "audit").is_symlink()
    assert borrowed(own, own) == own


@pytest.mark.slow
def test_a_run_writes_into_its_own_cache(tmp_path):
    lender = load_settings().cache
    before = {p: p.stat().st_mtime_ns for name in ("audit", "drift", "sessions") for p in (lender / name).rglob("*")}
    with serve(APP, tmp_path, lender, CHATCAD_BACKEND="scripted", CHATCAD_MODEL="") as server:
        server.wait_for_models()
        films = httpx.post(f"{server.url}/api/v1/studies", files={"film": ("film.png", phantom_png())}, timeout=60)
        assert films.status_code == 201
    assert (tmp_path / "cache" / "audit").is_dir()
    assert before == {p: p.stat().st_mtime_ns for p in before}
