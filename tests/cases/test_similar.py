"""Similar cases: by facts as sets, a denial respected; style examples that can't be false; simulated reports."""

import time

import numpy as np
import pytest

from cad_models.labels import LABELS
from chatcad.cases.reports import Flag, Picture, Report, claims_of, key_of
from chatcad.cases.similar import LEAST, CaseStore, examples, gather, likeness
from chatcad.cases.simulated import draw_facts, simulate, simulated_reports
from chatcad.checking.draft import objection_to_line
from chatcad.config import Settings
from tests.factories import make_study

NOTHING = ("assessed", 0.02)
SURE = {"definite": 0.95, "likely": 0.7, "possible": 0.3}


def stored(*texts):
    return CaseStore.build([Report(key_of(t), t, claims_of(t), "archive") for t in texts])


def study_of(facts):
    flagged = {f.label: ("assessed", SURE[f.certainty]) for f in facts if f.certainty != "absent"}
    denied = {f.label: NOTHING for f in facts if f.certainty == "absent"}
    # "possible" is an uncertain finding: its probability is in that band and above a threshold of none.
    return make_study(
        {**denied, **flagged}, sides={f.label: f.side for f in facts if f.side}, draft=" ".join(map(str, facts))
    )


@pytest.fixture(scope="module")
def simulated():
    return CaseStore.build(simulated_reports())


def test_a_report_that_denies_the_finding_is_not_similar():
    study = make_study({"Pneumothorax": ("assessed", 0.8)}, sides={})
    store = stored("No pneumothorax.", "Pneumothorax is unlikely. There is a nodule.", "A pneumothorax is likely.")
    assert [c.text for c in store.like(study)] == ["A pneumothorax is likely."]


def test_a_report_that_flags_what_the_film_rules_out_is_not_similar():
    study = make_study({"Effusion": ("assessed", 0.8), "Edema": NOTHING}, sides={})
    store = stored("Pleural effusion is likely. There is pulmonary edema.", "Pleural effusion is likely.")
    assert [c.text for c in store.like(study)] == ["Pleural effusion is likely."]


def test_what_was_not_assessed_or_not_flagged_neither_joins_nor_parts():
    open_film = Picture.of_study(make_study({"Effusion": ("assessed", 0.8), "Edema": ("weak", 0.01)}, sides={}))
    assert open_film.denied == frozenset()
    said = Picture.of_claims(claims_of("Pleural effusion is likely. Pneumothorax was not assessed."))
    assert said == Picture({"Effusion": Flag(0.8)}, frozenset())
    assert likeness(open_film, said) == pytest.approx(1.0)


def test_the_same_set_goes_before_a_larger_one_and_the_same_side_before_the_other():
    study = make_study({"Effusion": ("assessed", 0.8)}, sides={"Effusion": "left"})
    exact, other_side = "Left pleural effusion is likely.", "Right pleural effusion is likely."
    more = "Left pleural effusion is likely. There is pulmonary edema."
    found = stored(other_side, more, exact).like(study)
    assert found[0].text == exact
    assert found[0].score > max(c.score for c in found[1:])
    assert {c.text: c.extra for c in found}[more] == ("Edema",)


def test_words_break_ties_only():
    film = make_study({"Effusion": ("assessed", 0.8)}, sides={}, draft="A large effusion.")
    plain, alike = "Pleural effusion is likely.", "A large pleural effusion is likely."
    assert [c.text for c in stored(plain, alike).like(film)] == [alike, plain]


def test_a_film_without_findings_is_like_a_report_without():
    film = make_study({"Effusion": NOTHING}, sides={})
    found = stored("No pleural effusion.", "There is a nodule.").like(film)
    assert [c.text for c in found] == ["No pleural effusion."]


def test_nothing_is_forced():
    film = make_study({"Effusion": ("assessed", 0.8)}, sides={})
    assert stored("There is a nodule. There is a mass.").like(film) == ()


def test_fifty_simulated_studies_find_their_own_set_and_no_denial(simulated):
    """Nor does any case that is shown flag what the film rules out."""
    rng = np.random.default_rng(5)
    pictures = dict(zip((r.key for r in simulated.reports), simulated.pictures, strict=True))
    same = 0
    for _ in range(50):
        labels = tuple(rng.choice(LABELS, size=int(rng.integers(0, 4)), replace=False).tolist())
        study = study_of(draw_facts(labels, rng))
        film, found = Picture.of_study(study), simulated.like(study)
        same += bool(found) and pictures[found[0].key].flagged.keys() == film.flagged.keys()
        for case in found:
            assert case.score >= LEAST
            assert not pictures[case.key].denied & film.flagged.keys()
            assert not film.denied & pictures[case.key].flagged.keys()
    assert same >= 45, f"{same} of 50 best cases flag the same set"


def test_the_parser_reads_out_of_a_simulated_report_what_was_drawn():
    for report in simulated_reports()[::12]:
        assert Picture.of_claims(claims_of(report.text)) == report.picture, report.text


def test_simulated_reports_are_quick_some_hundred_and_the_same_on_every_run():
    simulated_reports.cache_clear()
    start = time.perf_counter()
    first = simulated_reports()
    assert time.perf_counter() - start < 2.0
    simulated_reports.cache_clear()
    assert simulated_reports() == first
    assert 300 <= len(first) <= 1000
    assert {r.origin for r in first} == {"simulated"}


def test_examples_are_at_most_two_and_true_of_this_film(simulated):
    study = make_study()
    lent = examples(simulated.like(study, k=20), study)
    assert 1 <= len(lent) <= 2
    assert all(objection_to_line(line, study) is None for line in lent)
    false = examples(stored("Pulmonary edema is definite. Cardiomegaly is likely.").like(study), study)
    assert "Pulmonary edema is definite." not in false


def test_cases_are_looked_up_for_their_question_and_the_impression_and_never_for_a_patient(tmp_path):
    settings, study = Settings(cache=tmp_path), make_study()
    assert gather("similar", study, "clinician", settings)
    assert gather("summary", study, "clinician", settings)
    assert gather("finding", study, "clinician", settings) == ()
    assert gather("similar", study, "patient", settings) == ()


def test_a_simulated_report_names_its_facts():
    facts = draw_facts(("Effusion",), np.random.default_rng(1))
    report = simulate(facts, np.random.default_rng(1))
    assert "Effusion" in report.picture.flagged
    assert report.key == key_of(report.text)
