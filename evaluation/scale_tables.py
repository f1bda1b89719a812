"""The tables of ``docs/scale.md``, from the result files of ``scale``, ``capacity`` and ``federation``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from evaluation.figures import Figure, stored
from evaluation.tables import interval, markdown, of_figure, pivoted

PATHS = ("this process", "Ray Serve")


def paths() -> str:
    """Return what each way to the networks carries."""
    figures = (f for f in stored("scale")["figures"] if f["on"].startswith(PATHS))
    return pivoted("films through", ((f["on"], f["what"], _short(f)) for f in figures))


def circumstances() -> str:
    """Return on what the paths were measured."""
    s = stored("scale")
    said = f"{s['films']} films in {s['rounds']} rounds, {s['clients']} clients, {s['cores']} cores; load average "
    said += f"{s['load_average']} before it began."
    if s["load_average"] > 1:
        said += " **Other programs had the cores too: these times can't be compared, only the readings.**"
    return said + "\n"


def work() -> str:
    """Return the CPU seconds that everything else in the capacity model comes from."""
    rows = [(f["what"], f["on"], f["n"], of_figure(f)) for f in stored("capacity")["figures"]]
    return markdown(("measured", "on", "n", "mean [95% interval]"), rows)


def a_day() -> str:
    """Return what a core and a GPU do in a day, and core-hours a 1,000 studies with cores that are always busy."""
    found = stored("capacity")
    gpu, more = found["assumed_gpu"], f"a film and {found['questions_a_study']} × "
    rows = [
        ("a core, measured", "a film" if what == "film" else more + what, f"{n:,}", f"{24e3 / n:.3f}")
        for what, n in found["studies_a_core_day"].items()
    ]
    tokens, speed = gpu["tokens_an_answer"], gpu["written_tokens_a_second"]
    rows += [
        ("a GPU, **assumed**", f"a film, at {gpu['films_a_second']:g} a second", f"{gpu['films_a_day']:,}", "–"),
        ("a GPU, **assumed**", f"{tokens:g} tokens at {speed:g} a second", f"{gpu['answers_a_day']:,}", "–"),
    ]
    return markdown(("by", "a study is", "studies a day", "core-hours a 1,000"), rows)


def plans() -> str:
    """Return the cores for a day's films, with formula and simulation side by side."""
    rows = [
        (
            p["what"],
            f"{p['films_a_day']:,}",
            p["cores"],
            " / ".join(f"{100 * share:.1f}%" for share in p["busy"]),
            " / ".join(f"{wait:.2f} s" for wait in p["p95_wait_s"]),
            p["core_hours_a_1000_studies"],
        )
        for p in stored("capacity")["plans"]
    ]
    pairs = ("busy: formula / simulated", "95% wait at most: formula / simulated")
    return markdown(("work", "films a day", "cores", *pairs, "core-hours a 1,000 studies"), rows)


def ways_to_train() -> str:
    """Return what each way of training reaches at each site."""
    return "\n".join(_ways(measure) for measure in ("AUROC", "Dice"))


def _ways(measure: str) -> str:
    found = stored("federation")
    ending = f", {measure}"
    chosen = (f for f in found["figures"] if f["what"].endswith(ending))
    rows = _by_row((f["what"].removesuffix(ending), f["on"], f) for f in chosen)
    support: dict[str, list[int]] = found["films_with_and_without"]
    ways = list(dict.fromkeys(way for row in rows.values() for way in row))
    cells = [
        (
            what + (" **(too few)**" if min(support.get(what, [found["few"]])) < found["few"] else ""),
            " / ".join(map(str, support.get(what, [next(iter(row.values()))["n"]]))),
            *(interval([row[w]["value"], row[w]["low"], row[w]["high"]], 2) if w in row else "–" for w in ways),
        )
        for what, row in rows.items()
    ]
    films = "n with / without" if measure == "AUROC" else "n"
    return markdown((measure, films, *ways), cells)


def _by_row(cells: Iterable[tuple[str, str, Figure]]) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for row, column, figure in cells:
        rows.setdefault(row, {})[column] = figure
    return rows


def _short(figure: Figure) -> str:
    return f"{figure['value']:.3g} [{figure['low']:.3g}, {figure['high']:.3g}]"


SCALE_BLOCKS: dict[str, Callable[[], str]] = {
    "scale": paths,
    "scale_circumstances": circumstances,
    "capacity_work": work,
    "capacity_day": a_day,
    "capacity_plans": plans,
    "federation": ways_to_train,
}
