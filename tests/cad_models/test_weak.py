import numpy as np
import pytest
import torch

from cad_models.classifier import MAP_SIZE, SIZE, Classifier
from cad_models.labels import LABELS
from cad_models.training.anatomies import Prepared
from cad_models.training.bases import MAY_BE, bases, chances, healthy, stated
from cad_models.training.classifier import MAP_STRIDE, Replay, at_side, from_segmenter, pair_loss
from cad_models.training.data import NO_FINDING
from cad_models.training.weak import EACH, LESSONS, Teacher, lessons, order_loss, teachers
from tests.cad_models.real_data import DATA, needs_data


def batch_of(n: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    target = torch.zeros(n, len(LABELS))
    target[n // 2 :, 0] = 1.0
    target[0, 3] = float("nan")
    return {
        "film": torch.rand(n, 1, SIZE, SIZE),
        "region": torch.ones(n, 1, MAP_SIZE, MAP_SIZE),
        "target": target,
        "map": torch.zeros(n, len(LABELS), MAP_SIZE, MAP_SIZE),
    }


def small() -> Classifier:
    torch.manual_seed(1)
    return Classifier(widths=(8, 12, 16, 20))


def loss_of(network: Classifier, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    return pair_loss(*network(batch["film"], batch["region"]), batch)


def test_an_unknown_label_costs_nothing():
    network, batch = small().eval(), batch_of(4)
    before = loss_of(network, batch)
    batch["map"][0, 3] = 1.0  # what the map of an unknown label says can't matter
    assert torch.allclose(before, loss_of(network, batch))


def test_an_unknown_cell_costs_nothing():
    network, batch = small().eval(), batch_of(4)
    scores, maps = network(batch["film"], batch["region"])
    batch["map"][2, 0, :5] = float("nan")
    before = pair_loss(scores, maps, batch)
    maps = maps.clone()
    maps[2, 0, :5] += 3.0
    assert torch.allclose(before, pair_loss(scores, maps, batch))
    assert torch.isfinite(before)


def test_the_coarse_batch_has_the_coarse_grid():
    batch = at_side(batch_of(2), 128)
    cells = 128 // MAP_STRIDE
    assert batch["film"].shape[-1] == 128
    assert batch["region"].shape[-1] == batch["map"].shape[-1] == cells
    scores, maps = small().eval()(batch["film"], batch["region"])
    assert maps.shape[-1] == cells
    assert torch.isfinite(scores).all()


def test_the_order_loss_falls_when_the_order_is_learnt():
    scores = torch.zeros(2 * EACH * LESSONS, len(LABELS))
    even = order_loss(scores, [2, 5])
    scores[:EACH, 2] = scores[2 * EACH : 3 * EACH, 5] = 4.0
    assert order_loss(scores, [2, 5]) < 0.1 * even
    assert order_loss(scores, [3, 4]) == pytest.approx(float(even))


def test_a_lesson_comes_with_its_film_size_and_a_region_that_is_not_empty():
    records = [_film("nih", {NO_FINDING: False, "Effusion": i % 2 == 0}) for i in range(4 * EACH)]
    masks = np.zeros((len(records), 3, SIZE, SIZE), bool)
    masks[:, :, 60:160, 40:180] = True
    squares = np.full((len(records), SIZE, SIZE), 99, np.uint8)
    prepared = Prepared(squares, masks, np.zeros(len(records)), np.ones(len(records)))
    films, regions, columns = Teacher(prepared, records).draw(128, torch.Generator().manual_seed(0))
    assert films.shape == (2 * EACH * LESSONS, 1, 128, 128)
    assert regions.shape[-1] == 128 // MAP_STRIDE
    assert (regions.sum(dim=(1, 2, 3)) > 0).all()
    assert len(columns) == LESSONS


def test_replay_gives_old_batches_between_fresh_ones():
    fresh = iter([{"film": torch.full((1,), float(i))} for i in range(100)])
    replay, rng = Replay(fresh, kept=30), torch.Generator().manual_seed(0)
    seen = [int(replay.next(1, rng)["film"]) for _ in range(60)]
    assert seen[:21] == list(range(21))  # nothing to remember yet
    assert len(set(seen)) < 60
    assert max(seen) > 30


def test_a_new_network_begins_with_the_segmenters_encoder():
    from cad_models import registry

    film = torch.rand(1, 1, 128, 128)
    with torch.inference_mode():
        mine, its = from_segmenter().eval().encoder(film), registry.load("segmenter").encoder(film)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(mine, its, strict=True))


def _film(source: str, labels: dict[str, bool]):
    from pathlib import Path

    from cad_models.training.data import NIH_LABELS, Film

    every = dict.fromkeys(NIH_LABELS, False) | labels
    return Film(source, "x", Path("x"), None, "p", "train", "AP", "unknown", None, every)


def test_of_an_ill_film_what_its_report_leaves_out_is_absent_and_what_it_may_mean_is_unknown():
    known = dict(zip(LABELS, stated(_film("nih", {NO_FINDING: False, "Infiltration": True})), strict=True))
    assert np.isnan(known["Lung Opacity"])
    assert np.isnan(known["Consolidation"])
    assert known["Effusion"] == known["Pneumothorax"] == 0.0
    assert not stated(_film("nih", {NO_FINDING: True})).any()
    assert set(MAY_BE) == set(LABELS)


@needs_data
def test_only_training_patients_are_painted_or_teach():
    for film in [*bases(DATA), *teachers(DATA)]:
        assert film.split == "train"
        assert film.source in {"nih", "shenzhen", "kermany"}


@needs_data
def test_films_with_implausible_masks_are_not_painted():
    records = bases(DATA)
    usable = np.arange(len(records)) % 3 > 0
    drawn = chances(records, usable)
    assert drawn[~usable].sum() == 0
    assert drawn.sum() == pytest.approx(1.0)
    ill = np.array([not healthy(f) for f in records])
    assert 0.3 < drawn[ill].sum() < 0.45


@needs_data
def test_a_lesson_stays_in_one_source_and_view_and_among_abnormal_films():
    records = teachers(DATA)
    for lesson in lessons(records):
        chosen = [records[i] for i in (*lesson.having, *lesson.lacking)]
        assert len({(f.source, f.view) for f in chosen}) == 1
        if lesson.label in {"Effusion", "Atelectasis", "Edema"}:
            assert not any(f.labels[NO_FINDING] for f in chosen)
