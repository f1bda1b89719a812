"""The drift watch: an alarm where scores moved, none where they didn't, and nothing of a film is kept."""

import datetime
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from cad_models import registry
from chatcad import observe
from chatcad.cli import main
from chatcad.config import Settings
from chatcad.observe import drift, metrics
from chatcad.observe.drift import BINS, LEAST_FILMS, Reference, Watch, edges_of, psi
from chatcad.types import RunRecord
from evaluation.drift import _index
from tests.factories import make_study

REFERENCE = Reference.load()
STUDY = make_study()
DAY = datetime.date(2026, 11, 28)


def a_film(scores):
    """Return a study with these probabilities, read by the reference's classifier."""
    findings = tuple(replace(f, probability=scores.get(f.label)) for f in STUDY.findings)
    run = RunRecord({}, {"classifier": REFERENCE.weights_sha256}, {"total": 1.0})
    return replace(STUDY, findings=findings, run=run)


def films(count, shift=0.0, seed=1):
    rng = np.random.default_rng(seed)
    for place in rng.random(count) * 100:
        chances = {label: float(np.interp(place, range(101), p)) for label, p in REFERENCE.percentiles.items()}
        logits = {label: np.log(c / (1 - c)) + shift for label, c in chances.items()}
        yield a_film({label: float(1 / (1 + np.exp(-z))) for label, z in logits.items()})


@pytest.fixture
def watch(tmp_path):
    return Watch(tmp_path / "drift", REFERENCE)


def test_the_reference_belongs_to_the_classifier_that_ships():
    assert REFERENCE.weights_sha256 == registry.get("classifier").sha256
    assert REFERENCE.films > 500
    assert all(np.all(np.diff(edges) > 0) and len(edges) == BINS - 1 for edges in REFERENCE.edges.values())


@pytest.mark.parametrize(("shift", "verdict"), [(0.0, "ok"), (1.0, "alarm"), (-1.0, "alarm")])
def test_an_alarm_where_scores_moved_and_none_without(watch, shift, verdict):
    for film in films(LEAST_FILMS, shift):
        watch.count(film, DAY)
    drifts = watch.drifts(1, DAY)
    assert {d.verdict for d in drifts} == {verdict}
    assert {d.films for d in drifts} == {LEAST_FILMS}


def test_too_few_films_are_not_judged(watch):
    for film in films(20, shift=3.0):
        watch.count(film, DAY)
    assert {d.verdict for d in watch.drifts(1, DAY)} == {"too few"}


def test_days_are_added_up_and_old_ones_left_out(watch):
    for ago in (0, 1, 40):
        for film in films(3):
            watch.count(film, DAY - datetime.timedelta(days=ago))
    assert {d.films for d in watch.drifts(30, DAY)} == {6}
    assert {d.films for d in watch.drifts(60, DAY)} == {9}


def test_other_weights_and_local_calibrations_are_not_compared(watch):
    (film,) = films(1)
    for weights in ({"classifier": "0" * 64}, {}, {**film.run.weights_sha256, "calibration": "1" * 64}):
        watch.count(replace(film, run=RunRecord({}, weights, {})), DAY)
    assert {d.films for d in watch.drifts(1, DAY)} == {0}


def test_counts_and_nothing_else_are_kept(watch):
    for film in films(2):
        watch.count(film, DAY)
    (file,) = watch.folder.glob("*.json")
    stored = json.loads(file.read_text())
    assert set(stored) == set(REFERENCE.percentiles)
    assert all(len(counts) == BINS and sum(counts) == 2 for counts in stored.values())
    assert STUDY.radiograph.sha256 not in file.read_text() + file.name


def test_a_damaged_day_counts_as_none(watch):
    (film,) = films(1)
    watch.count(film, DAY)
    (file,) = watch.folder.glob("*.json")
    file.write_text("{half")
    watch.count(film, DAY)
    assert {d.films for d in watch.drifts(1, DAY)} == {1}


def test_false_alarms_at_the_least_number_of_films():
    rng = np.random.default_rng(3)
    percentiles = np.array(next(iter(REFERENCE.percentiles.values())))
    indices = [_index(percentiles, REFERENCE.films, LEAST_FILMS, 0.0, rng) for _ in range(300)]
    assert np.mean(np.array(indices) > drift.ALARM) <= 0.01


def test_the_index():
    assert psi([10] * BINS) == 0
    assert psi([0] * 9 + [100]) > 1
    assert list(edges_of(range(101))) == list(range(10, 100, 10))


@pytest.fixture
def served(tmp_path):
    settings = Settings(cache=tmp_path, audit=False)
    observe.begin(settings)
    yield settings
    observe._audit = observe._watch = None


def test_the_server_counts_and_the_command_tells(served, monkeypatch, capsys):
    monkeypatch.setenv("CHATCAD_CACHE", str(served.cache))
    for film in films(LEAST_FILMS, shift=1.5):
        observe.film_read(film, "local")
    assert main(["drift", "--since", "2"]) == 1
    said = capsys.readouterr().out
    assert said.count("alarm\n") == len(REFERENCE.percentiles) and f"n={LEAST_FILMS}" in said
    assert b'chatcad_score_psi{label="Effusion"}' in metrics.exposition()
    assert main(["drift"]) == 1


def test_a_full_disk_keeps_no_reader_waiting(served, monkeypatch, caplog):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(observe, "_watch", SimpleNamespace(count=full))
    observe.film_read(next(films(1)), "local")
    assert "not counted" in caplog.text
