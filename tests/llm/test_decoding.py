import time
from itertools import islice

import pytest

from chatcad.errors import BackendFailed
from chatcad.llm.decoding import Decoder, Memory, Tally, common_prefix, look_up, loops


@pytest.fixture
def network(tiny_folder):
    from transformers import LlamaForCausalLM

    return LlamaForCausalLM.from_pretrained(tiny_folder).eval()


def reference(network, prompt, count):
    """Greedy decoding at its plainest: the whole text is read anew for every token."""
    import torch

    tokens = list(prompt)
    with torch.inference_mode():
        for _ in range(count):
            tokens.append(int(network(input_ids=torch.tensor([tokens]), use_cache=False).logits[0, -1].argmax()))
    return tokens[len(prompt) :]


def take(decoder, prompt, count):
    tally = Tally()
    return list(islice(decoder.tokens(prompt, tally), count)), tally


PROMPT = [5 + (7 * i) % 290 for i in range(60)]


def test_same_tokens_as_plain_greedy(network):
    assert take(Decoder(network), PROMPT, 40)[0] == reference(network, PROMPT, 40)


def test_a_prompt_longer_than_one_reading_gives_the_same_tokens(network):
    long = [3 + (11 * i) % 293 for i in range(600)]
    assert take(Decoder(network), long, 8)[0] == reference(network, long, 8)


def test_remembered_prefix_gives_the_same_tokens_and_is_not_read_again(network):
    decoder = Decoder(network)
    for tail in ([9, 8, 7], [9, 8, 6, 5], [], [250, 251, 252]):
        prompt = PROMPT + tail
        tokens, tally = take(decoder, prompt, 20)
        assert tokens == reference(network, prompt, 20)
    assert tally.remembered == len(PROMPT)


def test_an_unrelated_prompt_forgets_everything(network):
    decoder = Decoder(network)
    take(decoder, PROMPT, 10)
    other = list(reversed(PROMPT))
    tokens, tally = take(decoder, other, 20)
    assert tally.remembered == common_prefix(PROMPT, other) == 0
    assert tokens == reference(network, other, 20)


def test_guesses_save_passes_and_change_nothing(network):
    plain = reference(network, PROMPT, 30)
    copied = PROMPT[:3] + plain + PROMPT[3:]  # another prompt that carries likely continuations
    loop = reference(network, copied, 60)
    tokens, tally = take(Decoder(network), copied, 60)
    assert tokens == loop
    assert tally.passes <= 60


def test_right_guesses_are_confirmed_together(network, monkeypatch):
    expected = reference(network, PROMPT, 32)

    def oracle(history):
        done = len(history) - len(PROMPT)
        return expected[done : done + 7]

    monkeypatch.setattr("chatcad.llm.decoding.look_up", oracle)
    tokens, tally = take(Decoder(network), PROMPT, 32)
    assert tokens == expected
    assert tally.passes <= 5


def test_wrong_guesses_change_nothing(network, monkeypatch):
    expected = reference(network, PROMPT, 20)
    monkeypatch.setattr("chatcad.llm.decoding.look_up", lambda history: [expected[len(history) - len(PROMPT)], 1, 2, 3])
    assert take(Decoder(network), PROMPT, 19)[0] == expected[:19]


def test_past_deadline_reads_nothing(network):
    tally = Tally()
    assert list(Decoder(network).tokens(PROMPT, tally, deadline=time.monotonic() - 1)) == []
    assert tally.late


def test_deadline_between_tokens(network):
    tally, deadline = Tally(), time.monotonic() + 0.3
    tokens = list(Decoder(network).tokens(PROMPT, tally, deadline))
    assert tally.late
    assert tokens
    assert time.monotonic() - deadline < 5


def test_an_abandoned_generator_blocks_nobody(network):
    decoder = Decoder(network)
    first = decoder.tokens(PROMPT, Tally())
    next(first)
    assert take(decoder, PROMPT, 10)[0] == reference(network, PROMPT, 10)  # `first` is still open
    assert next(first) is not None
    first.close()
    tokens, tally = take(decoder, PROMPT, 10)
    assert tally.remembered == len(PROMPT) - 1
    assert tokens == reference(network, PROMPT, 10)


def test_threads_share_a_decoder(network):
    from concurrent.futures import ThreadPoolExecutor

    decoder = Decoder(network)
    prompts = [[*PROMPT, 10 + i] for i in range(6)]
    with ThreadPoolExecutor(3) as pool:
        got = list(pool.map(lambda p: take(decoder, p, 12)[0], prompts))
    assert got == [reference(network, p, 12) for p in prompts]


def test_a_failed_pass_is_typed_and_leaves_no_broken_memory(network, monkeypatch):
    decoder = Decoder(network)
    stream = decoder.tokens(PROMPT, Tally())
    next(stream)
    real = network.model.layers[1].forward
    monkeypatch.setattr(network.model.layers[1], "forward", lambda *a, **k: (_ for _ in ()).throw(RuntimeError("OOM")))
    with pytest.raises(BackendFailed, match="OOM"):
        list(islice(stream, 5))
    monkeypatch.setattr(network.model.layers[1], "forward", real)
    tokens, tally = take(decoder, PROMPT, 10)
    assert tally.remembered == 0
    assert tokens == reference(network, PROMPT, 10)


def test_a_sliding_window_is_read_anew(tiny_folder):
    import torch
    from transformers import MistralConfig, MistralForCausalLM

    torch.manual_seed(1)
    small = MistralForCausalLM(
        MistralConfig(vocab_size=300, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                      num_key_value_heads=2, sliding_window=16, initializer_range=0.3)
    ).eval()  # fmt: skip
    assert not Memory(small).can_forget
    decoder = Decoder(small)
    for tail in ([1], [2], [2, 3]):
        assert take(decoder, PROMPT + tail, 20)[0] == reference(small, PROMPT + tail, 20)


def test_look_up_copies_what_followed():
    assert look_up([1, 2, 3, 4, 5, 9, 1, 2, 3]) == [4, 5, 9, 1, 2, 3]
    assert look_up([1, 2, 3, 7, 0, 1, 2, 3, 8, 0, 1, 2, 3])[0] == 8  # the latest place wins
    assert look_up([1, 2, 3, 4]) == []
    assert look_up([1]) == []


@pytest.mark.parametrize(
    ("tokens", "looping"),
    [
        ([4] * 16, True),
        ([4] * 10, False),
        (list(range(10)) * 2, True),
        ([1, 2, 3] + list(range(10, 21)) * 2, True),
        (list(range(40)), False),
        ([1, 2] * 7, False),
        ([9, *[1, 2] * 8], True),
        ([], False),
    ],
)
def test_loops(tokens, looping):
    assert loops(tokens) is looping
