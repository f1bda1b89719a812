"""``python -m chatcad eval capacity``: how many studies a core and a GPU do a day, from measured CPU seconds.

Measured here: CPU seconds (of this process and its decoders, one thread) of decoding a film, of the networks on it, and
of an answer, with the embedded model and without any. CPU seconds hardly depend on what else the machine does. Not
measured, and marked so: the shares of a day's films by hour, and everything about GPUs.

From these: the cores that a number of films a day needs, so that in the busiest hour 95% wait no longer than
`WAIT_SECONDS` and no core is busier than `BUSY` (`evaluation.queueing`); then that hour is simulated with the measured
times themselves. ``python -m evaluation.capacity --films-a-day N --questions Q --price P`` answers for other figures.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from cad_models.reader import CadReader
from chatcad import imaging
from chatcad.config import Settings
from chatcad.llm.writer import Writer
from chatcad.pipeline import ChatCAD, Conversation, read_film
from evaluation.conversations import TEMPLATE_ONLY, Mute
from evaluation.figures import Figure, figure, print_figures, stored
from evaluation.latency import QUESTIONS
from evaluation.queueing import (
    SECONDS_AN_HOUR,
    Array,
    Service,
    arrivals_of_a_day,
    servers_for,
    simulate,
    wait_percentile,
)
from evaluation.scale import threads
from evaluation.statistics import mean

FILMS = {
    "PNG": ("originals/nih_00009107_006.png", "originals/MCUCXR_0001_0.png"),
    "DICOM": ("dicom/chest_pa_mono1_15bit_j2k_RG1.dcm", "dicom/chest_pa_mono2_jpeg_siim.dcm"),
}
"""By form; capacity is planned on the DICOM films (1,841 × 1,955 JPEG 2000, 1,024 × 1,024 JPEG)."""
REPEATS = 5
WAIT_SECONDS, BUSY = 5.0, 0.85
FILMS_A_DAY = (1_000, 10_000, 100_000, 1_000_000)
QUESTIONS_A_STUDY = 2
DAY = 86_400
# Assumed, not measured: a working day with a morning peak, and a fifth of the films from evening to morning.
PROFILE = np.array([1, 1, 1, 1, 1, 1.5, 3, 5, 8, 9.5, 10, 9, 7, 7, 8, 7.5, 6, 4, 3, 2, 1.5, 1, 1, 1])
PROFILE = PROFILE / PROFILE.sum()

NETWORKS, DECODING = "the networks", "decoding, facts and check of the draft"
EMBEDDED, TEMPLATES = "an answer, embedded model", "an answer, no model"


@dataclass(frozen=True, slots=True)
class GpuAssumptions:
    """Not measured: put in your own card's figures."""

    films_a_second: float = 200.0
    written_tokens_a_second: float = 1_500.0
    tokens_an_answer: float = 150.0

    def a_day(self) -> dict[str, int]:
        """Return films and answers that keep one GPU busy all day, if the assumptions hold."""
        answers = DAY * self.written_tokens_a_second / self.tokens_an_answer
        return {"films_a_day": round(DAY * self.films_a_second), "answers_a_day": round(answers)}


def run(settings: Settings) -> dict[str, Any]:
    """Measure, plan, simulate, print, and return everything that ``docs/scale.md`` shows."""
    with threads(1):
        work = measure(replace(settings, threads=1, answer_seconds=120.0))
    figures = [_figure(what, on, seconds) for (what, on), seconds in work.items()]
    print_figures(figures)
    jobs = {
        "film": work[DECODING, "DICOM"] + work[NETWORKS, "DICOM"],
        EMBEDDED: work[EMBEDDED, "questions"],
        TEMPLATES: work[TEMPLATES, "questions"],
    }
    numbers = {"film": 1, EMBEDDED: QUESTIONS_A_STUDY, TEMPLATES: QUESTIONS_A_STUDY}
    plans = [planned(what, films, numbers[what], jobs[what]) for what in jobs for films in FILMS_A_DAY]
    for plan in plans:
        print(plan)
    return {
        "figures": figures,
        "load_average": round(os.getloadavg()[0], 2),
        "questions_a_study": QUESTIONS_A_STUDY,
        "wait_seconds": WAIT_SECONDS,
        "busiest_core": BUSY,
        "busiest_hour": round(float(PROFILE.max()), 4),
        "seconds": {what: [round(x, 4) for x in seconds.tolist()] for what, seconds in jobs.items()},
        "studies_a_core_day": studies_a_core_day({what: float(x.mean()) for what, x in jobs.items()}),
        "assumed_gpu": asdict(GpuAssumptions()) | GpuAssumptions().a_day(),
        "plans": plans,
    }


def studies_a_core_day(mean: dict[str, float]) -> dict[str, int]:
    """Return how many studies keep one core busy all day, by what is done with each."""
    answers = {what: mean["film"] + QUESTIONS_A_STUDY * mean[what] for what in (EMBEDDED, TEMPLATES)}
    return {what: round(DAY / seconds) for what, seconds in {"film": mean["film"], **answers}.items()}


