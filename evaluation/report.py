"""``python -m chatcad eval report``: what whole reports say of labelled films, against what their sources state.

The reports are those of ``python -m chatcad report`` in the three prompt designs, without a model and with the embedded
one, read by `evaluation.labeller`. Beside them, on the same films: the draft alone, the classifier's labels alone, the
language model alone (facts in, report out, unchecked), a report that flags everything and a constant one.

A label that is called possible counts as flagged (``possible as absent`` is the other reading); one that is not
flagged, not assessed or not mentioned counts as not flagged, though the report doesn't call it absent. The labels are
mined from reports (NIH: Wang 2017) and noisy.

Without a model the design can't reach a word, which is checked on 30 films before one design stands for all. A model
takes seconds a report: it writes ``CHATCAD_EVAL_LIMIT`` films (6), evenly drawn.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cad_models.choice import chosen
from chatcad import cases
from chatcad.cases.reports import Picture, claims_of
from chatcad.config import Settings
from chatcad.llm.writer import Writer
from chatcad.pipeline import ChatCAD
from chatcad.types import PromptDesign, Study
from evaluation.conversations import LIMIT_VARIABLE, TEMPLATE_ONLY, Mute
from evaluation.figures import Figure, figure, print_figures
from evaluation.finding_scores import Cells, Scores, Truth
from evaluation.image_use import image_use
from evaluation.labeller import flagged_in, label_report
from evaluation.report_films import FIVE, Read, drawn, judged_labels, read, truth_of
from evaluation.report_writers import (
    DESIGNS,
    all_positive,
    checked_report,
    classifier_alone,
    constant,
    unchecked_report,
)
from evaluation.statistics import evenly, share

LIMIT, COMPARED = 6, 30
"""Films that a model writes, and films on which the designs are compared without one."""

Texts = dict[PromptDesign, list[str]]
Write = Callable[[ChatCAD, Study, PromptDesign], str]


def run(settings: Settings) -> dict[str, Any]:
    """Measure every writer, print the tables, and return the figures."""
    chatcad = ChatCAD.open(settings)
    films = drawn(settings.data)
    got = read(films, chatcad.reader)
    truth = truth_of([r.film for r in got])
    judged = judged_labels(truth)
    print(f"{len(got)} films read of {len(films)}: {len(films) - len(got)} refused by the gate")
    print("films with each label, of those that state it:", {label: truth.support(label)[::-1] for label in judged})
    silent = replace(chatcad, writer=Writer(Mute(), TEMPLATE_ONLY))
    reports, figures = template_only(silent, got, judged)
    names = chosen(settings.cache)
    figures += parts_alone(got, truth, judged, names["reporter"])
    few = evenly(got, int(os.environ.get(LIMIT_VARIABLE, str(LIMIT))))
    figures += with_a_model(silent, chatcad, few, judged)
    figures += image_use(got, reports, chatcad.reader, names)
    figures += similar_cases(got, settings)
    print_figures(figures)
    return {
        "films": len(got),
        "refused": len(films) - len(got),
        "films_of_a_model": len(few),
        "labels": {label: dict(zip(("films", "positive"), truth.support(label), strict=True)) for label in judged},
        "assessed": sorted({f.label for r in got for f in r.study.findings if f.state != "not_assessed"}),
        "figures": figures,
    }


def template_only(silent: ChatCAD, got: Sequence[Read], judged: Sequence[str]) -> tuple[list[str], list[Figure]]:
    """Return the reports that no model words, and their figures: one table for all designs if they say the same."""
    compared = _differences(TEMPLATE_ONLY, in_designs(silent, evenly(got, COMPARED), checked_report))
    same = compared[0]["value"] == 0.0
    truth, figures, reports = truth_of([r.film for r in got]), compared, []
    for design in DESIGNS[-1:] if same else DESIGNS:
        reports = [checked_report(silent, r.study, design) for r in got]
        name = f"{'P1 = P2 = P3' if same else design}, {TEMPLATE_ONLY}"
        figures += score(name, flagged(reports, truth), truth, judged, headline=design == DESIGNS[-1])
        strict = flagged(reports, truth, possible=False)
        figures += _together(f"{name}, possible as absent", strict, truth, FIVE, "five findings")
    return reports, figures


def with_a_model(silent: ChatCAD, chatcad: ChatCAD, few: Sequence[Read], judged: Sequence[str]) -> list[Figure]:
    """Return a model's figures on its films, checked and alone, beside those of the template on the same films."""
    name, truth = chatcad.writer.name, truth_of([r.film for r in few])
    plain = in_designs(silent, few, checked_report)
    checked, alone = in_designs(chatcad, few, checked_report), in_designs(chatcad, few, unchecked_report)
    figures: list[Figure] = []
    for called, texts in ((name, checked), (f"{name}, alone and unchecked", alone)):
        figures += _differences(called, texts)
        pairs = [(a, b) for d in DESIGNS for a, b in zip(texts[d], plain[d], strict=True)]
        other = sum(label_report(a) != label_report(b) for a, b in pairs)
        figures.append(figure("labels differ from the template's", called, len(pairs), share(other, len(pairs))))
    rows = {f"{TEMPLATE_ONLY}, the model's films": plain, name: checked, f"{name}, alone and unchecked": alone}
    for called, texts in rows.items():
        for design in DESIGNS if texts is not plain else DESIGNS[-1:]:
            said = flagged(texts[design], truth)
            figures += _together(f"{design}, {called}", said, truth, judged, f"all {len(judged)} labels")
    return figures


