"""``report IMAGE --proofread``: what is printed, and what is refused before any network is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatcad.checking.proofread import proofread
from chatcad.cli import main
from chatcad.commands.report import LONGEST_REPORT, proof_as_text
from tests.factories import make_study


def test_every_sentence_is_listed_with_its_verdict_and_fact_and_the_counts_close() -> None:
    said = proof_as_text(proofread("Cardiomegaly is likely.\nPossible left effusion.\nNo fracture.", make_study()))
    assert "ok 1. Cardiomegaly is likely." in said
    assert "contradicts (side): says left" in said
    assert "[F2]" in said
    assert "?? 3. No fracture." in said
    assert "-- not mentioned: The cardiothoracic ratio is 0.57" in said
    assert "1 agree, 1 contradict, 1 not covered; 2 not mentioned, 0 clashes" in said


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xff", b"x" * (LONGEST_REPORT + 1)])
def test_a_report_that_cant_be_read_is_refused(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edited = tmp_path / "edited.txt"
    if content is not None:
        edited.write_bytes(content)
    assert main(["report", str(tmp_path / "film.png"), "--proofread", str(edited)]) == 2
    assert "the edited report" in capsys.readouterr().err
