import numpy as np

from cad_models.saliency import HEAT_SIZE, heat_map, peak

REGION = np.zeros((28, 28), dtype=bool)
REGION[4:24, 3:25] = True


def evidence_at(row: int, column: int) -> np.ndarray:
    evidence = np.full((28, 28), -6.0, dtype=np.float32)
    evidence[row, column] = 4.0
    return evidence


def test_heat_lies_where_the_evidence_is():
    heat = heat_map(evidence_at(10, 7), REGION)
    assert heat.shape == (HEAT_SIZE, HEAT_SIZE)
    assert heat.dtype == np.float32
    assert 0 <= heat.min() <= heat.max() <= 1
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert abs(row / HEAT_SIZE - 10.5 / 28) < 0.03
    assert abs(column / HEAT_SIZE - 7.5 / 28) < 0.03


def test_evidence_outside_the_thorax_is_not_shown():
    loud = evidence_at(10, 7)
    loud[0, 0] = 50.0
    assert heat_map(loud, REGION)[:8, :8].max() == 0
    assert peak(loud, REGION) == (10.5 / 28, 7.5 / 28)


def test_heat_of_an_empty_region_is_nothing():
    assert heat_map(evidence_at(3, 3), np.zeros((28, 28), dtype=bool)).max() == 0
