"""The report benchmark: the labeller hears denials and hedges, scores are exact, unknown cells are left out."""

from types import SimpleNamespace

import numpy as np
import pytest

from cad_models.training.data import Film
from chatcad.errors import ImageRefused
from evaluation.finding_scores import Scores, Truth
from evaluation.image_use import blanked, swapped
from evaluation.labeller import flagged_in, label_report
from evaluation.report import flagged, score
from evaluation.report_films import FEWEST, Read, judged_labels, truth_of
from evaluation.report_writers import all_positive, checked_report, constant
from tests.factories import make_study

LABELS = ("Cardiomegaly", "Edema", "Consolidation", "Atelectasis", "Effusion")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Pleural effusion is likely on the right side.", "said"),
        ("There is an effusion.", "said"),
        ("Pleural effusion is possible.", "possible"),
        ("An effusion cannot be excluded.", "possible"),
        ("No pleural effusion.", "denied"),
        ("Pleural effusion is unlikely.", "denied"),
        ("Not flagged by weak detectors, and not ruled out: pleural effusion, nodule.", "open"),
        ("Not assessed by any network in use: pleural effusion.", "open"),
        ("No effusion on the left. There is an effusion on the right.", "said"),
        ("Pleural effusion is possible. Not assessed: pneumonia.", "possible"),
    ],
)
def test_the_labeller_hears_denial_hedge_and_silence(text, verdict):
    assert label_report(text)["Effusion"] == verdict


def test_possible_is_counted_as_one_asks():
    text = "Pleural effusion is possible. Pulmonary edema is likely. No nodule."
    assert flagged_in(text) == {"Effusion", "Edema"}
    assert flagged_in(text, possible=False) == {"Edema"}


def truth(values, known=None):
    values = np.array(values, dtype=bool)
    known = np.ones_like(values) if known is None else np.array(known, dtype=bool)
    return Truth(LABELS[: values.shape[1]], values, known, tuple(f"p{i}" for i in range(len(values))))


def test_precision_recall_and_f1_by_hand():
    true = truth([[1], [1], [0], [0]])
    precision, recall, f1 = Scores(np.array([[1], [0], [1], [0]], dtype=bool), true).of_label("Cardiomegaly")
    assert (precision[0], recall[0], f1[0]) == (0.5, 0.5, 0.5)
    assert precision[1] <= 0.5 <= precision[2]


def test_what_a_source_does_not_state_is_no_error():
    true = truth([[1, 0], [0, 0]], known=[[1, 0], [1, 1]])
    said = np.array([[1, 1], [0, 0]], dtype=bool)
    assert Scores(said, true).micro(LABELS[:2])[2] == (1.0, 0.0, 1.0)  # a draw without a positive film has an F1 of 0
    assert true.support("Edema") == (1, 0)


def test_micro_pools_the_cells_and_macro_the_labels():
    true = truth([[1, 1], [1, 0], [1, 0]])
    scores = Scores(np.array([[1, 0], [1, 0], [1, 0]], dtype=bool), true)
    assert scores.micro(LABELS[:2])[2][0] == pytest.approx(6 / 7)
    assert scores.macro(LABELS[:2])[0] == pytest.approx(0.5)


def test_the_interval_draws_patients_not_films():
    values = np.array([[1], [1], [0], [0]], dtype=bool)
    one = Truth(LABELS[:1], values, np.ones_like(values), ("p", "p", "p", "p"))
    precision, _, _ = Scores(np.ones_like(values), one).of_label("Cardiomegaly")
    assert precision == (0.5, 0.5, 0.5)


def test_the_degenerate_writers():
    true = truth([[1, 0], [1, 1], [0, 0]])
    assert all_positive(true).all()
    assert constant(true).tolist() == [[True, False]] * 3


def film(patient, **labels):
    return Film("nih", patient, None, None, patient, "test", "unknown", "unknown", None, labels)


def test_the_truth_is_what_the_source_states():
    films = [film(f"p{i}", Edema=True) for i in range(FEWEST)] + [film("q", Edema=False), film("r", Tuberculosis=True)]
    true = truth_of(films)
    assert true.support("Edema") == (FEWEST + 1, FEWEST)
    assert true.support("Tuberculosis") == (1, 1)
    assert judged_labels(true) == ("Edema",)


def test_a_swapped_film_of_the_same_patient_proves_nothing():
    study = make_study()
    read = [
        Read(film("p"), study, ""),
        Read(film("p"), study, ""),
        Read(film("q"), study, ""),
        Read(film("p"), study, ""),
    ]
    words, labels = swapped(read, ["No mass.", "No mass.", "No nodule.", "No mass."])
    assert (words["n"], words["value"]) == (2, 1.0)
    assert labels["value"] == 1.0


def test_figures_name_their_support_and_writer():
    true = truth([[1, 0, 0, 0, 0], [0, 0, 0, 0, 1]])
    texts = ["Cardiomegaly is likely.", "No pleural effusion."]
    figures = score("a writer", flagged(texts, true), true, LABELS)
    by_name = {f["what"]: f["value"] for f in figures}
    assert by_name["Cardiomegaly, F1 (1 with)"] == 1.0
    assert by_name["Effusion, recall (1 with)"] == 0.0
    assert by_name["five findings, micro recall"] == 0.5
    assert {f["on"] for f in figures} == {"a writer"}


def test_the_checked_report_is_the_draft_and_the_impression():
    from tests.test_pipeline import system

    study = make_study(draft="Cardiomegaly is likely.")
    text = checked_report(system(replies=lambda messages: ""), study, "P1")
    assert text.startswith("Cardiomegaly is likely.\n")
    assert "0.57" in text
    assert "Research tool" not in text


@pytest.mark.parametrize(
    ("draft", "changed"), [(lambda *_: "No finding.", 0.0), (lambda film, *_: str(film.pixels.mean()), 1.0)]
)
def test_a_drafter_that_does_not_look_at_the_film_is_found_out(monkeypatch, draft, changed):
    """Found: the network's draft of a blank was compared with the template's draft of the film."""
    networks = {"eye": SimpleNamespace(read_labels=lambda *_: ()), "pen": SimpleNamespace(draft=draft)}
    monkeypatch.setattr("evaluation.image_use.registry.load", networks.__getitem__)
    reader = SimpleNamespace(read_many=lambda films: [ImageRefused("blank") for _ in films])
    read = [Read(None, make_study(), "a draft of somebody else")]
    found = blanked(read, reader, {"classifier": "eye", "reporter": "pen"})
    assert [f["value"] for f in found if "behind the gate" in f["what"]] == [changed, changed]
    assert [f["value"] for f in found if "refused" in f["what"]] == [1.0, 1.0]
