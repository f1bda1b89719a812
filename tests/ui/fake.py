"""A study made from the phantom film, and a system that reads every film as it: for the page's own tests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from cad_models import registry
from chatcad import DISCLAIMER
from chatcad.errors import BackendFailed, ImageRefused
from chatcad.types import (
    Finding,
    Gate,
    Mask,
    Masks,
    Measurement,
    Passage,
    Radiograph,
    RunRecord,
    Sentence,
    Study,
    Turn,
)
from chatcad.ui import phantom


def outline(points: tuple[tuple[float, float], ...]) -> Mask:
    layer = Image.new("L", (phantom.SIZE, phantom.SIZE))
    ImageDraw.Draw(layer).polygon([(x * phantom.SIZE, y * phantom.SIZE) for x, y in points], fill=1)
    return np.asarray(layer) > 0


def masks() -> Masks:
    heart = outline(phantom._HEART)
    return Masks(outline(phantom._RIGHT_LUNG) & ~heart, outline(phantom._LEFT_LUNG) & ~heart, heart, quality=0.9)


def blob(row: float, column: float) -> np.ndarray:
    rows, columns = np.mgrid[0:16, 0:16] / 15
    return np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 0.02).astype(np.float32)


def study() -> Study:
    findings = (
        Finding("F1", "Cardiomegaly", "present", "assessed", 0.82, "likely", network="embedded",
                threshold=0.5, held_out_auroc=(0.91, 0.86, 0.95), heat_map=blob(0.6, 0.55)),
        Finding("F2", "Effusion", "uncertain", "weak", 0.46, "possible", "right", "lower", "embedded", 0.3,
                (0.74, 0.66, 0.81), blob(0.75, 0.25)),
        Finding("F3", "Lung Opacity", "not_flagged", "weak", 0.12, "unlikely", network="embedded", threshold=0.4,
                held_out_auroc=(0.71, 0.63, 0.78)),
        Finding("F4", "Edema", "absent", "assessed", 0.04, "unlikely", network="embedded", threshold=0.4,
                held_out_auroc=(0.88, 0.82, 0.93)),
        Finding("F5", "Fracture", "not_assessed", "not_assessed"),
        Finding("F6", "Pneumothorax", "not_assessed", "not_assessed"),
    )  # fmt: skip
    ratio = Measurement("M1", "cardiothoracic_ratio", 0.57, "1", "<=0.50 on PA", "this is an AP film")
    return Study(
        Radiograph(phantom.phantom_film(), "0" * 64, view="AP", age_band="50-59", warnings=("no window was given",)),
        Gate(True, 0.98),
        "AP",
        findings,
        (ratio,),
        masks(),
        "Cardiomegaly is likely (probability 0.82).\nEffusion is possible on the right side (probability 0.46).",
        RunRecord(
            {"chatcad": "0.1.0"}, {"classifier": registry.get("classifier").sha256}, {"load": 12.0, "total": 412.0}
        ),
    )


PASSAGE = Passage(
    "P1", "heart-size", "Heart size on the AP film", "An AP film magnifies the heart.", "ChatCAD notes",
    "https://example.org/heart", 2024, "both", ("Cardiomegaly",), 0.8,
)  # fmt: skip

SENTENCES = (
    Sentence("Cardiomegaly is likely (0.82).", ("F1",), "image", "kept"),
    Sentence("The ratio is <b>0.57</b> ![x](http://evil.example/x.png).", ("M1",), "image", "replaced", "number"),
    Sentence("An AP film magnifies the heart.", ("P1",), "guideline", "rewritten", "certainty"),
    Sentence(DISCLAIMER, (), "general", "kept"),
)


class FakeReader:
    """Scores the heart lower without any part of it."""

    def occluded(self, film, masks, view, box):
        return {"Cardiomegaly": (0.82, 0.55)}


@dataclass
class FakeSystem:
    """Answers as ``ChatCAD`` does; ``pause`` seconds before each sentence; ``fails`` after the first one."""

    pause: float = 0.0
    fails: bool = False
    seen: list[object] = field(default_factory=list)
    reader: FakeReader = field(default_factory=FakeReader)

    def read(self, source: Path | bytes) -> Study:
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
        if data.startswith(b"not a film"):
            raise ImageRefused("not a frontal chest film: it looks like a text file. Drop a DICOM, PNG or JPEG.")
        return replace(study(), radiograph=replace(study().radiograph, sha256=f"{len(data):064d}"))

    def stream(self, question: str, talk: object) -> Iterator[Sentence | Turn]:
        self.seen.append(talk)
        region = getattr(talk, "region", None)
        here = (
            ()
            if region is None
            else (Sentence(f"The marked part is on the {region.side}.", (region.id,), "image", "kept"),)
        )
        for sentence in (*here, *SENTENCES[:-1]):
            time.sleep(self.pause)
            yield sentence
            if self.fails:
                raise BackendFailed("the model server closed the connection: start it again.")
        said = (*here, *SENTENCES)
        yield Turn(question, said, (PASSAGE,), talk.mode, "finding", ("Cardiomegaly",), False, 9.0, "c" * 64,
                   "fake", {"first_sentence": 40.0, "total": 90.0}, region=region)  # fmt: skip
