import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from cad_models import registry
from cad_models.weights_io import read_index
from chatcad.errors import ModelMissing, UsageError

SHIPPED = [n.name for n in registry.entries() if n.embedded]


def test_listing_does_not_import_torch():
    code = "import sys; from cad_models import registry; registry.entries(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_is_ready_and_has_a_card_and_a_licence(name):
    network = registry.get(name)
    assert registry.state(network) == "ready"
    assert network.card.is_file()
    assert network.licence and network.citation and network.source
    assert network.bytes == network.path.stat().st_size


def test_licence_of_the_segmenter_says_who_may_use_it():
    assert "no commercial use" in registry.get("segmenter").licence


def test_an_unknown_name_is_a_usage_error_that_lists_the_known():
    with pytest.raises(UsageError, match="segmenter"):
        registry.get("nonsense")


def test_one_network_a_process_even_when_many_ask_at_once():
    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(lambda _: registry.load("segmenter"), range(8)))
    assert len({id(network) for network in loaded}) == 1


@pytest.fixture
def other_weights(tmp_path, monkeypatch):
    """A weights folder of its own with the segmenter's entry, and no cached networks."""
    monkeypatch.setattr(registry, "WEIGHTS", tmp_path)
    registry._load.cache_clear()
    yield tmp_path
    registry._load.cache_clear()


def test_missing_weights_name_the_remedy(other_weights):
    assert registry.state(registry.get("segmenter")) == "missing"
    with pytest.raises(ModelMissing, match=r"missing.*git checkout"):
        registry.load("segmenter")


def test_one_changed_byte_is_noticed(other_weights):
    network = registry.get("segmenter")
    content = bytearray((registry.INDEX.parent / network.file).read_bytes())
    content[len(content) // 2] ^= 1
    (other_weights / network.file).write_bytes(content)
    assert registry.state(network) == "corrupt"
    with pytest.raises(ModelMissing, match="corrupt"):
        registry.load("segmenter")


def test_a_head_on_another_segmenter_is_not_ready():
    gate = replace(registry.get("gate"), needs={"segmenter": "0" * 64})
    assert registry.state(gate) == "corrupt"


def test_the_index_cannot_name_a_foreign_module():
    facts = read_index()["segmenter"]
    with pytest.raises(ModelMissing, match="outside"):
        registry._network("segmenter", {**facts, "module": "os"})
