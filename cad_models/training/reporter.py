"""Train the report drafter: ``python -m cad_models.training.reporter --data DIR``.

It knows how to turn painted films, whose truth is exact, into reports by the grammar, and what the trained classifier
says of the same films. It doesn't know real reports: none is used.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cad_models import anatomy, registry
from cad_models.classifier import SIZE, FilmClassifier
from cad_models.labels import LABELS
from cad_models.report_grammar import FORMS, SIDELESS, DraftFact, forms, names, say, write
from cad_models.reporter import LONGEST, PAD, SPECIAL, ReportDecoder, Vocabulary, label_numbers, tokens
from cad_models.training.anatomies import prepare
from cad_models.training.bases import bases, chances, stated
from cad_models.training.loop import train
from cad_models.training.painting.canvas import Anatomy
from cad_models.training.painting.pairs import Member, paint_pair
from cad_models.weights_io import WEIGHTS, read_index, save_weights, sha256_of, update_index
from chatcad.config import load_settings
from chatcad.findings.bands import judge
from chatcad.findings.location import locate
from chatcad.types import GOOD_MASKS, LabelReading, Masks, Side, Zone

BATCH = 32
FACTS = {
    "task": "reporter",
    "module": "cad_models.reporter",
    "labels": list(LABELS),
    "licence": "non-commercial (it reads the classifier's features)",
    "source": "trained here on painted films and reports that its own grammar wrote from their exact truth",
    "citation": "as the classifier's",
    "embedded": True,
}


@dataclass(frozen=True, slots=True)
class Example:
    """One painted film: deep features, label numbers, and the report as word numbers."""

    deep: NDArray[np.float16]
    numbers: NDArray[np.float32]
    words: list[int]


def vocabulary() -> Vocabulary:
    """Return the words of every sentence that the grammar can write."""
    sides: tuple[Side, ...] = ("right", "left", "bilateral")
    zones: tuple[Zone | None, ...] = ("upper", "mid", "lower", None)
    words: set[str] = set()
    for label in names():
        for certainty, wordings in forms().items():
            for side in sides:
                for zone in zones:
                    facts = [DraftFact(label, certainty, side, zone), DraftFact(label, certainty)]
                    words.update(w for f in facts for v in range(len(wordings)) for w in tokens(say(f, v)))
    return Vocabulary([*SPECIAL, *sorted(words)])


def true_facts(member: Member, readings: tuple[LabelReading, ...], masks: Masks) -> list[DraftFact]:
    """Return what an exact report of a painted film says.

    What is true comes from the painter; how sure it may be said, from the reading, since the checker allows no other
    certainty. Labels that no detector assesses are left out.
    """
    facts = []
    for reading, target, area in zip(readings, member.targets, member.maps, strict=True):
        if reading.reliability == "not_assessed" or np.isnan(target):
            continue
        state, band = judge(reading)
        if target > 0.5:
            sided = reading.label not in SIDELESS and bool(area.any())
            side, zone = locate(np.nan_to_num(area), masks) if sided else (None, None)
            facts.append(DraftFact(reading.label, band if band and band != "unlikely" else "possible", side, zone))
        elif state == "absent":
            facts.append(DraftFact(reading.label, "absent"))
    return facts


def examples(data: Path, classifier: FilmClassifier, words: Vocabulary, count: int, seed: int) -> list[Example]:
    """Paint films, read them and write their reports."""
    chosen = bases(data)
    prepared, rng = prepare(chosen, SIZE), np.random.default_rng(seed)
    made: list[Example] = []
    for index in rng.choice(len(chosen), count // 2, p=chances(chosen, prepared.quality >= GOOD_MASKS)):
        right, left, heart = prepared.masks[index]
        film = prepared.squares[index].astype(np.float32) / 255.0
        record = chosen[index]
        pair = paint_pair(
            film, Anatomy(right, left, heart), rng, adult=record.source != "kermany", stated=stated(record)
        )
        for member in pair:
            made.append(_example(member, classifier, words, rng))
    return made


def _example(member: Member, classifier: FilmClassifier, words: Vocabulary, rng: np.random.Generator) -> Example:
    right, left, heart = member.anatomy.right, member.anatomy.left, member.anatomy.heart
    masks = Masks(right, left, heart, anatomy.quality(right, left, heart))
    readings = classifier.read_square(member.film, masks)
    with torch.inference_mode():
        deep = classifier.network.encoder(torch.from_numpy(member.film)[None, None])[-1][0]
    text = write(true_facts(member, readings, masks), rng)
    return Example(deep.numpy().astype(np.float16), label_numbers(readings, masks), words.encode(text)[:LONGEST])


def word_loss(decoder: ReportDecoder, batch: list[Example]) -> Tensor:
    """Return the mean cross-entropy of each next word."""
    length = max(len(e.words) for e in batch)
    words = torch.tensor([e.words + [PAD] * (length - len(e.words)) for e in batch])
    deep = torch.from_numpy(np.stack([e.deep for e in batch]).astype(np.float32))
    memory = decoder.remember(deep, torch.from_numpy(np.stack([e.numbers for e in batch])))
    logits = decoder(memory, words[:, :-1])
    return functional.cross_entropy(logits.flatten(0, 1), words[:, 1:].flatten(), ignore_index=PAD)


def main() -> None:
    """Train, write weights and vocabulary."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, default=load_settings().data)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--films", type=int, default=2400)
    parser.add_argument("--work", type=Path, default=load_settings().cache / "training")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    words = vocabulary()
    made = examples(arguments.data, registry.load("classifier"), words, arguments.films, seed=11)
    print(f"{len(made)} films, {len(words.words)} words", flush=True)

    def loss(decoder: ReportDecoder, rng: torch.Generator) -> Tensor:
        chosen = torch.randint(0, len(made), (BATCH,), generator=rng)
        return word_loss(decoder, [made[int(i)] for i in chosen])

    checkpoint = arguments.work / f"reporter-{read_index()['classifier']['sha256'][:8]}.safetensors"
    decoder = ReportDecoder(len(words.words))
    decoder = train(decoder, loss, minutes=arguments.minutes, checkpoint=checkpoint, learning_rate=1e-3)
    listing = WEIGHTS / "reporter.json"
    listing.write_text(json.dumps({"words": words.words}) + "\n", encoding="utf-8")
    needs = {"classifier": read_index()["classifier"]["sha256"]}
    save_weights(decoder, "reporter", {**FACTS, "needs": needs})
    update_index("reporter", {"files": {listing.name: sha256_of(listing), FORMS.name: sha256_of(FORMS)}})
    enter_template()


def enter_template() -> None:
    """Enter the template writer in the index: it needs no training, but its sentences have a sha256 too."""
    facts = {
        "task": "reporter",
        "module": "cad_models.template_reporter",
        "labels": list(LABELS),
        "licence": "Apache-2.0",
        "source": "written here",
        "citation": "none",
        "embedded": True,
        "file": FORMS.name,
        "sha256": sha256_of(FORMS),
        "bytes": FORMS.stat().st_size,
    }
    update_index("template", facts)


if __name__ == "__main__":
    main()
