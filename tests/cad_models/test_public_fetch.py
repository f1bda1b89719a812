"""Published weight files: true forms are converted, hostile and wrong ones are refused."""

import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace

import httpx
import pytest
import torch

from cad_models import registry
from cad_models.public import convert_child, fetch
from cad_models.public.architectures import ARCHITECTURES
from cad_models.weights_io import read_weights, sha256_of
from chatcad.errors import ModelMissing, UsageError
from chatcad.vocabulary import terms
from tests.cad_models.public_weights import published, settled

PUBLIC = [n for n in registry.entries() if not n.embedded]
DENSENET = "densenet121-res224-all"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CHATCAD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Hostile:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.system, (f"touch {self.target}",)


@pytest.mark.parametrize("network", PUBLIC, ids=lambda n: n.name)
def test_an_entry_says_what_a_user_needs_to_know(network):
    assert network.licence and network.source and network.citation and network.bytes > 0
    assert network.url.startswith("https://")
    assert registry.state(network) == "missing"
    assert not network.figures, "figures are measured here, others go under `published`"
    assert bool(network.published) == bool(network.published_in)


@pytest.mark.parametrize("name", [DENSENET, "resnet50-res512-all"])
def test_entries_agree_with_torchxrayvision(name):
    from torchxrayvision.models import model_urls

    network = registry.get(name)
    assert list(network.labels) == model_urls[name]["labels"]
    assert network.url == model_urls[name]["weights_url"]
    assert len(set(network.labels) & set(terms())) >= 14


def test_labels_of_the_adapted_networks_agree_with_torchxrayvision():
    from torchxrayvision.baseline_models import chestx_det, jfhealthcare

    assert list(registry.get("jfhealthcare").labels) == jfhealthcare.DenseNet.targets
    assert list(registry.get("pspnet-chestx-det").labels) == chestx_det.PSPNet.targets


