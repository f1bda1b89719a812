import pytest
import torch

from cad_models.weights_io import read_index, read_weights, save_weights, sha256_of, update_index


def test_weights_come_back_in_half_precision(tmp_path):
    layer = torch.nn.Sequential(torch.nn.Linear(5, 3), torch.nn.BatchNorm1d(3))
    file = save_weights(layer, "layer", {"task": "view"}, tmp_path)
    again = read_weights(file)
    for name, tensor in layer.state_dict().items():
        assert again[name].dtype == tensor.dtype
        assert torch.allclose(again[name].float(), tensor.float(), atol=1e-3)


def test_the_index_names_the_file_as_it_is(tmp_path):
    file = save_weights(torch.nn.Linear(2, 2), "layer", {"task": "view"}, tmp_path)
    entry = read_index(tmp_path / "index.json")["layer"]
    assert entry == {"task": "view", "file": file.name, "sha256": sha256_of(file), "bytes": file.stat().st_size}


def test_an_update_keeps_the_rest_of_the_index(tmp_path):
    index = tmp_path / "index.json"
    update_index("a", {"x": 1, "y": 2}, index)
    update_index("b", {"x": 3}, index)
    update_index("a", {"y": 5}, index)
    assert read_index(index) == {"a": {"x": 1, "y": 5}, "b": {"x": 3}}


def test_a_pickle_is_not_read(tmp_path):
    file = tmp_path / "evil.safetensors"
    torch.save({"a": torch.zeros(2)}, file)
    with pytest.raises(Exception, match=r"(?i)header"):
        read_weights(file)
