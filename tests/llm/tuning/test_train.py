import json

import pytest


@pytest.fixture
def tuned(tiny_folder):
    from chatcad.llm.tuning.lora import open_for_training

    return open_for_training(str(tiny_folder), rank=2, alpha=4)


def test_the_rate_rises_then_falls_to_nothing():
    from chatcad.llm.tuning.train import rate_at

    rates = [rate_at(s / 100) for s in range(101)]
    top = rates.index(max(rates))
    assert rates[0] == 0
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[-1] < 1e-9


def test_a_saved_state_is_taken_up_again(tuned, tmp_path):
    import torch

    from chatcad.llm.tuning.lora import load_state, save_state

    network, _ = tuned
    optimizer = torch.optim.AdamW(network.parameters.values(), lr=0.1)
    sum((p.square().sum() + p.sum() for p in network.parameters.values()), torch.zeros(())).backward()
    optimizer.step()
    path = tmp_path / "state.safetensors"
    save_state(path, network, optimizer, {"step": 1})
    kept = {n: p.detach().clone() for n, p in network.parameters.items()}
    optimizer.step()  # the same gradient again: what a resumed run must reach too
    further = {n: p.detach().clone() for n, p in network.parameters.items()}
    again = torch.optim.AdamW(network.parameters.values(), lr=0.1)
    assert load_state(path, network, again) == {"step": 1}
    assert all(torch.equal(p, kept[n]) for n, p in network.parameters.items())
    again.step()
    assert all(torch.allclose(p, further[n]) for n, p in network.parameters.items())
    assert any(not torch.equal(further[n], kept[n]) for n in kept)


def test_nothing_saved_is_a_fresh_start(tuned, tmp_path):
    from chatcad.llm.tuning.lora import load_state

    assert load_state(tmp_path / "none", tuned[0], None) == {}


@pytest.mark.slow
def test_training_learns_and_resumes(tuned, tmp_path, monkeypatch):
    from chatcad.llm.tuning import train as module

    monkeypatch.setattr(module, "HELD_OUT_SCENES", 2)
    monkeypatch.setattr(module, "LOG_EVERY", 1)
    network, tokenizer = tuned
    first = module.train(network, tokenizer, module.Plan(0.3, 1, tmp_path, rate=0.03))
    assert first["held_out_after"] < first["held_out_before"]
    second = module.train(network, tokenizer, module.Plan(0.6, 1, tmp_path, rate=0.03))
    assert second["scene"] > first["scene"]
    assert second["held_out_before"] == first["held_out_before"]
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) >= 3
    assert json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])["step"] == second["step"]
