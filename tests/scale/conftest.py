"""A deployment of the networks on this machine, for the tests that need one."""

import socket

import pytest

from tests.cad_models.real_data import DATA


@pytest.fixture(scope="module")
def deployment():
    """Return the address of two replicas with batching; slow to start, and it takes every core that Ray has."""
    pytest.importorskip("ray", reason="the extras are not installed: make scale-test")
    if not DATA.is_dir():
        pytest.skip(f"no films at {DATA}: set CHATCAD_DATA")
    from evaluation.scale import deployed

    with deployed(replicas=2, batch=4, port=free_port()) as url:
        yield url


def free_port():
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]
