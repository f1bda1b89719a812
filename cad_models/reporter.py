"""The report drafter: a small Transformer that words what the classifier saw, sentence by sentence.

It knows the classifier's deep features, each label's reading, and a vocabulary of words. It doesn't know whether a
sentence may be shown: every one is compared with the facts afterwards (``chatcad.checking.draft``).
``cad_models.template_reporter`` writes the same from the readings alone; which of the two is the default is decided
by measurement (``cad_models/cards/reporter.md``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cad_models.classifier import SIZE
from cad_models.labels import LABELS
from cad_models.preprocess import to_square
from cad_models.report_grammar import SIDELESS, DraftFact
from cad_models.segmenter import WIDTHS
from cad_models.weights_io import read_weights
from chatcad.findings.bands import judge
from chatcad.findings.location import locate
from chatcad.types import LabelReading, Masks, Radiograph, View

if TYPE_CHECKING:
    from cad_models.classifier import FilmClassifier

WIDTH, HEADS, LAYERS = 128, 4, 2
LONGEST = 96
BEAMS = 3
NUMBERS = 9
PAD, START, END = 0, 1, 2
SPECIAL = ("<pad>", "<start>", "<end>")


class ReportDecoder(nn.Module):
    """Two-layer Transformer decoder over image and label tokens (Vaswani et al. 2017, arXiv 1706.03762).

    Parameters
    ----------
    words
        Size of the vocabulary.
    """

    def __init__(self, words: int) -> None:
        super().__init__()
        self.image = nn.Linear(WIDTHS[-1], WIDTH)
        self.reading = nn.Linear(NUMBERS, WIDTH)
        self.label = nn.Parameter(torch.randn(len(LABELS), WIDTH) * 0.02)
        self.cell = nn.Parameter(torch.randn((SIZE // 32) ** 2, WIDTH) * 0.02)
        self.word = nn.Embedding(words, WIDTH, padding_idx=PAD)
        self.place = nn.Parameter(torch.randn(LONGEST, WIDTH) * 0.02)
        layer = nn.TransformerDecoderLayer(WIDTH, HEADS, 2 * WIDTH, dropout=0.1, batch_first=True, norm_first=True)
        self.decoder = nn.TransformerDecoder(layer, LAYERS, nn.LayerNorm(WIDTH))
        self.out = nn.Linear(WIDTH, words)

    def remember(self, deep: Tensor, numbers: Tensor) -> Tensor:
        """Return the memory ``(n, 49 + labels, 128)`` of deep features ``(n, 160, 7, 7)`` and label numbers."""
        cells = self.image(deep.flatten(2).transpose(1, 2)) + self.cell
        return torch.cat((cells, self.reading(numbers) + self.label), dim=1)

    def forward(self, memory: Tensor, words: Tensor) -> Tensor:
        """Return the logits ``(n, length, words)`` of each next word."""
        length = words.shape[1]
        mask = torch.triu(torch.full((length, length), -torch.inf), diagonal=1)
        x = self.decoder(self.word(words) + self.place[:length], memory, tgt_mask=mask, tgt_is_causal=True)
        logits: Tensor = self.out(x)
        return logits


class Vocabulary:
    """Words and punctuation of the grammar, numbered."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self.numbers = {w: i for i, w in enumerate(self.words)}

    def encode(self, text: str) -> list[int]:
        """Return a report's words as numbers, between start and end."""
        return [START, *(self.numbers[w] for w in tokens(text)), END]

    def decode(self, numbers: Sequence[int]) -> str:
        """Return numbers as a report."""
        text = " ".join(self.words[n] for n in numbers if n not in (PAD, START, END))
        return re.sub(r"\s+([.,])", r"\1", text)


def tokens(text: str) -> list[str]:
    """Split a report into words and punctuation."""
    return re.findall(r"[\w-]+|[.,]", text)


