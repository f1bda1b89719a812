import json

import pytest

from chatcad.errors import ModelMissing
from chatcad.llm import adapter, embedded


def make_card(**changes):
    values = {"base": "tiny", "base_sha256": "", "rank": 2, "alpha": 4, "recipe": {}}
    return values | changes


@pytest.fixture
def tuned(tiny_folder):
    """A tiny network with an adapter whose factors aren't zero."""
    import torch

    from chatcad.llm.tuning.lora import open_for_training

    tuned, _ = open_for_training(str(tiny_folder), rank=2, alpha=4)
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in tuned.parameters.values():
            parameter.copy_(torch.randn_like(parameter).bfloat16() * 0.2)
    tuned.wrapped.eval()
    return tuned


def test_merged_weights_say_what_network_and_adapter_say(tuned, tiny_folder, tmp_path):
    import torch
    from transformers import AutoModelForCausalLM

    card = adapter.write("tiny", tuned.tensors(), make_card(), tmp_path)
    plain = AutoModelForCausalLM.from_pretrained(tiny_folder, dtype=tuned.network.dtype).eval()
    ids = torch.tensor([[3, 5, 8, 13, 21]])
    with torch.inference_mode():
        meant, before = tuned.network(ids).logits.float(), plain(ids).logits.float()
    plain = plain.float()
    adapter.merge(plain, adapter.load(card, tmp_path), card)
    with torch.inference_mode():
        after = plain(ids).logits
    assert float((after - meant).abs().max()) < 0.05 * float((before - meant).abs().max())


def test_a_damaged_adapter_is_refused(tuned, tmp_path):
    card = adapter.write("tiny", tuned.tensors(), make_card(), tmp_path)
    path = tmp_path / card.file
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(ModelMissing, match=r"damaged.*git checkout"):
        adapter.load(card, tmp_path)
    path.unlink()
    with pytest.raises(ModelMissing, match="missing"):
        adapter.load(card, tmp_path)


def test_an_adapter_of_another_network_is_refused(tuned, tiny_folder, tmp_path):
    import torch
    from transformers import AutoModelForCausalLM

    card = adapter.write("tiny", tuned.tensors(), make_card(), tmp_path)
    plain = AutoModelForCausalLM.from_pretrained(tiny_folder)
    tensors = adapter.load(card, tmp_path)
    with pytest.raises(ModelMissing, match="doesn't fit"):
        adapter.merge(plain, {k.replace("layers.0", "layers.7"): t for k, t in tensors.items()}, card)
    with pytest.raises(ModelMissing, match="doesn't fit"):
        adapter.merge(plain, {k: torch.zeros(2, 3) for k in tensors}, card)


def test_a_damaged_card_is_refused(tmp_path):
    with pytest.raises(ModelMissing, match="card"):
        adapter.read_card("none", tmp_path)
    (tmp_path / "odd.json").write_text(json.dumps({"name": "odd"}))
    with pytest.raises(ModelMissing, match="card"):
        adapter.read_card("odd", tmp_path)


def test_the_shipped_adapter_is_whole_and_small():
    card = adapter.read_card(embedded.ADAPTER)
    assert card.base_sha256 == embedded.SHA256
    assert (adapter.ADAPTERS / card.file).stat().st_size < 30 * 2**20
    tensors = adapter.load(card)
    assert len(tensors) == 2 * 30 * 7
