from evaluation.cad import BARS, Bar, line, row
from evaluation.figures import figure


def test_a_bar_finds_its_figure_and_not_that_of_a_longer_name():
    figures = [
        figure("Effusion, AUROC", "nih64 abnormal (3 with)", 9, (0.7, 0.6, 0.8)),
        figure("Effusion, AUROC", "nih64 against no finding (3 with)", 8, (0.86, 0.8, 0.9)),
        figure("Effusion, AUROC of an 8×8 thumbnail", "nih64 against no finding (3 with)", 8, (0.5, 0.4, 0.6)),
    ]
    found = row(Bar("classifier", "Effusion, AUROC", "nih64 against no finding", 0.85), figures)
    assert found["figure"]["value"] == 0.86
    assert found["reached"]
    assert "0.860 [0.800, 0.900] n=8" in line(found)


def test_a_bar_may_be_an_upper_one():
    bar = Bar("segmenter", "error", "jsrt", 0.015, at_most=True)
    assert row(bar, [figure("error", "jsrt", 4, (0.012, 0.01, 0.02))])["reached"]
    assert not row(bar, [figure("error", "jsrt", 4, (0.016, 0.01, 0.02))])["reached"]


def test_what_was_not_measured_has_not_reached_its_bar():
    missing = row(BARS[0], [])
    assert not missing["reached"]
    assert "not measured" in line(missing)


def test_every_bar_is_asked_of_a_benchmark_that_exists():
    from chatcad.commands.eval import benchmarks

    assert {b.benchmark for b in BARS} <= set(benchmarks())
