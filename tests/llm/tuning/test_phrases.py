import random
from collections import defaultdict
from dataclasses import replace

import pytest

from chatcad.checking import Facts
from chatcad.checking.settle import objection_to
from chatcad.findings.measure import measure
from chatcad.findings.wording import describe, describe_measurement
from chatcad.llm.tuning.examples import Draws, branches
from chatcad.llm.tuning.phrases import EVERY, fill, phrases, read_back, split_of, word
from chatcad.llm.tuning.scenes import scene
from chatcad.types import Statement
from tests.factories import make_study

draw = random.Random
LEAST_FRAMES = {"finding": 12, "measurement": 6}


def statement_of(finding, mode):
    return Statement(describe(finding, mode), (finding.id,), "image")


@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_every_fact_is_read_back_into_its_kind(mode):
    study = make_study()
    kinds = {f.label: read_back(describe(f, mode), mode).kind for f in study.findings}
    assert kinds["Cardiomegaly"] == "likely"
    assert kinds["Effusion"] == "possible"
    assert kinds["Edema"] == "absent"
    assert kinds["Lung Opacity"] == "not_flagged"
    assert kinds["Fracture"] == "not_assessed"
    said = read_back(describe(study.finding("Effusion"), mode), mode)
    assert said.label == "Effusion"
    assert "right" in said.slots["where"]
    measured = [read_back(text, mode) for m in study.measurements for text in describe_measurement(m, mode)]
    assert [m.kind for m in measured] == ["measurement above", "caveat"]


def test_a_quotation_is_of_no_kind():
    assert read_back("Thoracic ultrasound confirms a suspected pleural effusion.", "clinician") is None


def test_there_are_enough_frames_of_each_kind():
    for mode in ("clinician", "patient"):
        assert min(map(len, phrases()["findings"][mode].values())) >= LEAST_FRAMES["finding"]
    measured = phrases()["measurements"]
    assert min(map(len, measured["clinician"].values())) >= LEAST_FRAMES["measurement"]
    assert (
        min(len(v) for states in measured["patient"].values() for v in states.values()) >= LEAST_FRAMES["measurement"]
    )
    assert min(map(len, phrases()["caveats"].values())) >= LEAST_FRAMES["measurement"]


def test_every_caveat_that_a_measurement_can_carry_has_frames():
    masks = make_study().masks
    for view in ("PA", "AP", "unknown"):
        for m in measure(masks, view, (1.0, 6.0)):
            for mode in ("clinician", "patient"):
                for text in describe_measurement(m, mode):
                    assert read_back(text, mode) is not None, text


def test_held_out_frames_are_never_drawn_in_training():
    frames = tuple(phrases()["findings"]["clinician"]["likely"])
    held_out = split_of(frames, "held_out")
    assert len(held_out) == len(frames) // EVERY
    assert not set(held_out) & set(split_of(frames, "train"))
    said = replace(read_back("Cardiomegaly is likely (probability 0.82).", "clinician"), frames=tuple("abcde"))
    drawn = {word(said, "clinician", "finding", draw(i))[-1] for i in range(60)}
    assert drawn == set("abcd")


def test_what_is_plural_is_said_so():
    frame = "{A} {was} not flagged, but {it} can't be ruled out: nothing rules {it} out."
    slots = {"a": "tubes, lines or devices", "is": "are", "was": "were", "it": "them", "its": "their"}
    assert fill(frame, slots).startswith("Tubes, lines or devices were not flagged, but they can't be ruled out")
    assert fill(frame, slots).endswith("rules them out.")


def test_all_wordings_of_a_fact_pass_the_check():
    """Sides, numbers and certainty survive every frame; the few refusals are stated."""
    refused, tried = defaultdict(list), 0
    for sides in ({"Effusion": "right"}, {"Effusion": "bilateral"}, {}):
        study = make_study(sides=sides)
        for mode in ("clinician", "patient"):
            for finding in study.findings:
                statement = statement_of(finding, mode)
                said = read_back(statement.text, mode)
                for seed in range(5):
                    draft = word(said, mode, "finding", draw(seed))
                    tried += 1
                    if why := objection_to(draft, statement, Facts(study)):
                        refused[why].append(draft)
    assert sum(map(len, refused.values())) <= 0.02 * tried, dict(refused)


def test_a_target_that_the_check_refuses_is_no_example():
    draws = Draws()
    made = [b for seed in range(6) for b in branches(seed, draws)[1]]
    assert len(made) > 12
    assert draws.share > 0.9
    assert any("was refused" in b.messages[1].content for b in made)
    for seed in range(6):
        answer = scene(draw(seed))
        for branch in branches(seed, Draws())[1]:
            assert objection_to(branch.target, branch.statement, answer.facts) is None


def test_the_same_seed_gives_the_same_examples():
    one, other = (branches(3, Draws())[1] for _ in range(2))
    assert [b.target for b in one] == [b.target for b in other]
