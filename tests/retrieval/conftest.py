"""One small store for all retrieval tests: four topic files, built once, with every socket refused."""

import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatcad.config import ROOT, Settings, load_settings
from chatcad.retrieval.retriever import GuidelineRetriever
from chatcad.retrieval.store import open_retriever

TOPICS = ("cardiomegaly", "effusion", "pneumothorax", "radiation")


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("retrieval reached for the network")


@pytest.fixture(scope="package")
def no_network() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        yield


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("store")
    passages = home / "knowledge" / "passages"
    passages.mkdir(parents=True)
    for topic in TOPICS:
        shutil.copy(ROOT / "knowledge" / "passages" / f"{topic}.md", passages)
    return replace(load_settings(), cache=home / "cache", knowledge=home / "knowledge", data=home / "no-data")


@pytest.fixture(scope="package")
def retriever(settings: Settings, no_network: None) -> GuidelineRetriever:
    return open_retriever(settings)


@pytest.fixture
def own_cache(settings: Settings, retriever: GuidelineRetriever, tmp_path: Path) -> Settings:
    """The same store in a cache of the test's own, already indexed."""
    shutil.copytree(settings.cache, tmp_path / "cache")
    return replace(settings, cache=tmp_path / "cache")
