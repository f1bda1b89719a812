"""One network that is damaged or fails costs its own part of a study, which says so; all else is read."""

import json
import shutil

import pytest

from cad_models import registry
from cad_models.choice import EMBEDDED
from cad_models.reader import CadReader
from cad_models.sparing import load_or_spare
from chatcad.cli import main
from chatcad.config import Settings
from chatcad.errors import ModelMissing
from chatcad.findings.wording import describe
from chatcad.llm.script import ScriptedChatModel
from chatcad.llm.writer import Writer
from chatcad.pipeline import ChatCAD, Conversation, read_film
from chatcad.serialise import study_to_json
from chatcad.ui.phantom import phantom_png
from chatcad.ui.tables import remarks_html
from tests.test_pipeline import Shelf, understand

FILM = phantom_png()


class Broken:
    """Fails in every way in which it is asked."""

    def __getattr__(self, name):
        def fail(*_):
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

        return fail


def test_a_missing_network_keeps_nothing_of_the_films_that_missed_it():
    def missing():
        raise ModelMissing("not there")

    absent = load_or_spare(missing, lenient=True)
    for _ in range(2):
        with pytest.raises(ModelMissing, match="not there") as raised:
            absent.read_labels("a film")
        assert len(raised.traceback) == 2  # this test and the stand-in: no frames of the film before


@pytest.fixture(scope="module")
def whole():
    return read(CadReader())


def read(reader):
    return read_film(FILM, reader, Settings())


@pytest.fixture
def damaged(tmp_path, monkeypatch):
    """A copy of the weights in which files can be damaged."""
    folder = tmp_path / "weights"
    shutil.copytree(registry.WEIGHTS, folder)
    monkeypatch.setattr(registry, "WEIGHTS", folder)
    registry._load.cache_clear()
    yield folder
    registry._load.cache_clear()


def flip_a_byte(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_without_its_classifier_a_film_is_still_measured(damaged, whole):
    flip_a_byte(damaged / "classifier.safetensors")
    with pytest.raises(ModelMissing, match=r"classifier.*corrupt"):
        CadReader()
    study = read(CadReader(lenient=True))
    (remark,) = study.missing
    assert remark.startswith("not assessed: the classifier could not be loaded: ") and "git checkout" in remark
    assert {f.state for f in study.findings} == {"not_assessed"}
    assert [m.value for m in study.measurements] == [m.value for m in whole.measurements]
    assert "classifier" not in study.run.weights_sha256
    assert "was not assessed" in describe(study.finding("Pneumothorax"), "clinician")
    assert study_to_json(study)["missing"] == [remark]
    assert "not assessed: the classifier" in remarks_html(study)


def test_an_answer_without_the_classifier(damaged):
    flip_a_byte(damaged / "classifier.safetensors")
    writer = Writer(ScriptedChatModel(replies=("",)), "scripted:test")
    chatcad = ChatCAD(CadReader(lenient=True), understand, Shelf(), writer, Settings(answer_seconds=2.0))
    turn = chatcad.answer("Is there a pneumothorax?", Conversation(chatcad.read(FILM)))
    assert "not assessed" in turn.answer
    assert "no pneumothorax" not in turn.answer.lower()


def test_the_command_line_prints_the_rest_and_leaves_with_4(damaged, tmp_path, capsys):
    flip_a_byte(damaged / "classifier.safetensors")
    film = tmp_path / "film.png"
    film.write_bytes(FILM)
    assert main(["analyse", str(film), "--json"]) == 4
    out, err = capsys.readouterr()
    assert json.loads(out)["measurements"][0]["value"] is not None
    assert err.count("\n") == 1 and "not assessed: the classifier" in err


@pytest.mark.parametrize("name", ["gate", "segmenter"])
def test_a_film_that_no_gate_has_seen_is_not_read(damaged, name):
    flip_a_byte(damaged / f"{name}.safetensors")
    with pytest.raises(ModelMissing, match=name):
        CadReader(lenient=True)


@pytest.mark.parametrize(
    ("part", "remark"),
    [
        ("_classifier", "not assessed: the classifier failed on this film (RuntimeError)"),
        ("_reporter", "no drafted report: the report network failed on this film"),
        ("_anatomy", "outlined by the embedded segmenter instead: the chosen segmenter failed"),
    ],
)
def test_a_network_that_raises_costs_its_own_part(monkeypatch, caplog, whole, part, remark):
    reader = CadReader(lenient=True)
    monkeypatch.setattr(reader, part, Broken())
    study = read(reader)
    assert len(study.missing) == 1 and study.missing[0].startswith(remark)
    assert "Traceback" in caplog.text
    assert [m.value for m in study.measurements] == [m.value for m in whole.measurements]
    assert study.draft_report
    if part != "_classifier":
        assert [f.probability for f in study.findings] == [f.probability for f in whole.findings]


def test_a_view_that_nobody_could_tell_is_unknown(monkeypatch):
    reader = CadReader(lenient=True)
    monkeypatch.setattr(reader, "_view", Broken())
    study = read(reader)
    assert study.view == "unknown"
    assert study.missing[0].startswith("view unknown: the view network failed")


def test_without_outlines_the_labels_are_still_read(monkeypatch):
    from cad_models import anatomy

    monkeypatch.setattr(anatomy, "clean", Broken().clean)
    study = read(CadReader(lenient=True))
    assert study.missing[0].startswith("not outlined or measured: the outlining failed")
    assert study.masks is None
    assert {m.value for m in study.measurements} == {None}
    assert any(f.probability is not None for f in study.findings)


def test_a_film_without_its_remarks_is_not_measured_as_it_says(monkeypatch):
    monkeypatch.setattr("cad_models.reader.remarks", Broken().remarks)
    study = read(CadReader(lenient=True))
    assert study.missing[0].startswith("not outlined or measured: the outlining failed")
    assert study.masks is None
    assert {m.value for m in study.measurements} == {None}


def test_a_marked_part_has_no_scores_without_the_classifier(monkeypatch, whole):
    reader = CadReader(lenient=True)
    monkeypatch.setattr(reader, "_classifier", Broken())
    assert reader.occluded(whole.radiograph, whole.masks, whole.view, (0.1, 0.1, 0.3, 0.3)) == {}


def test_whoever_must_not_miss_a_network_is_told(monkeypatch):
    reader = CadReader(EMBEDDED)
    monkeypatch.setattr(reader, "_classifier", Broken())
    with pytest.raises(RuntimeError, match="mat1"):
        read(reader)
