import numpy as np
import torch

from cad_models import registry
from cad_models.classifier import MAP_SIZE, SIZE, Classifier, FilmClassifier, log_mean_exp, run, thorax_region
from cad_models.labels import LABELS
from cad_models.saliency import HEAT_SIZE
from chatcad.types import Masks, Radiograph
from tests.cad_models.test_painting import phantom


def phantom_film() -> tuple[Radiograph, Masks]:
    film, anatomy = phantom()
    return Radiograph(film, "0" * 64), Masks(anatomy.right, anatomy.left, anatomy.heart, 1.0)


def test_shapes_of_scores_and_maps():
    network = Classifier(widths=(8, 12, 16, 20)).eval()
    scores, maps = network(torch.rand(2, 1, SIZE, SIZE), torch.ones(2, 1, MAP_SIZE, MAP_SIZE))
    assert scores.shape == (2, len(LABELS))
    assert maps.shape == (2, len(LABELS), MAP_SIZE, MAP_SIZE)


def test_log_mean_exp_lies_between_mean_and_maximum_and_ignores_the_outside():
    maps = torch.randn(3, 2, 6, 6) * 3
    region = torch.zeros(3, 1, 6, 6)
    region[:, :, 2:5, 1:4] = 1
    inside = maps[:, :, 2:5, 1:4].flatten(2)
    pooled = log_mean_exp(maps, region)
    assert (pooled >= inside.mean(2) - 1e-5).all()
    assert (pooled <= inside.amax(2) + 1e-5).all()
    loud = maps.masked_fill(region < 0.5, 100.0)
    assert torch.allclose(pooled, log_mean_exp(loud, region))


def test_the_region_of_a_white_lung_is_given_back_by_the_other_one():
    _, anatomy = phantom()
    both = thorax_region(anatomy.right, anatomy.left)
    one = thorax_region(np.zeros_like(anatomy.right), anatomy.left)
    assert (both & one).sum() > 0.8 * both.sum()


def test_the_region_of_no_lungs_is_the_film():
    empty = np.zeros((256, 256), dtype=bool)
    assert thorax_region(empty, empty).all()


def test_a_speck_of_a_lung_is_no_region():
    """A white-out leaves a few pixels; an empty region would give every label the probability 0."""
    speck, none = np.zeros((256, 256), dtype=bool), np.zeros((256, 256), dtype=bool)
    speck[100:102, 60:62] = True
    assert thorax_region(speck, none).all()


def test_the_region_leaves_out_corners_and_arms():
    _, anatomy = phantom()
    region = thorax_region(anatomy.right, anatomy.left)
    assert not region[:3].any()
    assert not region[:, :2].any()


def test_one_film_alone_reads_as_it_does_in_a_batch():
    network = Classifier(widths=(8, 12, 16, 20)).eval()
    film, anatomy = phantom()
    region = thorax_region(anatomy.right, anatomy.left)
    alone, _ = run(network, film, region)
    films = torch.from_numpy(np.stack([film, 1 - film]))[:, None]
    with torch.inference_mode():
        together, _ = network(films, torch.from_numpy(np.stack([region, region]))[:, None])
    assert np.allclose(alone, together[0].numpy(), atol=1e-4)


def test_the_shipped_classifier_reads_every_label_in_its_place():
    readings = registry.load("classifier").read_labels(*phantom_film(), "PA")
    assert tuple(r.label for r in readings) == LABELS
    for reading in readings:
        if reading.reliability == "not_assessed":
            assert reading.probability is None
            continue
        assert 0 <= reading.probability <= 1
        fires = reading.probability >= reading.threshold
        assert (reading.heat_map is not None) == fires
        if fires:
            assert reading.heat_map.shape == (HEAT_SIZE, HEAT_SIZE)


def test_a_wide_heart_makes_cardiomegaly_likelier():
    classifier: FilmClassifier = registry.load("classifier")
    point = classifier.points["Cardiomegaly"]
    assert point.probability(0.0, 0.60) > point.probability(0.0, 0.45)