def measure(settings: Settings) -> dict[tuple[str, str], Array]:
    """Return CPU seconds of each piece of work, by what it was done on."""
    reader, work = CadReader(), {}
    for on, names in FILMS.items():
        paths = [settings.data / name for name in names]
        film_seconds(paths[0], reader, settings)
        both = np.array([film_seconds(p, reader, settings) for p in paths for _ in range(REPEATS)])
        work[DECODING, on], work[NETWORKS, on] = both.T
    chatcad = ChatCAD.open(settings)
    studies = [chatcad.read(settings.data / name) for name in FILMS["PNG"]]
    for name, system in ((EMBEDDED, chatcad), (TEMPLATES, replace(chatcad, writer=Writer(Mute(), TEMPLATE_ONLY)))):
        system.answer(QUESTIONS[0], Conversation(studies[0]))
        work[name, "questions"] = np.array(
            [cpu_seconds(partial(system.answer, q, Conversation(s))) for s in studies for q in QUESTIONS]
        )
    return work


def film_seconds(path: Path, reader: CadReader, settings: Settings) -> tuple[float, float]:
    """Return CPU seconds of everything but the networks, and of the networks, on one film."""
    film = imaging.load(path, max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
    networks = cpu_seconds(partial(reader.read, film))
    return max(cpu_seconds(partial(read_film, path, reader, settings)) - networks, 0.0), networks


def cpu_seconds(call: Callable[[], object]) -> float:
    """Return the CPU seconds of a call, those of the processes that decode files included."""
    start = _spent()
    call()
    return _spent() - start


def _spent() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    alive = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    others = sum(t.user + t.system + t.children_user + t.children_system for t in alive)
    return float(time.process_time() + ended.ru_utime + ended.ru_stime + others)


def _figure(what: str, on: str, seconds: Array) -> Figure:
    return figure(f"{what}, CPU s", on, len(seconds), mean(seconds))


def planned(what: str, films_a_day: int, jobs_a_film: int, seconds: Array) -> dict[str, Any]:
    """Return the cores for a day's jobs, and what a simulated morning says of them.

    Parameters
    ----------
    what
        The jobs.
    films_a_day, jobs_a_film
        Their number.
    seconds
        CPU seconds of jobs that were measured; the simulation draws from these.
    """
    service, jobs = Service.of(seconds), films_a_day * jobs_a_film
    peak = jobs * float(PROFILE.max()) / SECONDS_AN_HOUR
    cores = servers_for(peak, service, wait=WAIT_SECONDS, busy=BUSY)
    morning = simulated_peak(jobs, seconds, cores)
    return {
        "what": what,
        "films_a_day": films_a_day,
        "cores": cores,
        "busy": [round(peak * service.mean / cores, 3), round(morning.busy, 3)],
        "p95_wait_s": [round(wait_percentile(peak, service, cores), 2), round(morning.p95_wait, 2)],
        "simulated_jobs": morning.jobs,
        "core_hours_a_1000_studies": round(cores * 24 * 1000 / films_a_day, 3),
    }


@dataclass(frozen=True, slots=True)
class Morning:
    """The busiest hour of simulated days: jobs, share of the cores' time, and 95th percentile of the wait."""

    jobs: int
    busy: float
    p95_wait: float


def simulated_peak(jobs_a_day: int, seconds: Array, cores: int, least: int = 20_000) -> Morning:
    """Return the busiest hour of as many simulated days as give `least` jobs; the two hours before it warm up."""
    rng, peak = np.random.default_rng(0), int(PROFILE.argmax())
    shares = np.where(np.abs(np.arange(24) - peak + 1) <= 1, PROFILE, 0.0)
    waits, worked, days = [], 0.0, max(1, round(least / (jobs_a_day * PROFILE.max())))
    for _ in range(days):
        arrivals = arrivals_of_a_day(jobs_a_day, shares.tolist(), rng)
        work = rng.choice(seconds, len(arrivals))
        in_peak = arrivals >= peak * SECONDS_AN_HOUR
        waits.append(simulate(arrivals, work, cores)[in_peak])
        worked += float(work[in_peak].sum())
    together = np.concatenate(waits)
    return Morning(len(together), worked / (days * cores * SECONDS_AN_HOUR), float(np.percentile(together, 95)))


def cost(films_a_day: int, questions: int, price: float) -> list[str]:
    """Return lines that say what a reader's own figures come to, from the stored measurement."""
    seconds = {name: np.array(values) for name, values in stored("capacity")["seconds"].items()}
    lines = []
    for what, jobs in (("film", 1), (EMBEDDED, questions), (TEMPLATES, questions)):
        if jobs == 0:
            continue
        plan = planned(what, films_a_day, jobs, seconds[what])
        hours = plan["core_hours_a_1000_studies"]
        lines.append(f"{what}: {plan['cores']} cores, {hours} core-hours or {hours * price:.2f} per 1,000 studies")
    return lines


def main() -> None:
    """Print the cores and the cost for a reader's own figures."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--films-a-day", type=int, default=1_000)
    parser.add_argument("--questions", type=int, default=QUESTIONS_A_STUDY, help="asked of each film")
    parser.add_argument("--price", type=float, default=1.0, help="of one core-hour, in your money")
    arguments = parser.parse_args()
    print("\n".join(cost(arguments.films_a_day, arguments.questions, arguments.price)))


if __name__ == "__main__":
    main()
