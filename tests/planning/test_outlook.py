"""What is said of how it will go, and of whom it may reach."""

import pytest

from chatcad.planning import Asked, plan
from tests.factories import make_passage, make_study


@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_whether_others_can_catch_it_is_left_open_and_speaks_of_what_spreads(mode):
    spreads = make_passage(1, "TB germs spread through the air.", "Tuberculosis", topics=("safety",))
    asked = Asked("Will my kids catch it?", "next_step", ("Effusion",), ("next_step",), wants=frozenset({"catch"}))
    flagged = make_study({"Effusion": ("weak", 0.8), "Tuberculosis": ("weak", 0.8)})
    texts = [s.text for s in plan(asked, flagged, (spreads,), mode).statements]
    assert "TB" in texts[0] or "Tuberculosis" in texts[0]
    assert "can't tell" in texts[1]
    assert spreads.text in texts
    silent = make_study({"Effusion": ("weak", 0.8), "Tuberculosis": ("weak", 0.1)})
    assert spreads.text not in [s.text for s in plan(asked, silent, (spreads,), mode).statements]