def test_listing_imports_neither_torch_nor_torchxrayvision():
    code = (
        "import sys; from cad_models import registry; [registry.state(n) for n in registry.entries()];"
        "sys.exit(bool({'torch', 'torchxrayvision', 'transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_using_an_architecture_leaves_the_import_path_alone():
    code = (
        "import sys; before = list(sys.path); from cad_models.public.architectures import ARCHITECTURES;"
        "[a.thresholds() for a in ARCHITECTURES.values()]; sys.exit(sys.path != before)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "name", [DENSENET, "jfhealthcare", *(pytest.param(n, marks=pytest.mark.slow) for n in list(ARCHITECTURES)[1::2])]
)
def test_a_published_file_becomes_safetensors_with_the_same_tensors(name, tmp_path, cache):
    assert fetch.get(registry.get(name), published(name, tmp_path)) == "first use"
    network = registry.get(name)
    assert registry.state(network) == "ready"
    assert network.path == cache / "networks" / name / "weights.safetensors"
    assert network.sha256 == sha256_of(network.path)
    wanted, found = settled(name).state_dict(), read_weights(network.path)
    assert wanted.keys() == found.keys()
    assert all(torch.equal(wanted[k], found[k]) for k in wanted)
    record = json.loads((network.folder / registry.RECORD).read_text())
    assert record["trust"] == "first use" and len(record["published_sha256"]) == 64
    assert not list(network.folder.glob("*.part"))


def test_a_whole_network_in_the_newer_form_is_read_too(tmp_path):
    file = tmp_path / "new.pt"
    torch.save(settled(DENSENET), file)
    fetch.get(registry.get(DENSENET), file)
    assert registry.state(registry.get(DENSENET)) == "ready"


@pytest.mark.parametrize("name", [DENSENET, "jfhealthcare"])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_runs_a_program_is_refused_and_does_not_run(name, zipped, tmp_path):
    trace, file = tmp_path / "trace", tmp_path / "hostile.pt"
    torch.save(Hostile(trace), file, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ModelMissing, match="refused") as refusal:
        fetch.get(registry.get(name), file)
    assert "\n" not in str(refusal.value)
    assert not trace.exists()
    assert registry.state(registry.get(name)) == "missing"


def test_a_hostile_part_inside_a_true_network_is_refused(tmp_path):
    network = settled(DENSENET)
    network.note = Hostile(tmp_path / "trace")
    torch.save(network, tmp_path / "hostile.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(ModelMissing, match=r"posix\.system"):
        fetch.get(registry.get(DENSENET), tmp_path / "hostile.pt")
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize(("module", "name"), [("builtins", "eval"), ("os", "system"), ("torchevil", "x")])
def test_the_unpickler_knows_no_other_names(module, name, tmp_path):
    stream = (tmp_path / "empty").open("wb+")
    with pytest.raises(pickle.UnpicklingError, match=name):
        convert_child.RestrictedUnpickler(stream).find_class(module, name)


def test_names_of_torch_become_inert():
    made = convert_child.RestrictedUnpickler.find_class(None, "torch.hub", "load")("evil/repository")
    assert isinstance(made, convert_child.Part)


@pytest.mark.parametrize("event", ["os.system", "subprocess.Popen", "socket.connect", "os.exec", "shutil.rmtree"])
def test_the_converting_process_refuses_to_act(event, capsys):
    with pytest.raises(SystemExit):
        convert_child.forbid(event, ())
    assert event in capsys.readouterr().err


def test_the_converting_process_writes_no_file(capsys):
    convert_child.forbid("open", ("weights.pt", "rb", 0))
    with pytest.raises(SystemExit):
        convert_child.forbid("open", ("other.patch", "a+", 0))


def test_a_script_or_a_picture_is_refused(tmp_path):
    torch.jit.save(torch.jit.script(torch.nn.ReLU()), str(tmp_path / "script.pt"))
    (tmp_path / "picture.pt").write_bytes(b"\x89PNG nothing")
    for file in ("script.pt", "picture.pt"):
        with pytest.raises(ModelMissing, match="no torch weight file"):
            fetch.get(registry.get(DENSENET), tmp_path / file)


def test_tensors_of_another_network_are_refused(tmp_path):
    with pytest.raises(ModelMissing, match="other tensors"):
        fetch.get(registry.get("resnet50-res512-all"), published("jfhealthcare", tmp_path))


def test_a_wrong_checksum_is_refused(tmp_path):
    network = replace(registry.get("jfhealthcare"), url_sha256="0" * 64)
    with pytest.raises(ModelMissing, match="its owner names"):
        fetch.get(network, published("jfhealthcare", tmp_path))


def test_another_file_than_the_first_is_refused(tmp_path):
    network, file = registry.get("jfhealthcare"), published("jfhealthcare", tmp_path)
    fetch.get(network, file)
    torch.save({**settled("jfhealthcare").state_dict(), "more": torch.zeros(1)}, file)
    with pytest.raises(ModelMissing, match="was fetched here first"):
        fetch.get(network, file)
    assert registry.state(registry.get("jfhealthcare")) == "ready"


def test_without_internet_one_line_says_what_to_do(monkeypatch):
    def offline(*_, **__):
        raise httpx.ConnectError("Name or service not known")

    monkeypatch.setattr(httpx, "stream", offline)
    network = registry.get(DENSENET)
    with pytest.raises(ModelMissing) as error:
        fetch.get(network)
    assert network.url in str(error.value) and "--file PATH" in str(error.value) and "\n" not in str(error.value)


def test_a_download_is_converted_and_leaves_no_pickle(tmp_path, monkeypatch, capsys):
    file = published("jfhealthcare", tmp_path)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=file.read_bytes()))
    monkeypatch.setattr(httpx, "stream", httpx.Client(transport=transport).stream)
    network = registry.get("jfhealthcare")
    fetch.get(network)
    assert sorted(f.name for f in network.folder.iterdir()) == ["fetched.json", "weights.safetensors"]
    assert "jfhealthcare" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        fetch.get(registry.get(DENSENET), tmp_path / "nothing.pt")