def in_designs(chatcad: ChatCAD, part: Sequence[Read], write: Write) -> Texts:
    """Return the films' reports in each design."""
    return {d: [write(chatcad, r.study, d) for r in part] for d in DESIGNS}


def _differences(on: str, texts: Texts) -> list[Figure]:
    """Return the shares of films whose three reports differ in words, and in what they say of any label."""
    each = list(zip(*texts.values(), strict=True))
    words = sum(len(set(e)) > 1 for e in each)
    labels = sum(any(label_report(t) != label_report(e[0]) for t in e) for e in each)
    return [
        figure(f"P1, P2 and P3 differ in {what}", on, len(each), share(hits, len(each)))
        for what, hits in (("words", words), ("labels", labels))
    ]


def parts_alone(got: Sequence[Read], truth: Truth, judged: Sequence[str], drafter: str) -> list[Figure]:
    """Return the figures of the system's parts alone, and of the degenerate writers."""
    writers = {
        f"draft of {drafter} alone": flagged([r.raw_draft for r in got], truth),
        "classifier's labels alone": classifier_alone(got, truth),
        "all positive": all_positive(truth),
        "constant report": constant(truth),
    }
    return [f for name, said in writers.items() for f in score(name, said, truth, judged)]


def flagged(reports: Sequence[str], truth: Truth, *, possible: bool = True) -> Cells:
    """Return which labels each report flags, ``(films, labels)``."""
    said = [flagged_in(text, possible=possible) for text in reports]
    return np.array([[label in labels for label in truth.labels] for labels in said])


def score(name: str, said: Cells, truth: Truth, judged: Sequence[str], *, headline: bool = False) -> list[Figure]:
    """Return precision, recall and F1: of each of the five findings, of the five, and of all judged labels."""
    scores, figures = Scores(said, truth), []
    for label in (label for label in FIVE if label in judged):
        n, positive = truth.support(label)
        named = zip(("precision", "recall", "F1"), scores.of_label(label), strict=True)
        figures += [figure(f"{label}, {what} ({positive} with)", name, n, value) for what, value in named]
    for labels, called in ((FIVE, "five findings"), (judged, f"all {len(judged)} labels")):
        figures += _together(name, said, truth, labels, called, headline=headline)
    return figures


def _together(
    name: str, said: Cells, truth: Truth, labels: Sequence[str], called: str, *, headline: bool = False
) -> list[Figure]:
    scores, n = Scores(said, truth), int(truth.known.any(axis=1).sum())
    named = zip(("micro precision", "micro recall", "micro F1"), scores.micro(labels), strict=True)
    figures = [figure(f"{called}, {what}", name, n, value, headline=headline) for what, value in named]
    return [*figures, figure(f"{called}, macro F1", name, n, scores.macro(labels), headline=headline)]


def similar_cases(got: Sequence[Read], settings: Settings) -> list[Figure]:
    """Return how often the best similar case flags the film's own set, and how often one shown denies a label of it."""
    same = some = denied = shown = 0
    for one in got:
        film, found = Picture.of_study(one.study), cases.similar(one.study, settings)
        some += bool(found)
        shown += len(found)
        same += bool(found) and not found[0].extra and set(found[0].shared) == film.flagged.keys()
        denied += sum(bool(Picture.of_claims(claims_of(c.text)).denied & film.flagged.keys()) for c in found)
    on = f"{len(cases.listed(settings))} stored reports"
    return [
        figure("similar cases: some found", on, len(got), share(some, len(got))),
        figure("similar cases: the best flags the same set", on, len(got), share(same, len(got))),
        figure("similar cases: one shown denies a label of the film", on, shown, share(denied, shown)),
    ]
