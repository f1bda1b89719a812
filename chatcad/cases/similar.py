"""Which stored reports are like a film: compared by facts as sets, a denial respected; words only break ties.

A report that denies what the film flags, or flags what the film's networks rule out, is never like it
(ChatCAD+'s index matched "no pneumothorax" with pneumothorax: arXiv 2305.15964, its released code).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from chatcad.cases.archive import archive_path, listed
from chatcad.cases.reports import Flag, Picture, Report
from chatcad.checking.draft import objection_to_line, split_sentences
from chatcad.config import Settings
from chatcad.retrieval.lexical import LexicalIndex
from chatcad.types import Intent, Mode, SimilarCase, Study
from chatcad.vocabulary import labels_in

SHOWN = 3
LEAST = 0.3
"""Likeness below which a report is no similar case."""

OTHER_CERTAINTY, OTHER_SIDE = 0.4, 0.2
"""How much of a shared label's weight a full difference of certainty takes, and another side."""

MOST_EXAMPLES = 2
WANTED: frozenset[Intent] = frozenset({"similar", "summary"})
"""Kinds of question that look for similar cases: those that ask for them, and the report's impression."""


@dataclass(frozen=True)
class CaseStore:
    """Reports with their pictures, and their words for breaking ties."""

    reports: tuple[Report, ...]
    pictures: tuple[Picture, ...]
    words: LexicalIndex

    @classmethod
    def build(cls, reports: Sequence[Report]) -> CaseStore:
        """Return the store of some reports."""
        return cls(tuple(reports), tuple(r.picture for r in reports), LexicalIndex.build([r.text for r in reports]))

    def like(self, study: Study, k: int = SHOWN) -> tuple[SimilarCase, ...]:
        """Return the reports that are most like a film, best first; possibly none."""
        film, words = Picture.of_study(study), self.words.scores(study.draft_report)
        scored = [(likeness(film, picture), i) for i, picture in enumerate(self.pictures)]
        ranked = sorted(
            ((score, len(film.denied & self.pictures[i].denied), float(words[i]), i) for score, i in scored),
            key=lambda row: (-round(row[0], 2), -row[1], -row[2], row[3]),
        )
        return tuple(self._case(film, i, score) for score, *_, i in ranked[:k] if score >= LEAST)

    def _case(self, film: Picture, i: int, score: float) -> SimilarCase:
        report, other = self.reports[i], self.pictures[i].flagged
        shared = tuple(label for label in film.flagged if label in other)
        extra = tuple(label for label in other if label not in film.flagged)
        return SimilarCase(report.key, report.text, report.origin, score, shared, extra)


def likeness(film: Picture, report: Picture) -> float:
    """Return how like two pictures are, in ``[0, 1]``; 0 where one denies what the other flags.

    A Jaccard index of the flagged labels, whose shared ones weigh less where certainty or side differ.
    """
    if film.denied & report.flagged.keys() or report.denied & film.flagged.keys():
        return 0.0
    union = film.flagged.keys() | report.flagged.keys()
    if not union:
        return 1.0
    shared = film.flagged.keys() & report.flagged.keys()
    return sum(_agreement(film.flagged[label], report.flagged[label]) for label in shared) / len(union)


def _agreement(one: Flag, other: Flag) -> float:
    certainty = 1.0 - OTHER_CERTAINTY * abs(one.sureness - other.sureness)
    sides_differ = one.side is not None and other.side is not None and one.side != other.side
    return certainty * (1.0 - OTHER_SIDE * sides_differ)


def similar(study: Study, settings: Settings, k: int = SHOWN) -> tuple[SimilarCase, ...]:
    """Return the stored reports that are most like a film, best first; possibly none."""
    path = archive_path(settings)
    return _store(settings, path.stat().st_mtime_ns if path.is_file() else 0).like(study, k)


def gather(intent: Intent, study: Study, mode: Mode, settings: Settings) -> tuple[SimilarCase, ...]:
    """Return the similar cases that a question calls for; a patient is shown no other patient's report."""
    return similar(study, settings) if mode == "clinician" and intent in WANTED else ()


def examples(cases: Sequence[SimilarCase], study: Study, most: int = MOST_EXAMPLES) -> tuple[str, ...]:
    """Return sentences of similar cases that a model may take as style.

    Only those are lent that this film's own facts carry: whatever a model copies out of them stays true.
    """
    sentences = dict.fromkeys(s for case in cases for s in split_sentences(case.text))
    true = [s for s in sentences if objection_to_line(s, study) is None]
    flagged = Picture.of_study(study).flagged.keys()
    return tuple(sorted(true, key=lambda s: not flagged & set(labels_in(s)))[:most])


@lru_cache(maxsize=2)
def _store(settings: Settings, changed: int) -> CaseStore:
    return CaseStore.build(listed(settings))
