import json

import pytest

from chatcad.config import Settings, load_settings
from chatcad.errors import ModelMissing, NoRoom, UsageError
from chatcad.llm import catalogue, embedded, memory, transformers
from chatcad.llm.memory import GIB, Weights, choose, measure

SEVEN = Weights(7_616_000_000, 1_090_000_000)  # 14.2 GiB in bf16, 5.2 in 4-bit


def test_measured_sizes_are_what_a_loaded_model_takes(tiny_folder, tiny):
    weights = measure(tiny_folder)
    network = tiny._decoder.network
    assert weights.parameters == sum(p.numel() for p in network.parameters())
    linear = sum(p.numel() for n, p in network.named_parameters() if "_proj" in n)
    assert weights.kept == weights.parameters - linear
    assert not weights.quantised
    assert tiny.machine["weights_bytes"] == network.get_memory_footprint()


def test_experts_and_fused_tensors_stay_as_they_are(tmp_path):
    import numpy as np
    from safetensors.numpy import save_file

    tensors = {
        "model.layers.0.mlp.experts.0.up_proj.weight": np.zeros((8, 4), np.float32),
        "model.layers.0.mlp.gate_up_proj": np.zeros((2, 8, 4), np.float32),
        "model.layers.0.self_attn.q_proj.weight": np.zeros((4, 4), np.float32),
    }
    save_file(tensors, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text("{}")
    assert measure(tmp_path).parameters - measure(tmp_path).kept == 16


@pytest.mark.parametrize(
    ("free_gib", "wish", "precision"),
    [(24, "auto", "bf16"), (16.5, "auto", "bf16"), (16, "auto", "4-bit"), (7.5, "auto", "4-bit"),
     (80, "on", "4-bit"), (4, "off", "bf16"), (None, "auto", "bf16"), (None, "on", "4-bit")],
)  # fmt: skip
def test_precision_by_memory_and_wish(free_gib, wish, precision):
    free = None if free_gib is None else int(free_gib * GIB)
    assert choose(SEVEN, free, wish, "seven") == precision


def test_what_fits_in_no_precision_says_how_much_is_missing():
    with pytest.raises(ModelMissing, match=r"seven needs 16\.2 GiB in bf16, 7\.2 GiB in 4-bit, and 4\.0 GiB") as caught:
        choose(SEVEN, 4 * GIB, "auto", "seven")
    assert "CHATCAD_LLM_4BIT=off" in str(caught.value)


def test_a_quantised_checkpoint_is_read_as_it_is():
    assert choose(Weights(10, 0, 5, quantised=True), GIB, "on", "awq") == "as stored"


def test_four_bit_without_its_library_names_the_remedy(tiny_folder, monkeypatch):
    monkeypatch.setattr(transformers, "find_spec", lambda _: None)
    with pytest.raises(ModelMissing, match=r"bitsandbytes is not installed: pip install -r requirements/gpu\.txt"):
        transformers.create(Settings(backend="transformers", model=str(tiny_folder), threads=1, llm_4bit="on"))


def test_a_small_gpu_leads_to_four_bit(tiny_folder, monkeypatch):
    seen = []
    weights = measure(tiny_folder)
    free = (weights.bytes_in("bf16") + weights.bytes_in("4-bit")) // 2 + memory.ROOM
    monkeypatch.setattr(memory, "free_gpu", lambda: free)
    monkeypatch.setattr(transformers, "_four_bit", lambda dtype, name: seen.append(name))
    transformers.create(Settings(backend="transformers", model=str(tiny_folder), threads=1))
    assert seen == [str(tiny_folder)]


def test_the_embedded_model_is_never_quantised(tiny_folder):
    settings = Settings(threads=1, llm_4bit="on")
    model = transformers.open_model(str(tiny_folder), settings, "embedded", local_only=True)
    assert model.machine["quantisation"] == "none"


def test_a_gpu_that_is_full_is_told_from_a_damaged_model(tiny_folder, tmp_path, monkeypatch):
    import torch
    from transformers import AutoModelForCausalLM

    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", full)
    with pytest.raises(NoRoom, match="smaller model"):
        transformers.create(Settings(backend="transformers", model=str(tiny_folder), threads=1))
    monkeypatch.setattr(embedded, "prepare", lambda _: tiny_folder)
    with pytest.raises(NoRoom, match="free some"):  # deleting the model would not help
        embedded.create(Settings(cache=tmp_path, threads=1))


def test_run_records_say_where_the_weights_lie(tiny):
    machine = tiny.machine
    assert (machine["device"], machine["quantisation"]) == ("cpu", "none")
    assert machine["dtype"] in {"float32", "bfloat16"}
    assert machine["free_bytes"] > machine["weights_bytes"] > 0
    json.dumps(machine)


@pytest.mark.parametrize("card", catalogue.CARDS)
def test_every_card_has_a_suggestion_in_either_precision(card):
    suggested = catalogue.largest(card)
    assert {precision for _, precision in suggested} == {"bf16", "4-bit"}
    assert suggested[0][0].weights.parameters > suggested[1][0].weights.parameters


def test_suggestions_are_in_order_of_size_and_in_the_table():
    sizes = [s.weights.parameters for s in catalogue.SUGGESTIONS]
    assert sizes == sorted(sizes)
    assert len(catalogue.table().splitlines()) == len(sizes) + 2


def test_another_wish_is_wrong_usage(monkeypatch):
    monkeypatch.setenv("CHATCAD_LLM_4BIT", "8")
    with pytest.raises(UsageError, match="CHATCAD_LLM_4BIT"):
        load_settings()
