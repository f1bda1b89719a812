"""One small store for all retrieval tests: four topic files, built once, with every socket refused."""

import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatcad.config import Settings, load_settings
from chatcad.retrieval.retriever import GuidelineRetriever
from chatcad.retrieval.store import open_retriever
from tests.retrieval.shelf import copy_topics

TOPICS = ("cardiomegaly", "effusion", "pneumothorax", "radiation")


HERE = {"127.0.0.1", "localhost"}
connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo


def connect_here(self: socket.socket, address: tuple[str, int]) -> None:
    assert address[0] in HERE, "retrieval reached for the network"
    connect(self, address)


def getaddrinfo_here(host: str, *rest: object, **named: object) -> list[tuple]:
    assert host in HERE, "retrieval reached for the network"
    return getaddrinfo(host, *rest, **named)


@pytest.fixture(scope="package")
def no_network() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_here)
        patch.setattr(socket, "getaddrinfo", getaddrinfo_here)
        yield


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("store")
    copy_topics(TOPICS, home / "knowledge")
    return replace(load_settings(), cache=home / "cache", knowledge=home / "knowledge", data=home / "no-data")


@pytest.fixture(scope="package")
def retriever(settings: Settings, no_network: None) -> GuidelineRetriever:
    return open_retriever(settings)


@pytest.fixture
def own_cache(settings: Settings, retriever: GuidelineRetriever, tmp_path: Path) -> Settings:
    """The same store in a cache of the test's own, already indexed."""
    shutil.copytree(settings.cache, tmp_path / "cache")
    return replace(settings, cache=tmp_path / "cache")
