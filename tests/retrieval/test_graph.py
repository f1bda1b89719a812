from pathlib import Path

import pytest

from chatcad.config import ROOT
from chatcad.errors import KnowledgeInvalid
from chatcad.retrieval.graph import Graph, finding_graph, load_graph
from chatcad.retrieval.terms import LABELS

GRAPH = finding_graph()
TEXT = (ROOT / "knowledge" / "graph.yaml").read_text()


def names(graph: Graph, *present: str, absent: tuple[str, ...] = ()) -> list[str]:
    return [c.key for c in graph.candidates(present, absent)]


def test_every_label_is_in_the_graph_with_causes_checks_and_mimics() -> None:
    assert set(GRAPH.findings) == LABELS
    assert all(f.causes or label == "Support Devices" for label, f in GRAPH.findings.items())
    assert all(f.checks and f.mimics for f in GRAPH.findings.values())


def test_findings_together_rank_the_cause_that_explains_them_all_first() -> None:
    assert names(GRAPH, "Cardiomegaly", "Effusion", "Edema")[0] == "heart_failure"
    assert names(GRAPH, "Fracture", "Pneumothorax")[0] in {"rib_fracture", "chest_injury"}
    assert names(GRAPH) == []


def test_a_candidate_says_what_speaks_for_and_against_it_and_what_is_unknown() -> None:
    by_key = {c.key: c for c in GRAPH.candidates(["Edema", "Effusion"], absent=["Cardiomegaly"])}
    heart = by_key["heart_failure"]
    assert [label for label, _ in heart.speaks_for] == ["Edema", "Effusion"]
    assert heart.speaks_against == ("Cardiomegaly",)
    assert by_key["lung_injury"].unknown == ("Lung Opacity",)
    with_large_heart = {c.key: c for c in GRAPH.candidates(["Edema", "Cardiomegaly"])}
    assert with_large_heart["lung_injury"].speaks_against == ("Cardiomegaly",)


def test_an_absent_expected_finding_lowers_the_rank_and_removes_nothing() -> None:
    scores = [
        next(c.score for c in GRAPH.candidates(["Edema"], absent) if c.key == "heart_failure")
        for absent in ((), ("Cardiomegaly",))
    ]
    assert scores[1] < scores[0]


def test_a_causal_claim_is_known_direct_by_way_of_a_finding_or_not_at_all() -> None:
    edge = GRAPH.edge("heart_failure", "Edema")
    assert edge is not None
    assert edge.link == "strong"
    assert GRAPH.path("heart_failure", "Edema") == (edge,)
    assert [e.cause for e in GRAPH.path("heart_attack", "Lung Opacity")] == ["heart_attack", "edema"]
    assert GRAPH.path("goitre", "Fracture") == ()
    assert GRAPH.path("goitre", "No such label") == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The effusion may come from heart failure or pneumonia.", ("pleural_effusion", "heart_failure", "pneumonia")),
        ("A blood clot in the lung is possible.", ("pulmonary_embolism",)),
        ("Pulmonary hypertension widens the hila.", ("pulmonary_hypertension",)),
        ("High blood pressure over many years.", ("hypertension",)),
        ("Past work with asbestos.", ("asbestos",)),
        ("The waterfall is beautiful.", ()),
    ],
)
def test_causes_are_recognised_in_a_text(text: str, found: tuple[str, ...]) -> None:
    assert GRAPH.causes_in(text) == found


def test_every_cause_is_recognised_by_its_own_name() -> None:
    assert [key for key, c in GRAPH.causes.items() if key not in GRAPH.causes_in(c.name)] == []


def test_every_sign_is_recognised_by_its_name_and_favours_a_cause_that_explains_something() -> None:
    explained = {edge.cause for finding in GRAPH.findings.values() for edge in finding.causes}
    for key, sign in GRAPH.signs.items():
        assert key in (*GRAPH.signs_in(sign.name), *GRAPH.signs_in(sign.plain)), key
        assert {*sign.favours, *sign.opposes} <= explained, key
        assert (sign.asks is None) == (sign.plain_asks is None), key
    assert GRAPH.signs_in("The patient is well.") == ()


def test_a_search_is_widened_by_what_the_question_asks_for() -> None:
    assert "heart failure" in GRAPH.widen(["Cardiomegaly"], ["cause"])
    assert "echocardiography" in GRAPH.widen(["Cardiomegaly"], ["next_step"])
    assert GRAPH.widen(["Cardiomegaly"], ["safety"]) == ()
    assert len(GRAPH.widen(["Effusion"], ["cause"], most=2)) == 2


def test_two_causes_are_told_apart_by_a_check() -> None:
    (check,) = GRAPH.separations(["heart_failure", "lung_injury", "goitre"])
    assert check.check == "echocardiography"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("{cause: heart_failure, link: strong", "{cause: hart_failure, link: strong", "hart_failure"),
        ("link: strong", "link: huge", "link"),
        ("associated: [Edema", "associated: [Oedema", "Oedema"),
        ("  heart_failure: {name: heart failure, ", "  heart_failure: {", "name"),
        ("findings:\n", "findings: [\n", "YAML"),
    ],
)
def test_what_breaks_the_graph_is_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert old in TEXT
    broken = tmp_path / "graph.yaml"
    broken.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(KnowledgeInvalid, match=named):
        load_graph(broken)
