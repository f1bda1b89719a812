"""A tiny chat model with random weights, saved as a Hugging Face folder: 2 layers, 600 tokens, real code paths."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pytest

from chatcad.config import Settings

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CORPUS = [
    "The heart is enlarged: the cardiothoracic ratio is 0.57, and the reference is at most 0.50 on a PA film.",
    "Rewrite this sentence in plain words and keep every number: the lungs are clear, no effusion is seen.",
    "A small pleural effusion on the right is possible; pneumothorax was not assessed by any network in use.",
]


def make_tokenizer():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(CORPUS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=raw, eos_token=special[2], bos_token=special[1], chat_template=TEMPLATE
    )


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.set_num_threads(1)  # tiny matrices: two threads would mostly wait for each other
    tokenizer = make_tokenizer()
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=1024, initializer_range=0.3, tie_word_embeddings=False,
        eos_token_id=tokenizer.eos_token_id, bos_token_id=tokenizer.bos_token_id, pad_token_id=0,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("tiny-chat")
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def tiny(tiny_folder):
    """A fresh model: nothing remembered."""
    from chatcad.llm import transformers

    return transformers.create(Settings(backend="transformers", model=str(tiny_folder), threads=1))