def label_numbers(readings: Sequence[LabelReading], masks: Masks) -> NDArray[np.float32]:
    """Return what the decoder is told of each label: ``(labels, 9)``.

    Whether it is assessed, weak, fires; its probability and excess over the threshold; the side (right, left) and the
    zone (upper or lower, else mid) that its heat map points at.
    """
    table = np.zeros((len(LABELS), NUMBERS), np.float32)
    by_label = {r.label: r for r in readings}
    for row, label in zip(table, LABELS, strict=True):
        reading = by_label.get(label)
        if reading is None or reading.probability is None or reading.threshold is None:
            continue
        excess = reading.probability - reading.threshold
        row[:5] = (
            reading.reliability == "assessed",
            reading.reliability == "weak",
            excess >= 0,
            reading.probability,
            excess,
        )
        if reading.heat_map is not None:
            side, zone = locate(reading.heat_map, masks)
            row[5:] = (side in ("right", "bilateral"), side in ("left", "bilateral"), zone == "upper", zone == "lower")
    return table


def facts_of(readings: Sequence[LabelReading], masks: Masks) -> list[DraftFact]:
    """Return what the readings alone would have a report say: the firing labels, and what is absent."""
    facts = []
    for reading in readings:
        state, band = judge(reading)
        if state in ("present", "uncertain") and band is not None and band != "unlikely":
            heat = None if reading.label in SIDELESS else reading.heat_map
            side, zone = (None, None) if heat is None else locate(heat, masks)
            facts.append(DraftFact(reading.label, band, side, zone))
        elif state == "absent":
            facts.append(DraftFact(reading.label, "absent"))
    return facts


class FilmReporter:
    """The Transformer drafter with the classifier whose features it reads."""

    def __init__(self, decoder: ReportDecoder, vocabulary: Vocabulary, classifier: FilmClassifier) -> None:
        self.decoder, self.vocabulary, self.classifier = decoder, vocabulary, classifier

    def draft(self, film: Radiograph, masks: Masks, view: View, labels: tuple[LabelReading, ...]) -> str:
        """Draft the findings in plain radiology English, one claim a sentence.

        Parameters
        ----------
        film, masks
            The film as loaded, and its masks on any grid.
        view
            Not used.
        labels
            The classifier's readings.
        """
        square = torch.from_numpy(np.ascontiguousarray(to_square(film.pixels, SIZE)))[None, None]
        numbers = torch.from_numpy(label_numbers(labels, masks))[None]
        with torch.inference_mode():
            deep = self.classifier.network.encoder(square)[-1]
            return self.vocabulary.decode(beam_search(self.decoder, self.decoder.remember(deep, numbers)))


def beam_search(decoder: ReportDecoder, memory: Tensor, beams: int = BEAMS) -> list[int]:
    """Return the best word sequence of one film's memory, by mean log-probability."""
    alive: list[tuple[float, list[int]]] = [(0.0, [START])]
    done: list[tuple[float, list[int]]] = []
    while alive and len(done) < beams and len(alive[0][1]) < LONGEST:
        words = torch.tensor([w for _, w in alive])
        logits = decoder(memory.expand(len(alive), -1, -1), words)[:, -1].log_softmax(-1)
        best, choice = logits.topk(beams, dim=-1)
        grown = [
            (score + float(gain), [*so_far, int(word)])
            for (score, so_far), gains, picks in zip(alive, best, choice, strict=True)
            for gain, word in zip(gains, picks, strict=True)
        ]
        grown.sort(key=lambda g: -g[0])
        done += [(s / len(w), w) for s, w in grown[:beams] if w[-1] == END]
        alive = [g for g in grown[:beams] if g[1][-1] != END]
    return max(done or [(s, w) for s, w in alive])[1]


def load(file: Path) -> FilmReporter:
    """Return the drafter of a weight file; its vocabulary lies beside it under the same name."""
    from cad_models import registry

    vocabulary = Vocabulary(json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))["words"])
    decoder = ReportDecoder(len(vocabulary.words))
    decoder.load_state_dict(read_weights(file))
    return FilmReporter(decoder.eval(), vocabulary, registry.load("classifier"))
