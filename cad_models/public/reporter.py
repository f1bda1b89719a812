"""Public report generators from a model hub: an encoder-decoder, or a vision-language chat model.

It knows how each is asked, and that a draft is only a draft: ``chatcad.checking.draft`` compares every sentence with
the facts afterwards. Folders are read from the cache alone, from safetensors, and never run code of their own.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from chatcad.config import ROOT
from chatcad.llm.device import pick
from chatcad.types import LabelReading, Masks, Radiograph, View

LONGEST = 128
BEAMS = 2
"""Both as in the example of their owner (``tutorials/RRG`` of Stanford-AIMI/chexpert-plus)."""

PROMPT = ROOT / "prompts" / "film_report.md"
LOCAL: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


def picture(film: Radiograph) -> Image.Image:
    """Return the film as the 8-bit RGB picture that these networks take."""
    return Image.fromarray(np.round(film.pixels * 255).clip(0, 255).astype(np.uint8)).convert("RGB")


def prose(text: str) -> str:
    """Return generated words as sentences: no space before a stop, a capital at each beginning."""
    joined = re.sub(r"\s+([.,;:])", r"\1", " ".join(text.split()))
    return re.sub(r"(^|[.]\s+)([a-z])", lambda m: m[1] + m[2].upper(), joined)


class EncoderDecoderReporter:
    """A picture encoder with a word decoder: it writes what its training reports would have said."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoImageProcessor, AutoTokenizer, VisionEncoderDecoderModel

        self.device, dtype = pick()
        self.model = VisionEncoderDecoderModel.from_pretrained(folder, use_safetensors=True, dtype=dtype, **LOCAL)
        self.model.to(self.device).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder, **LOCAL)
        self.processor = AutoImageProcessor.from_pretrained(folder, **LOCAL)

    def draft(self, film: Radiograph, masks: Masks, view: View, labels: tuple[LabelReading, ...]) -> str:
        """Draft the findings from the film alone; the readings are not looked at."""
        pixels = self.processor(images=picture(film), return_tensors="pt").pixel_values
        with torch.inference_mode():
            words = self.model.generate(
                pixels.to(self.device, self.model.dtype),
                max_length=LONGEST,
                num_beams=BEAMS,
                do_sample=False,
                decoder_start_token_id=self.tokenizer.cls_token_id,
                eos_token_id=self.tokenizer.sep_token_id,
                pad_token_id=self.tokenizer.pad_token_id,
            )
        return prose(self.tokenizer.decode(words[0], skip_special_tokens=True))


class VisionLanguageReporter:
    """A chat model that is shown the film and asked for its findings (``prompts/film_report.md``)."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModelForImageTextToText, AutoProcessor

        self.device, dtype = pick()
        self.model = AutoModelForImageTextToText.from_pretrained(folder, use_safetensors=True, dtype=dtype, **LOCAL)
        self.model.to(self.device).eval()
        self.processor = AutoProcessor.from_pretrained(folder, **LOCAL)

    def draft(self, film: Radiograph, masks: Masks, view: View, labels: tuple[LabelReading, ...]) -> str:
        """Draft the findings from the film alone; the readings are not looked at."""
        request = PROMPT.read_text(encoding="utf-8").strip()
        content = [{"type": "image", "image": picture(film)}, {"type": "text", "text": request}]
        inputs = self.processor.apply_chat_template(
            [{"role": "user", "content": content}],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
        ).to(self.device, dtype=self.model.dtype)
        with torch.inference_mode():
            words = self.model.generate(**inputs, max_new_tokens=LONGEST, do_sample=False)
        return prose(self.processor.decode(words[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))


def load(file: Path) -> EncoderDecoderReporter | VisionLanguageReporter:
    """Return the generator whose weight file lies in its folder."""
    kind = json.loads((file.parent / "config.json").read_text(encoding="utf-8"))["model_type"]
    return (
        EncoderDecoderReporter(file.parent) if kind == "vision-encoder-decoder" else VisionLanguageReporter(file.parent)
    )
