import torch

from cad_models.classifier import MAP_SIZE, SIZE, Classifier
from cad_models.labels import LABELS
from cad_models.training.classifier import MAP_STRIDE, at_side, normals, pair_loss
from cad_models.training.data import NO_FINDING
from cad_models.training.weak import PAIRS, lessons, order_loss, teachers
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


def test_an_unknown_label_costs_nothing():
    network, batch = small().eval(), batch_of(4)
    before = pair_loss(network, batch)
    batch["map"][0, 3] = 1.0  # what the map of an unknown label says can't matter
    assert torch.allclose(before, pair_loss(network, batch))


def test_the_coarse_batch_has_the_coarse_grid():
    batch = at_side(batch_of(2), 128)
    cells = 128 // MAP_STRIDE
    assert batch["film"].shape[-1] == 128
    assert batch["region"].shape[-1] == batch["map"].shape[-1] == cells
    scores, maps = small().eval()(batch["film"], batch["region"])
    assert maps.shape[-1] == cells
    assert torch.isfinite(scores).all()


def test_the_order_loss_falls_when_the_order_is_learnt():
    network = small()
    torch.manual_seed(2)
    film = torch.rand(2 * PAIRS, 1, SIZE, SIZE) * 0.2
    film[:PAIRS, :, 120:160, 40:90] += 0.6
    region = torch.ones(2 * PAIRS, 1, MAP_SIZE, MAP_SIZE)
    batch = {"film": film, "region": region, "label": torch.tensor(2.0)}
    optimizer = torch.optim.Adam(network.parameters(), 2e-3)
    losses = []
    for _ in range(12):
        loss = order_loss(network, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


@needs_data
def test_only_training_patients_are_painted_or_teach():
    for film in [*normals(DATA), *teachers(DATA)]:
        assert film.split == "train"
        assert film.source in {"nih", "shenzhen", "kermany"}


@needs_data
def test_painted_films_are_normal():
    assert all(f.labels.get(NO_FINDING) or f.labels.get("Tuberculosis") is False for f in normals(DATA))


@needs_data
def test_a_lesson_stays_in_one_source_and_view_and_among_abnormal_films():
    records = teachers(DATA)
    for lesson in lessons(records):
        chosen = [records[i] for i in (*lesson.having, *lesson.lacking)]
        assert len({(f.source, f.view) for f in chosen}) == 1
        if lesson.label in {"Effusion", "Atelectasis", "Edema"}:
            assert not any(f.labels[NO_FINDING] for f in chosen)
