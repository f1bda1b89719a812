"""Public networks with random weights in the reader: readings without numbers, calibrated ones, heat, masks."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cad_models import local, registry
from cad_models.calibration import OperatingPoint
from cad_models.choice import EMBEDDED, choose, chosen
from cad_models.public import fetch
from cad_models.public.architectures import ARCHITECTURES
from cad_models.public.classifier import PublicClassifier, as_input, centre_square, on_film
from cad_models.public.pspnet import USED, Anatomy
from cad_models.reader import CadReader
from chatcad import imaging
from chatcad.config import load_settings
from chatcad.errors import ModelMissing, UsageError
from chatcad.findings import interpret
from chatcad.findings.bands import judge
from chatcad.findings.wording import describe
from chatcad.types import LabelReading, Radiograph
from chatcad.vocabulary import terms
from tests.cad_models.public_weights import published, settled
from tests.cad_models.real_data import DATA, needs_data
from tests.factories import make_masks

DENSENET = "densenet121-res224-all"
SLOW = [pytest.param(n, marks=pytest.mark.slow) for n in ("resnet50-res512-all", "jfhealthcare")]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CHATCAD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def film():
    return Radiograph(np.random.default_rng(0).random((96, 80), dtype=np.float32), sha256="ab" * 32)


@pytest.fixture(scope="module")
def classifier():
    return PublicClassifier(DENSENET, settled(DENSENET), registry.get(DENSENET).labels)


def point(reliability="assessed", threshold=0.5):
    return OperatingPoint("Effusion", reliability, (2.0, 0.0), 0.3, threshold, 0.8, 0.9, (0.9, 0.8, 0.95))


def test_the_middle_square_is_cut_as_torchxrayvision_cuts_it():
    pixels = np.arange(24, dtype=np.float32).reshape(4, 6)
    square, box = centre_square(pixels)
    assert np.array_equal(square, pixels[:, 1:5])
    assert box == (1 / 6, 0.0, 5 / 6, 1.0)


def test_grey_values_are_those_of_torchxrayvision():
    film = as_input(np.array([[0.0, 1.0], [0.5, 0.5]], dtype=np.float32), 2)
    assert film.flatten().tolist() == [-1024.0, 1024.0, 0.0, 0.0]


def test_heat_lies_on_its_part_of_the_film_and_inside_the_thorax():
    evidence = np.zeros((7, 7), np.float32)
    evidence[3, 1] = 2.0
    heat = on_film(evidence, (0.25, 0.0, 0.75, 1.0), make_masks())
    assert heat.max() == 1.0 and heat[:, :20].max() == 0.0
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert abs(row / 112 - 0.5) < 0.08 and abs(column / 112 - (0.25 + 0.5 * 1.5 / 7)) < 0.08
    assert on_film(np.zeros((7, 7), np.float32), (0.0, 0.0, 1.0, 1.0), make_masks()) is None


@pytest.mark.parametrize("name", [DENSENET, *SLOW])
def test_without_calibration_no_number_is_shown(name, film):
    network = PublicClassifier(name, settled(name), registry.get(name).labels)
    readings = network.read_labels(film, make_masks(), "PA")
    assert len(readings) >= 5
    assert {r.label for r in readings} <= set(terms()) & set(network.thresholds)
    for reading in readings:
        assert reading.reliability == "weak" and reading.probability is None and reading.threshold is None
        assert reading.fires is not None and judge(reading)[0] in {"uncertain", "not_flagged"}
        if reading.heat_map is not None:
            assert reading.heat_map.shape == (112, 112) and reading.heat_map.max() == 1.0


def test_it_fires_where_torchxrayvision_s_rescaled_output_passes_one_half(classifier, film):
    from torchxrayvision.models import model_urls, op_norm

    pixels, _ = centre_square(film.pixels)
    with torch.inference_mode():
        raw = torch.sigmoid(classifier.network(as_input(pixels, 224)))
        rescaled = op_norm(raw, torch.tensor(model_urls[DENSENET]["op_threshs"]))[0]
    theirs = dict(zip(classifier.labels, (rescaled >= 0.5).tolist(), strict=True))
    mine = {r.label: r.fires for r in classifier.read_labels(film, make_masks(), "PA")}
    assert mine == {label: theirs[label] for label in mine}


def test_a_label_that_the_publisher_never_trained_is_not_read():
    assert {"Enlarged Cardiomediastinum", "Lung Lesion"}.isdisjoint(ARCHITECTURES["resnet50-res512-all"].thresholds())


def test_the_words_of_an_uncalibrated_finding_hold_no_number(classifier, film):
    from chatcad.types import Gate, Reading

    masks = make_masks()
    labels = (
        LabelReading("Effusion", "weak", DENSENET, fires=True),
        LabelReading("Edema", "weak", DENSENET, fires=False),
    )
    study = interpret(film, Reading(Gate(True, 1.0), "PA", "network", labels, masks, "", {}))
    said = [
        describe(study.finding(label), mode) for label in ("Effusion", "Edema") for mode in ("clinician", "patient")
    ]
    assert study.finding("Effusion").state == "uncertain" and study.finding("Edema").state == "not_flagged"
    assert not any(c.isdigit() for text in said for c in text)


def test_a_calibrated_label_has_a_probability_from_the_raw_logit(classifier, film):
    score = classifier.scores(film)["Effusion"]
    calibrated = PublicClassifier(DENSENET, classifier.network, classifier.labels, {"Effusion": point()})
    reading = next(r for r in calibrated.read_labels(film, make_masks(), "PA") if r.label == "Effusion")
    assert reading.probability == pytest.approx(1 / (1 + np.exp(-(2.0 * score + 0.3))))
    assert (reading.reliability, reading.threshold, reading.sensitivity) == ("assessed", 0.5, 0.8)


def test_a_label_that_calibration_found_useless_is_not_assessed(classifier, film):
    calibrated = PublicClassifier(DENSENET, classifier.network, classifier.labels, {"Effusion": point("not_assessed")})
    reading = next(r for r in calibrated.read_labels(film, make_masks(), "PA") if r.label == "Effusion")
    assert judge(reading) == ("not_assessed", None)


def test_heat_depends_on_the_weights(classifier, film):
    label = next(n for n in classifier.labels if classifier.heat(n, film, make_masks()) is not None)
    torch.manual_seed(1)
    other = PublicClassifier(DENSENET, ARCHITECTURES[DENSENET].build(), classifier.labels)
    mine, theirs = (c.heat(label, film, make_masks()) for c in (classifier, other))
    assert theirs is None or np.abs(mine - theirs).mean() > 0.01


def test_threads_share_one_network(classifier, film):
    with ThreadPoolExecutor(3) as pool:
        readings = list(pool.map(lambda _: classifier.read_labels(film, make_masks(), "PA"), range(3)))
    first = [r.heat_map for r in readings[0]]
    for other in readings[1:]:
        for mine, theirs in zip(first, (r.heat_map for r in other), strict=True):
            assert (mine is None) == (theirs is None)
            assert mine is None or np.array_equal(mine, theirs)


class Painted(torch.nn.Module):
    """A segmenter that says which of its channels is which: each is certain on a band of its own."""

    def forward(self, film):
        maps = torch.full((1, 14, 512, 512), -9.0)
        for channel in range(14):
            maps[0, channel, channel * 36 : channel * 36 + 36] = 9.0
        return maps


def test_the_anatomy_network_gives_right_lung_left_lung_and_heart(film):
    network = registry.get("pspnet-chestx-det")
    maps = Anatomy(network.name, Painted(), network.labels).outline(film)
    assert maps.shape == (3, 256, 256) and maps.dtype == np.float32
    for probability, structure in zip(maps, USED, strict=True):
        row = (network.labels.index(structure) * 36 + 18) / 512
        assert probability[int(row * 256)].min() > 0.99 and (probability > 0.5).mean() == pytest.approx(
            36 / 512, abs=0.01
        )


def test_a_network_that_is_not_fetched_can_t_be_used(cache):
    with pytest.raises(UsageError, match="models get densenet121"):
        choose(DENSENET, cache)
    with pytest.raises(ModelMissing, match="models get densenet121"):
        registry.load(DENSENET)


def read(name):
    settings = load_settings()
    film = imaging.load(DATA / name, max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
    return CadReader(chosen(settings.cache)).read(film), film


@needs_data
def test_a_film_is_read_by_a_fetched_classifier_and_then_by_its_calibration(cache, tmp_path):
    fetch.get(registry.get(DENSENET), published(DENSENET, tmp_path))
    choose(DENSENET, cache)
    reading, film = read("originals/MCUCXR_0001_0.png")
    assert {r.network for r in reading.labels} == {DENSENET}
    assert reading.weights_sha256[DENSENET] == registry.get(DENSENET).sha256
    assert all(f.probability is None for f in interpret(film, reading).findings)
    write_calibration(DENSENET)
    reading, film = read("originals/MCUCXR_0001_0.png")
    assert interpret(film, reading).finding("Effusion").probability is not None
    assert len(reading.weights_sha256["calibration"]) == 64


@needs_data
@pytest.mark.slow
def test_a_film_is_outlined_by_a_fetched_segmenter(cache, tmp_path):
    fetch.get(registry.get("pspnet-chestx-det"), published("pspnet-chestx-det", tmp_path))
    choose("pspnet-chestx-det", cache)
    reading, film = read("originals/MCUCXR_0001_0.png")
    assert reading.gate.accepted and reading.masks.heart.shape == film.pixels.shape
    assert reading.masks.quality < 0.5, "random weights outline no chest, and the quality says so"


def write_calibration(name, sha256=None):
    file = local.calibration_file(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    found = {"weights_sha256": sha256 or registry.get(name).sha256, "labels": [asdict(point())]}
    file.write_text(json.dumps(found))


@pytest.fixture
def shipped(monkeypatch):
    """What the registry loads as the embedded classifier, without its network."""
    edema = OperatingPoint("Edema", "weak", (1.0, 0.0), 0.0, 0.5, 0.8, 0.9, (0.7, 0.6, 0.8))
    points = {"Effusion": replace(point(), bias=-1.0), "Edema": edema}
    classifier = SimpleNamespace(network=object(), points=points)
    monkeypatch.setattr(registry, "load", lambda name: {EMBEDDED["classifier"]: classifier}[name])
    return classifier


def test_a_local_calibration_is_laid_over_the_embedded_classifier(cache, shipped):
    write_calibration("classifier")
    own = local.classifier("classifier")
    assert own.points["Effusion"] == point() and own.network is shipped.network
    assert own.points["Edema"] == shipped.points["Edema"]
    assert shipped.points["Effusion"] != point(), "the shared network stays as it came"


def test_a_calibration_of_other_weights_is_not_used(cache, shipped):
    write_calibration("classifier", "0" * 64)
    assert not local.is_calibrated("classifier")
    assert local.classifier("classifier") is shipped


@pytest.mark.parametrize("content", ['{"weights_sha256": ', "{}", "[]"])
def test_a_damaged_calibration_is_said_with_its_remedy(cache, shipped, content):
    write_calibration("classifier")
    local.calibration_file("classifier").write_text(content)
    with pytest.raises(ModelMissing, match=r"damaged.*calibrate"):
        local.classifier("classifier")
