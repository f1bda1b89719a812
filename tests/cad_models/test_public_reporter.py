"""Public report generators: tiny random ones, saved as a hub's folder."""

import json

import numpy as np
import pytest
import torch

from cad_models import registry
from cad_models.public import fetch
from cad_models.public.reporter import prose
from chatcad.checking import check_draft
from chatcad.errors import ModelMissing
from chatcad.types import Radiograph
from tests.factories import make_masks, make_study

FINDINGS, MEDGEMMA = "chexpert-mimic-cxr-findings", "medgemma-4b-it"
WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "the",
    "heart",
    "is",
    "enlarged",
    "normal",
    "no",
    "effusion",
    ".",
]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CHATCAD_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def film():
    return Radiograph(np.random.default_rng(0).random((64, 80), dtype=np.float32), sha256="ab" * 32)


@pytest.fixture
def encoder_decoder(tmp_path):
    """A folder as the CheXpert Plus baselines have it, a million times smaller."""
    from transformers import (
        BertConfig,
        BertTokenizer,
        Swinv2Config,
        VisionEncoderDecoderConfig,
        VisionEncoderDecoderModel,
        ViTImageProcessor,
    )

    folder = tmp_path / "published"
    torch.manual_seed(0)
    encoder = Swinv2Config(image_size=32, patch_size=4, embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=4)
    decoder = BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    VisionEncoderDecoderModel(config=config).save_pretrained(folder)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizer(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def test_words_become_sentences():
    assert prose("the heart is normal . no effusion ; none .") == "The heart is normal. No effusion; none."


def test_an_encoder_decoder_drafts_and_its_draft_is_checked(encoder_decoder, film):
    (encoder_decoder / "pytorch_model.bin").write_bytes(b"never read")
    fetch.get(registry.get(FINDINGS), encoder_decoder)
    network = registry.get(FINDINGS)
    assert registry.state(network) == "ready" and network.path.name == "model.safetensors"
    assert not (network.folder / "pytorch_model.bin").exists()
    draft = registry.load(FINDINGS).draft(film, make_masks(), "PA", ())
    assert isinstance(draft, str) and draft == registry.load(FINDINGS).draft(film, make_masks(), "PA", ())
    report = check_draft(make_study(draft=draft), {}).draft_report
    assert "ardiomegaly" in report, "what the network left out is added from the facts"


def test_a_hub_draft_that_contradicts_the_facts_is_struck():
    draft = prose("the heart size is normal . there is a large left pneumothorax .")
    report = check_draft(make_study(draft=draft), {}).draft_report
    assert "eart size is normal" not in report and "large left pneumothorax" not in report


def test_one_changed_byte_is_noticed(encoder_decoder):
    fetch.get(registry.get(FINDINGS), encoder_decoder)
    file = registry.get(FINDINGS).folder / "config.json"
    file.write_text(file.read_text().replace("bert", "bart", 1))
    assert registry.state(registry.get(FINDINGS)) == "corrupt"


def test_a_folder_that_asks_for_its_own_code_is_refused(encoder_decoder):
    file = encoder_decoder / "config.json"
    config = json.loads(file.read_text())
    config["encoder"]["auto_map"] = {"AutoModel": "evil--code.Model"}
    file.write_text(json.dumps(config))
    with pytest.raises(ModelMissing, match="code of its own"):
        fetch.get(registry.get(FINDINGS), encoder_decoder)
    assert registry.state(registry.get(FINDINGS)) == "missing"


def test_a_folder_of_pickles_is_refused(encoder_decoder):
    (encoder_decoder / "model.safetensors").rename(encoder_decoder / "pytorch_model.bin")
    with pytest.raises(ModelMissing, match="pickles are not read"):
        fetch.get(registry.get(FINDINGS), encoder_decoder)


@pytest.fixture
def vision_language(tmp_path):
    """A folder as MedGemma has it, a million times smaller."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import (
        Gemma3Config,
        Gemma3ForConditionalGeneration,
        Gemma3ImageProcessor,
        Gemma3Processor,
        Gemma3TextConfig,
        PreTrainedTokenizerFast,
        SiglipVisionConfig,
    )

    folder = tmp_path / "published"
    words = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_image>", "<end_of_image>", "<image_soft_token>", *WORDS[5:]]
    special = {"pad_token": "<pad>", "eos_token": "<eos>", "bos_token": "<bos>", "unk_token": "<unk>"}
    inner = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token=special["unk_token"]))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        **special,
        extra_special_tokens={
            "boi_token": "<start_of_image>",
            "eoi_token": "<end_of_image>",
            "image_token": "<image_soft_token>",
        },
    )
    template = (
        "{{ bos_token }}{% for m in messages %}{% for c in m['content'] %}"
        "{% if c['type'] == 'image' %} <start_of_image> {% else %}{{ c['text'] }}{% endif %}{% endfor %}{% endfor %}"
    )
    pictures = Gemma3ImageProcessor(size={"height": 16, "width": 16}, do_pan_and_scan=False)
    Gemma3Processor(pictures, tokenizer, chat_template=template, image_seq_length=4).save_pretrained(folder)
    torch.manual_seed(0)
    text = Gemma3TextConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, head_dim=8, pad_token_id=0, eos_token_id=1, bos_token_id=2,
    )  # fmt: skip
    vision = SiglipVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=16, patch_size=4
    )
    config = Gemma3Config(
        text_config=text.to_dict(),
        vision_config=vision.to_dict(),
        mm_tokens_per_image=4,
        boi_token_index=4,
        eoi_token_index=5,
        image_token_index=6,
    )
    Gemma3ForConditionalGeneration(config).save_pretrained(folder)
    return folder


def test_a_vision_language_network_drafts(vision_language, film):
    fetch.get(registry.get(MEDGEMMA), vision_language)
    assert registry.state(registry.get(MEDGEMMA)) == "ready"
    assert isinstance(registry.load(MEDGEMMA).draft(film, make_masks(), "PA", ()), str)
