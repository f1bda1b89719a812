"""Write the tables of figures in README and docs from the result files: ``python -m evaluation.readme``.

A table stands between ``<!-- name -->`` and ``<!-- /name -->``; the names are those of `BLOCKS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from chatcad.config import ROOT
from chatcad.llm import catalogue
from evaluation.figures import stored
from evaluation.scale_tables import SCALE_BLOCKS
from evaluation.tables import interval, markdown, of_figure, pivoted

PAGES = (
    ROOT / "README.md",
    ROOT / "docs" / "paired_synthesis.md",
    ROOT / "docs" / "conversation.md",
    ROOT / "docs" / "scale.md",
    ROOT / "evaluation" / "README.md",
)
SILENCE = ("abstained on unanswerable", "abstained on answerable")
BETWEEN = re.compile(r"(<!-- (\w+) -->\n).*?(<!-- /\2 -->)", re.DOTALL)


def bars() -> str:
    """Return each aim of the networks beside what was measured."""
    rows = [
        (r["what"], r["figure"]["on"] if r["figure"] else r["on"], r["figure"]["n"] if r["figure"] else "",
         f"{'≤' if r['at_most'] else '≥'} {r['value']:g}", of_figure(r["figure"]), "yes" if r["reached"] else "**no**")
        for r in stored("cad")["bars"]
    ]  # fmt: skip
    return markdown(("figure", "films", "n", "aim", "measured [95% interval]", "reached"), rows)


def waiting() -> str:
    """Return how long a reader waits."""
    measured = stored("latency")
    rows = [(n, f"{f['median_s']:.2f} s", f"{f['max_s']:.2f} s", f["n"]) for n, f in measured["figures"].items()]
    return markdown((f"waiting, {measured['cores']} cores, embedded model", "median", "longest", "n"), rows)


def cohorts() -> str:
    """Return the classifier's AUROC beside the thumbnail's on every set of films."""
    shown = [r for r in stored("classifier")["cohorts"] if r["auroc"]]
    rows = [
        (r["label"], r["films"], f"{r['n']} ({r['positives']})",
         *(interval(r[key], 2) for key in ("auroc", "thumbnail", "margin")))
        for r in sorted(shown, key=lambda r: not r["unseen_source"])
    ]  # fmt: skip
    return markdown(("label", "films", "n (with)", "network", "thumbnail", "margin"), rows)


def points() -> str:
    """Return each label's class and operating point."""
    rows = [
        (
            label,
            e["reliability"],
            e["sensitivity"],
            e["specificity"],
            f"{e['ece_before']:.3f} → {e['ece_after'][0]:.3f}",
        )
        for label, e in stored("classifier")["labels"].items()
    ]
    return markdown(("label", "class", "sensitivity", "specificity", "calibration error before → after"), rows)


def figures_of(name: str) -> Callable[[], str]:
    """Return what makes a table of all figures of a benchmark."""

    def table() -> str:
        rows = [(f["what"], f["on"], f["n"], of_figure(f)) for f in stored(name)["figures"]]
        return markdown(("figure", "films", "n", "value [95% interval]"), rows)

    return table


def conversation() -> str:
    """Return the check's error rates, and how easily answers read."""
    figures = [f for f in stored("checker")["figures"] if f["headline"] and f["on"] == "test"]
    rows = [(f["what"], f["n"], of_figure(f)) for f in (*figures, *stored("readability")["figures"])]
    return markdown(("figure", "n", "value [95% interval]"), rows)


def shown(*, untuned: bool = True) -> str:
    """Return what reaches a reader, a column for each way of wording."""
    figures = (f for f in stored("faithfulness")["figures"] if untuned or not f["on"].endswith("untuned"))
    return pivoted("value [95% interval] (n)", ((f["what"], f["on"], f"{of_figure(f)} ({f['n']})") for f in figures))


def understanding() -> str:
    """Return how well questions are understood, beside the method that the head replaced."""
    methods = {name: measured["test"] for name, measured in stored("understanding")["methods"].items()}
    head, before = methods["head"], methods["nearest example"]
    rows = [(name, s["n"], interval(s["share"], 2), interval(before[name]["share"], 2)) for name, s in head.items()]
    return markdown(("test questions", "n", "trained head", "nearest example"), rows)


