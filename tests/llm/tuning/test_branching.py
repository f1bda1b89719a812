import pytest


@pytest.fixture
def network(tiny_folder):
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(tiny_folder, attn_implementation="eager").eval()


def make_dialogues():
    from chatcad.llm.tuning.branching import Dialogue

    shared = tuple(range(20, 60))
    return [
        Dialogue((*shared, 70, 71, 72), (80, 81, 2)),
        Dialogue((*shared, 70, 99), (90, 91, 92, 93, 94, 2)),
        Dialogue((*shared, 70, 71, 5, 6, 7, 8), (81, 2)),
    ]


def test_branches_give_the_logits_of_each_dialogue_read_alone(network):
    import torch

    from chatcad.llm.tuning.branching import logits, rows

    dialogues = make_dialogues()
    with torch.no_grad():
        branched, meant = logits(network, rows(dialogues))
        alone = []
        for d in dialogues:
            whole = network(input_ids=torch.tensor([d.request + d.answer])).logits[0]
            alone.append(whole[len(d.request) - 1 : -1])
    assert meant.tolist() == [token for d in dialogues for token in d.answer]
    assert torch.allclose(branched, torch.cat(alone), atol=1e-4)
    # What isn't equal must be told apart: another shared token changes the logits.
    other = [type(d)((21, *d.request[1:]), d.answer) for d in dialogues]
    with torch.no_grad():
        assert not torch.allclose(branched, logits(network, rows(other))[0], atol=1e-3)


def test_all_but_the_shared_beginning_is_read_row_by_row():
    from chatcad.llm.tuning.branching import IGNORED, rows

    batch = rows(make_dialogues())
    assert batch.shared.tolist() == [[*range(20, 60), 70]]
    assert batch.tokens[1].tolist() == [99, 90, 91, 92, 93, 94]
    assert batch.targets[0].tolist() == [IGNORED, 80, 81, 2, IGNORED, IGNORED]
    assert batch.seen.sum(1).tolist() == [41 + 4, 41 + 6, 41 + 6]


def test_one_dialogue_keeps_a_token_to_be_read():
    from chatcad.llm.tuning.branching import Dialogue, rows

    batch = rows([Dialogue((5, 6, 7), (8, 2))])
    assert batch.shared.tolist() == [[5, 6]]
    assert batch.targets.tolist() == [[8, 2]]


def test_gradients_reach_only_the_adapter(tiny_folder):
    from chatcad.llm.tuning.branching import loss, rows
    from chatcad.llm.tuning.lora import open_for_training

    tuned, _ = open_for_training(str(tiny_folder), rank=2, alpha=4)
    loss(tuned.network, rows(make_dialogues())).backward()
    assert tuned.parameters
    assert all("lora_" in name for name in tuned.parameters)
    assert any(p.grad is not None and float(p.grad.abs().sum()) > 0 for p in tuned.parameters.values())
