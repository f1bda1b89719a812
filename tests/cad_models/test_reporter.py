import itertools

import numpy as np
import pytest
import torch

from cad_models import registry
from cad_models.labels import LABELS
from cad_models.report_grammar import SIDELESS, DraftFact, forms, names, say, write
from cad_models.reporter import END, NUMBERS, START, ReportDecoder, Vocabulary, beam_search, label_numbers, tokens
from cad_models.training.reporter import vocabulary
from chatcad.checking.claims import parse_claims
from chatcad.checking.draft import objection_to_line, split_sentences
from chatcad.types import LabelReading
from evaluation.reporter import macro_f1, micro_f1, said_in
from tests.cad_models.test_classifier import phantom_film
from tests.factories import make_masks, make_study

PROBABILITY = {"definite": 0.95, "likely": 0.7, "possible": 0.3, "absent": 0.05}


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("certainty", PROBABILITY)
def test_the_checker_keeps_every_sentence_of_the_grammar(label, certainty):
    side = None if label in SIDELESS or certainty == "absent" else "right"
    study = make_study({label: ("assessed", PROBABILITY[certainty])}, sides={label: "right"} if side else {})
    for variant in range(len(forms()[certainty])):
        sentence = say(DraftFact(label, certainty, side), variant)
        assert objection_to_line(sentence, study) is None, sentence


def test_the_checker_strikes_the_grammar_s_sentence_on_the_wrong_side():
    study = make_study({"Effusion": ("assessed", 0.7)}, sides={"Effusion": "right"})
    assert objection_to_line(say(DraftFact("Effusion", "likely", "left")), study) is not None


@pytest.mark.parametrize("side, zone", itertools.product(("right", "left", "bilateral"), ("upper", "mid", "lower")))
def test_a_sentence_means_what_it_was_written_for(side, zone):
    for variant in range(3):
        (claim,) = parse_claims(say(DraftFact("Effusion", "possible", side, zone), variant))
        assert (claim.label, claim.stance, claim.side, claim.zone) == ("Effusion", "possible", side, zone)


def test_the_surest_comes_first_and_each_fact_gets_one_sentence():
    facts = [
        DraftFact("Pneumothorax", "absent"),
        DraftFact("Effusion", "possible", "left"),
        DraftFact("Mass", "definite"),
    ]
    sentences = split_sentences(write(facts))
    assert [parse_claims(s)[0].label for s in sentences] == ["Mass", "Effusion", "Pneumothorax"]


def test_no_wording_has_numbers_or_speaks_of_change():
    for wording in itertools.chain(*forms().values()):
        assert not any(c.isdigit() for c in wording)
    assert set(names()) == set(LABELS)


def test_words_survive_the_vocabulary():
    words = vocabulary()
    text = "Pleural effusion is possible on the left side, lower zone. No sign of pneumothorax."
    assert words.decode(words.encode(text)) == text
    assert tokens(text)[-1] == "."


def test_label_numbers_follow_the_readings():
    heat = np.zeros((112, 112), np.float32)
    heat[60:85, 15:40] = 1.0  # the picture's left is the patient's right
    reading = LabelReading("Effusion", "weak", "n", 0.4, 0.3, heat_map=heat)
    table = label_numbers([reading], make_masks())
    assert table.shape == (len(LABELS), NUMBERS)
    assert table[0, :3].tolist() == [0, 1, 1]
    assert table[0, 3:5] == pytest.approx([0.4, 0.1])
    assert table[0, 5:7].tolist() == [1, 0]
    assert not table[1:].any()


def test_beam_search_finds_what_greedy_misses():
    class Fork(ReportDecoder):
        """First word 3 looks better, but only word 4 leads to a sure end."""

        def forward(self, memory, words):
            rows = []
            for line in words.tolist():
                step = torch.full((6,), -9.0)
                if line[-1] == START:
                    step[3], step[4] = 0.1, 0.0
                elif line[-1] == 4:
                    step[END] = 9.0
                elif line[-1] == 3:
                    step[5], step[3], step[END] = 0.0, 0.0, -0.1
                else:
                    step[END] = 0.0
                rows.append(step)
            return torch.stack(rows)[:, None].expand(-1, words.shape[1], -1)

    assert beam_search(Fork(6), torch.zeros(1, 2, 128))[1:] == [4, END]


def test_the_shipped_drafters_write_sentences_that_parse():
    film, masks = phantom_film()
    labels = registry.load("classifier").read_labels(film, masks, "PA")
    for name in ("reporter", "template"):
        for sentence in split_sentences(registry.load(name).draft(film, masks, "PA", labels)):
            assert parse_claims(sentence), sentence


def test_a_vocabulary_refuses_words_that_it_has_not():
    with pytest.raises(KeyError):
        Vocabulary(["<pad>", "<start>", "<end>", "clear"]).encode("cloudy")


def test_f1_of_reports():
    truth = np.array([[True, False], [True, False], [False, True]])
    assert micro_f1(truth, truth) == macro_f1(truth, truth) == 1
    assert micro_f1(np.ones_like(truth), truth) == pytest.approx(2 * 3 / (6 + 3))
    assert said_in("Pleural effusion is possible on the left side. No sign of edema.", ["Effusion", "Edema"]) == [
        True,
        False,
    ]