def languages() -> str:
    """Return how often questions in other languages are understood."""
    rows = [
        (language, name, s["n"], interval(s["share"], 2))
        for language, measured in stored("languages").items()
        if "test" in measured
        for name, s in measured["test"].items()
    ]
    return markdown(("language", "test questions", "n", "share"), rows)


def wording() -> str:
    """Return how often the embedded model's wordings pass, tuned and not; the result file has it by kind as well."""
    rows = [
        (f["what"], f["on"], f["n"], of_figure(f))
        for f in stored("wording")["figures"]
        if f["on"] in {"untuned", "tuned"} and not f["what"].startswith("reading")
    ]
    return markdown(("figure", "model", "n", "value [95% interval]"), rows)


def reports() -> str:
    """Return what whole reports say of labelled films, beside baselines."""
    rows = [(f["what"], f["on"], f["n"], of_figure(f)) for f in stored("report")["figures"] if "micro F1" in f["what"]]
    return markdown(("figure", "writer", "n", "value [95% interval]"), rows)


def retrieval() -> str:
    """Return how well passages are found, on the questions that nothing was tuned on."""
    test = stored("retrieval")["stores"]["own"]["test"]
    kinds = ("lexical", "dense", "questions asked before", "fused", "+ findings", "+ recency and authority",
             "as shipped, with abstention", "as shipped, with abstention, pooled grades")  # fmt: skip
    ranked = [
        (name, test[name]["n"], *(interval(test[name][m], 2) for m in ("recall@5", "ndcg@5", "mrr@5")))
        for name in kinds
    ]
    silent = [(name, test[name]["n"], interval(test[name]["share"], 2)) for name in SILENCE]
    return (
        markdown(("guideline search, test questions", "n", "recall@5", "nDCG@5", "MRR@5"), ranked)
        + "\n"
        + markdown(("silence", "n", "share"), silent)
    )


def search_shipped() -> str:
    """Return how well passages are found by the search that ships, by both judgements."""
    test = stored("retrieval")["stores"]["own"]["test"]
    names = {"first judgement": "as shipped, with abstention", "pooled": "as shipped, with abstention, pooled grades"}
    rows = [(f"recall@5, {judged}", test[n]["n"], interval(test[n]["recall@5"], 2)) for judged, n in names.items()]
    rows += [(f"{n}, share", test[n]["n"], interval(test[n]["share"], 2)) for n in SILENCE]
    return markdown(("guideline search, test questions", "n", "value [95% interval]"), rows)


def search_speed() -> str:
    """Return how fast a large store is searched."""
    rows = [
        (name, " / ".join(map(str, v)) if isinstance(v, list) else v) for name, v in stored("retrieval_speed").items()
    ]
    return markdown(("figure", "value"), rows)


def abuse() -> str:
    """Return what was tried on the whole system, and how it ended."""
    rows = [(r["name"], r["tried"], r["passed"], r["figure"], r["aim"]) for r in stored("abuse")["rows"]]
    return markdown(("what was tried", "n", "passed", "measured", "aim"), rows)


def reproduction() -> str:
    """Return what a second ``make train`` reached, beside the shipped weights."""
    rows = [
        (r["what"], interval(r["shipped"]), interval(r["rebuilt"]), "yes" if r["within"] else "**no**")
        for r in stored("reproduction")["aims"]
    ]
    return markdown(("figure, films", "shipped", "rebuilt by `make train`", "within"), rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "bars": bars,
    "waiting": waiting,
    "cohorts": cohorts,
    "points": points,
    "ablations": figures_of("ablations"),
    "saliency": figures_of("saliency"),
    "speed": figures_of("speed"),
    "nodules": figures_of("nodules"),
    "retrieval": retrieval,
    "search": search_shipped,
    "search_speed": search_speed,
    "abuse": abuse,
    "reproduction": reproduction,
    "conversation": conversation,
    "shown": lambda: shown(untuned=False),
    "shown_full": shown,
    "checker": figures_of("checker"),
    "understanding": understanding,
    "languages": languages,
    "reports": reports,
    "wording": wording,
    **SCALE_BLOCKS,
    "models": lambda: catalogue.table() + "\n",
}


def filled(page: str) -> str:
    """Return a page's text with its tables made anew."""
    return BETWEEN.sub(lambda m: m[1] + BLOCKS[m[2]]() + m[3], page)


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
