"""Whatever goes wrong while loading, the promises end: nothing says "loading" for ever."""

import pytest

from cad_models import reader
from chatcad import parts
from chatcad.config import Settings
from chatcad.errors import ModelMissing
from chatcad.loading import Loading
from tests.api.server import client_of, send_film


def explode(*_, **__):
    raise RuntimeError("CUDA driver\nversion is insufficient")


def test_an_error_that_nobody_typed_ends_both_promises(monkeypatch, caplog, tmp_path):
    monkeypatch.setattr(reader, "CadReader", explode)
    loading = Loading()
    loading.load(Settings(cache=tmp_path))
    for promise in (loading.films, loading.system):
        error = promise.exception(timeout=0)
        assert isinstance(error, ModelMissing)
        assert "RuntimeError: CUDA driver version" in str(error) and "doctor" in str(error)
        assert "\n" not in str(error)
    assert "Traceback" in caplog.text
    client = client_of(tmp_path, loading)
    assert send_film(client).status_code == 503
    assert "doctor" in send_film(client).json()["detail"]
    assert client.get("/healthz").json()["networks"] == "failed: ModelMissing"


def test_films_are_read_although_answers_could_not_be_loaded(monkeypatch, tmp_path):
    monkeypatch.setattr(reader, "CadReader", lambda *_, **__: "networks")
    monkeypatch.setattr(parts, "load", explode)
    loading = Loading()
    loading.load(Settings(cache=tmp_path))
    assert callable(loading.films.result(timeout=0))
    with pytest.raises(ModelMissing, match="doctor"):
        loading.system.result(timeout=0)


def test_the_embedding_is_not_done_without(tmp_path):
    settings = Settings(cache=tmp_path, backend="scripted", embedding_model=str(tmp_path / "nowhere"))
    loading = Loading()
    loading.load(settings)
    assert loading.films.exception(timeout=0) is None
    assert "no embedding model" in str(loading.system.exception(timeout=0))
