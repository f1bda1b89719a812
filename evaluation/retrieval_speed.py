"""How fast a question is searched among 100,000 passages: the real ones, and filler made of their words.

The filler's vectors are not embedded (that would take hours on a CPU): each lies between two real passages' vectors and
is turned away from both at random. Everything else is what ships. The search for neighbours is approximate: how many
of the true ones it finds is printed beside its time.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np

from chatcad.config import Settings
from chatcad.retrieval.dense import Vector
from chatcad.retrieval.index import GuidelineIndex, open_index
from chatcad.retrieval.indexing import write_index
from chatcad.retrieval.passages import Record
from chatcad.retrieval.retriever import GuidelineRetriever
from chatcad.retrieval.store import open_retriever
from evaluation.retrieval import K
from evaluation.retrieval_questions import load_questions

PASSAGES = 100_000
WORDS = 45  # of a filler passage, about as many as a real one has
BETWEEN, TURNED = 0.3, 0.5  # share of the second passage, and length of the random part beside the unit vector
NEIGHBOURS = 10
WARM_UP = 20
SEED = 0


def run(settings: Settings) -> dict[str, Any]:
    """Build the large store in a folder of its own, time every question of the benchmark, and remove it.

    Returns
    -------
    dict
        JSON-able: seconds of building and opening, megabytes, milliseconds a question (median and 95th percentile; the
        share of the embedding; the processor's time, which other programs change less), and the machine's load.
    """
    real = open_retriever(settings)
    records, vectors = _crowd(list(real.index.records), np.asarray(real.index.vectors))
    folder = settings.cache / "eval-speed" / "index"
    try:
        start = time.monotonic()
        asked = zip(real.index.asked.rows.tolist(), real.index.asked.vectors, strict=True)
        write_index(records, vectors, folder, "speed", questions=[(row, "", vector) for row, vector in asked])
        built = time.monotonic()
        megabytes = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6
        index = open_index(folder)
        opened = time.monotonic()
        result = {
            "passages": len(records),
            "real passages": len(real.index.records),
            "filler vectors": "synthetic: between two real passages', turned at random",
            "build seconds (without embedding)": round(built - start, 1),
            "index megabytes": round(megabytes, 1),
            "open seconds": round(opened - built, 2),
            f"true neighbours found, of {NEIGHBOURS}": _found(index, real),
            **_latency(real.model_copy(update={"index": index})),
            "load average": [round(load, 2) for load in os.getloadavg()],
            "cores": os.cpu_count(),
        }
        index.close()
    finally:
        shutil.rmtree(Path(folder).parent, ignore_errors=True)
    for name, value in result.items():
        print(f"{name:36} {value}")
    return result


def _crowd(real: list[Record], vectors: Vector) -> tuple[list[Record], Vector]:
    """Return the real passages with as much filler as is missing to `PASSAGES`."""
    rng = np.random.default_rng(SEED)
    words = np.array(" ".join(r.text for r in real).split())
    number = PASSAGES - len(real)
    picked = rng.integers(0, len(real), number)
    filler = [
        Record(
            key=f"filler:{n}",
            title=f"Filler {n}",
            text=" ".join(rng.choice(words, WORDS))[:900],
            source="synthetic",
            url="",
            year=int(rng.integers(1995, 2026)),
            evidence="review",
            audience=real[like].audience,
            findings=real[like].findings,
            topics=real[like].topics,
        )
        for n, like in enumerate(picked)
    ]
    noise = rng.standard_normal((number, vectors.shape[1]), dtype=np.float32)
    beside = vectors[rng.integers(0, len(real), number)]
    turned = (1 - BETWEEN) * vectors[picked] + BETWEEN * beside
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    turned += TURNED * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    return real + filler, np.concatenate([vectors, turned]).astype(np.float32)


def _found(index: GuidelineIndex, real: GuidelineRetriever) -> float:
    """Return the share of the true nearest passages for clinicians that the graph finds, over all questions."""
    rows = np.array([row for audience in ("clinician", "both") for row in index.rows[audience]])
    own = np.asarray(index.vectors)[rows]
    shares = []
    for vector in real.embed([question.question for question in load_questions()]):
        true = rows[np.argsort(-(own @ np.array(vector, dtype=np.float32)))[:NEIGHBOURS]]
        hits = {row for row, _ in index.nearest(vector, ("clinician", "both"), NEIGHBOURS)}
        shares.append(len(hits & set(true.tolist())) / NEIGHBOURS)
    return round(float(np.mean(shares)), 3)


def _latency(retriever: GuidelineRetriever) -> dict[str, Any]:
    spent: list[float] = []

    def embed(texts: list[str]) -> list[list[float]]:
        start = time.perf_counter()
        vectors = retriever.embed(texts)
        spent.append(time.perf_counter() - start)
        return vectors

    timed = retriever.model_copy(update={"embed": embed})
    questions = load_questions()
    whole, embedding, computing = [], [], []
    for number, question in enumerate((*questions[:WARM_UP], *questions)):
        spent.clear()
        start, used = time.perf_counter(), time.process_time()
        timed.search(question.question, labels=question.labels, mode=question.mode, k=K)
        if number >= WARM_UP:
            whole.append(1e3 * (time.perf_counter() - start))
            embedding.append(1e3 * sum(spent))
            computing.append(1e3 * (time.process_time() - used))
    return {"questions": len(questions)} | {
        f"{name} ms, median and 95th percentile": [round(float(v), 1) for v in np.percentile(values, (50, 95))]
        for name, values in (
            ("search with embedding", whole),
            ("embedding alone", embedding),
            ("processor time of a search", computing),
        )
    }
