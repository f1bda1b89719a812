import json
import re
from pathlib import Path

import pytest

from chatcad.config import load_settings
from chatcad.retrieval.medquad import clean, load_medquad, medquad_path

DATA = load_settings().data
needs_data = pytest.mark.skipif(not medquad_path(DATA).is_file(), reason=f"no {medquad_path(DATA)}: set CHATCAD_DATA")


def test_absent_data_give_nothing(tmp_path: Path) -> None:
    assert load_medquad(tmp_path) == ()


def test_cleaning_joins_lists_and_drops_cross_references() -> None:
    assert clean("Signs include:  - Cough - Fever (See the glossary.) NIH: National Institute") == (
        "Signs include: Cough; Fever"
    )


def test_only_chest_topics_without_treatment_are_taken(tmp_path: Path) -> None:
    answer = "Pneumonia is an infection in one or both of the lungs and many germs can cause it in adults."
    rows = [
        {"source": s, "url": "https://example.org", "focus": f, "id": str(n), "chest_topic": chest,
         "qa": [{"type": kind, "question": "?", "answer": answer}]}
        for n, (s, f, chest, kind) in enumerate([
            ("NHLBI", "Pneumonia", True, "information"), ("NHLBI", "Pneumonia", True, "treatment"),
            ("NHLBI", "Gout", False, "information"), ("GARD", "Pneumonia", True, "information"),
            ("CDC", "Brain Aneurysm", True, "information"),
        ])
    ]  # fmt: skip
    path = medquad_path(tmp_path)
    path.parent.mkdir()
    path.write_text("\n".join(map(json.dumps, rows)))
    (record,) = load_medquad(tmp_path)
    assert (record.audience, record.year, record.findings) == ("patient", 2019, ("Pneumonia",))
    assert "CC BY 4.0" in record.source
    assert "Ben Abacha" in record.source


@needs_data
def test_the_real_data_become_short_quotable_passages() -> None:
    records = load_medquad(DATA)
    assert len(records) > 200
    assert len({r.key for r in records}) == len(records)
    assert all(len(r.text) <= 450 and r.url.startswith("http") for r in records)
    assert not [r.key for r in records if re.search(r"\d\s*mg\b|HPO", r.text)]
    assert {"Pneumonia", "Tuberculosis", "Emphysema"} <= {f for r in records for f in r.findings}
