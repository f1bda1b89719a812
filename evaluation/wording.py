"""How well the embedded model rewords planned statements: kept, rewritten or replaced by the check; tuned and untuned.

Statements come from simulated films and real passages that training never uses (`chatcad.llm.tuning`, split
``held_out``), a fixed number of each kind. A model that only copies is kept always and gains nothing: the share of
verbatim copies is told beside the share kept.
"""

from __future__ import annotations

import math
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from langchain_core.messages import HumanMessage

from chatcad.checking.finish import reading_grade
from chatcad.checking.settle import settle
from chatcad.config import Settings
from chatcad.llm import embedded
from chatcad.llm.tuning.examples import kind_of
from chatcad.llm.tuning.scenes import Scene, scene
from chatcad.llm.writer import Writer
from chatcad.types import Statement
from evaluation.figures import Figure, figure, print_figures
from evaluation.statistics import share

SEED = 20_000_000
OF_A_KIND = {"quote": 70, "cause": 16}
OF_ANY_OTHER = 20
SCENES = 500
LEAST_KEPT, MOST_VERBATIM = 0.6, 0.5


@dataclass(frozen=True, slots=True)
class Case:
    """One statement, the answer that it belongs to, and its kind."""

    statement: Statement
    scene: Scene
    kind: str


@dataclass(frozen=True, slots=True)
class Worded:
    """What a model made of one statement; ``first`` is its first draft, ``shown`` what a reader would see."""

    kind: str
    mode: str
    statement: str
    first: str
    shown: str
    checked: str
    reason: str | None

    @property
    def verbatim(self) -> bool:
        """Whether the model's kept or rewritten sentence is the statement itself."""
        return self.shown == self.statement


def cases(scenes: int = SCENES) -> list[Case]:
    """Return held-out statements, so many of each kind; the same ones every time."""
    chosen, count, seen = list[Case](), Counter[str](), set[str]()
    for i in range(scenes):
        answer = scene(random.Random(SEED + i), "held_out")  # noqa: S311 -- films, no secrets
        for statement in answer.statements:
            kind = kind_of(statement, answer)
            most = OF_A_KIND.get(kind.split(" ", 1)[1], OF_ANY_OTHER)
            if count[kind] < most and statement.text not in seen:
                seen.add(statement.text)
                count[kind] += 1
                chosen.append(Case(statement, answer, kind))
    return chosen


def run(settings: Settings) -> dict[str, Any]:
    """Print and return the figures of the untuned and the tuned model on the same statements."""
    asked = cases()
    figures, samples, speed = list[Figure](), dict[str, list[dict[str, Any]]](), dict[str, float]()
    for name, model in (("untuned", embedded.UNTUNED), ("tuned", "")):
        writer = Writer.open(replace(settings, backend="embedded", model=model))
        worded, speed[name] = reword(writer, asked)
        figures += measure(worded, name)
        samples[name] = [asdict(w) for w in worded]
    print_figures(figures)
    for name, value in speed.items():
        print(f"{name}: {value:.1f} tokens/s")
    return {
        "figures": figures,
        "tokens_per_second": {n: round(v, 1) for n, v in speed.items()},
        "reasons": {n: reasons(listed) for n, listed in samples.items()},
        "wordings": {n: listed[::10] for n, listed in samples.items()},
        "aims": {"kept at once": f">= {LEAST_KEPT}", "of these verbatim": f"<= {MOST_VERBATIM}"},
    }


def reasons(samples: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Return why wordings were refused, the most frequent first."""
    refused = (str(s["reason"])[:60] for s in samples if s["checked"] != "kept")
    return dict(Counter(refused).most_common(12))


def reword(writer: Writer, asked: Sequence[Case]) -> tuple[list[Worded], float]:
    """Return what a model makes of each statement, each with its rewrite, and the tokens that it writes a second."""
    worded, written, seconds = list[Worded](), 0, 0.0
    for case in asked:
        session = writer.session(case.scene.prompt, math.inf)
        drafts: list[str] = []

        def write(statement: Statement, objection: str | None, session: Any = session, to: Any = drafts) -> str:
            to.append(session(statement, objection))
            return str(to[-1])

        start = time.monotonic()
        said = settle(case.statement, case.scene.facts, write)
        seconds += time.monotonic() - start
        written += sum(_tokens(writer, d) for d in drafts)
        worded.append(
            Worded(case.kind, case.scene.mode, case.statement.text, drafts[0], said.text, said.checked, said.reason)
        )
    return worded, written / seconds


def _tokens(writer: Writer, text: str) -> int:
    model: Any = writer.model
    return len(model.encode([HumanMessage(text)])) - len(model.encode([HumanMessage("")]))


def measure(worded: Sequence[Worded], on: str) -> list[Figure]:
    """Return the shares kept, rewritten, replaced and verbatim: of all, by reader and by kind of statement."""
    figures = list(_shares(worded, on, headline=True))
    for mode in ("clinician", "patient"):
        figures += _shares([w for w in worded if w.mode == mode], f"{on}, {mode}")
    for kind in sorted({w.kind for w in worded}):
        figures += list(_shares([w for w in worded if w.kind == kind], f"{on}, {kind}"))[:1]
    words = [len(w.shown.split()) for w in worded]
    grades = [reading_grade(w.shown) for w in worded if w.mode == "patient"]
    figures.append(_mean("words a sentence", on, words))
    figures.append(_mean("reading grade of patients' sentences", on, grades))
    return figures


def _shares(worded: Sequence[Worded], on: str, *, headline: bool = False) -> Iterator[Figure]:
    n = len(worded)
    for what in ("kept", "rewritten", "replaced"):
        hits = sum(w.checked == what for w in worded)
        name = {"kept": "first drafts kept", "rewritten": "kept after a rewrite", "replaced": "replaced"}[what]
        yield figure(name, on, n, share(hits, n), headline=headline and what == "kept")
    passed = [w for w in worded if w.checked != "replaced"]
    yield figure("verbatim, of those that pass", on, len(passed), share(sum(w.verbatim for w in passed), len(passed)),
                 headline=headline)  # fmt: skip
    fresh = sum(w.checked == "kept" and not w.verbatim for w in worded)
    yield figure("kept at once and in other words", on, n, share(fresh, n), headline=headline)


def _mean(what: str, on: str, values: Sequence[float]) -> Figure:
    mean, error = statistics.fmean(values), statistics.stdev(values) / math.sqrt(len(values))
    return figure(what, on, len(values), (mean, mean - 1.96 * error, mean + 1.96 * error))
