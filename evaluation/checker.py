"""The check's own error rates: labelled wordings, half of them wrong in known ways, offered for planned statements.

Each row of ``evaluation/questions/checker.jsonl`` is one wording of one statement of one film, labelled right or
wrong with the kind of wrong. The check was mended on the ``dev`` half; the figures that count are the ``test`` ones.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from chatcad.checking.settle import objection_to
from chatcad.config import ROOT, Settings
from chatcad.types import Mode
from evaluation.cases import statement_of, study_of
from evaluation.figures import Figure, figure, print_figures
from evaluation.statistics import share_of

QUESTIONS = ROOT / "evaluation" / "questions" / "checker.jsonl"


@dataclass(frozen=True, slots=True)
class Wording:
    """One wording offered for a statement; ``kind`` says how it is right, or what is wrong with it."""

    id: str
    split: str
    mode: Mode
    study: str
    says: str
    right: bool
    kind: str
    wording: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A wording and what the check said of it: the reason of a refusal, or ``None``."""

    case: Wording
    objection: str | None

    @property
    def missed(self) -> bool:
        """Whether the check was wrong."""
        return (self.objection is None) is not self.case.right


def load(path: Path = QUESTIONS) -> list[Wording]:
    """Return the labelled wordings."""
    known = {f.name for f in fields(Wording)}
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [Wording(**{k: v for k, v in row.items() if k in known}) for row in rows]


def judge(cases: Iterable[Wording]) -> list[Judged]:
    """Return what the check says of each wording."""
    judged = []
    for case in cases:
        statement, facts = statement_of(case.says, study_of(case.study), case.mode)
        judged.append(Judged(case, objection_to(case.wording, statement, facts)))
    return judged


def measure(judged: Sequence[Judged], on: str) -> list[Figure]:
    """Return recall of wrong wordings, precision of refusals, and the share of right wordings that pass."""
    wrong = [j for j in judged if not j.case.right]
    right = [j for j in judged if j.case.right]
    refused = [j for j in judged if j.objection is not None]
    figures = [
        _share("wrong wordings refused (recall)", on, (j.objection is not None for j in wrong), headline=True),
        _share("refusals of wrong wordings (precision)", on, (not j.case.right for j in refused), headline=True),
        _share("right wordings that pass", on, (j.objection is None for j in right), headline=True),
    ]
    for mode in ("clinician", "patient"):
        hits = (j.objection is None for j in right if j.case.mode == mode)
        figures.append(_share(f"right wordings that pass, {mode}", on, hits))
    for kind in Counter(j.case.kind for j in wrong):
        hits = (j.objection is not None for j in wrong if j.case.kind == kind)
        figures.append(_share(f"refused: {kind}", on, hits))
    for kind in Counter(j.case.kind for j in right):
        figures.append(_share(f"passed: {kind}", on, (j.objection is None for j in right if j.case.kind == kind)))
    return figures


def run(settings: Settings) -> dict[str, Any]:
    """Print and return the figures of both halves; the mistakes are printed for ``dev`` only."""
    judged = judge(load())
    dev = [j for j in judged if j.case.split == "dev"]
    test = [j for j in judged if j.case.split == "test"]
    for j in dev:
        if j.missed:
            print(
                f"{j.case.id} {'right' if j.case.right else 'WRONG':5} {j.case.kind}: {j.case.wording} [{j.objection}]"
            )
    figures = measure(dev, "dev")[:3] + measure(test, "test")
    print_figures(figures)
    return {
        "figures": figures,
        "wordings": {s: dict(Counter("right" if j.case.right else "wrong" for j in part)) for s, part in
                     (("dev", dev), ("test", test))},
        "reasons": dict(Counter(j.objection.split(",")[0][:60] for j in test if j.objection and j.case.right)),
    }  # fmt: skip


def _share(what: str, on: str, hits: Iterable[bool], *, headline: bool = False) -> Figure:
    return figure(what, on, *share_of(hits), headline=headline)
