"""The labelled wordings: well formed, and the check stays as good on them as it was measured."""

from collections import Counter

from evaluation.cases import statement_of, study_of
from evaluation.checker import judge, load, measure

CASES = load()


def test_the_wordings_are_many_balanced_and_split():
    assert len({c.id for c in CASES}) == len(CASES) >= 440
    halves = Counter((c.split, c.right) for c in CASES)
    assert all(halves[split, right] >= 150 for split in ("dev", "test") for right in (True, False))
    assert {c.mode for c in CASES} == {"clinician", "patient"}


def test_a_line_becomes_a_study():
    study = study_of("AP; Effusion possible .46 right lower; Nodule not_flagged; cardiothoracic_ratio .57")
    effusion = study.finding("Effusion")
    assert (effusion.state, effusion.band, effusion.side, effusion.zone) == ("uncertain", "possible", "right", "lower")
    assert study.finding("Nodule").state == "not_flagged"
    assert study.finding("Fracture").state == "not_assessed"
    statement, _ = statement_of("cardiothoracic_ratio 1", study, "clinician")
    assert "AP film" in statement.text


def test_each_statement_passes_its_own_check():
    own = {(c.study, c.says, c.mode): c for c in CASES}.values()
    for case in own:
        statement, _ = statement_of(case.says, study_of(case.study), case.mode)
        worded = type(case)(**{f: getattr(case, f) for f in case.__slots__} | {"wording": statement.text})
        assert judge([worded])[0].objection is None, statement.text


def test_the_dev_half_stays_caught():
    figures = {f["what"]: f["value"] for f in measure(judge(c for c in CASES if c.split == "dev"), "dev")}
    assert figures["wrong wordings refused (recall)"] >= 0.98
    assert figures["right wordings that pass"] >= 0.9
