"""The user's reports: taken in once, without their patients, and taken out again."""

import json

import pytest

from chatcad.cases import add, listed, remove
from chatcad.cases.archive import archive_path
from chatcad.cases.clean import GAP, clean
from chatcad.cases.files import read_reports
from chatcad.cases.reports import Picture, claims_of
from chatcad.config import Settings
from chatcad.errors import KnowledgeInvalid

RAW = """PATIENT NAME: Quill, Zebedee
MRN: 00483921   DOB: 03/04/1951
EXAMINATION: Chest radiograph
INDICATION: 74 year old woman with pneumonia, seen by Dr. Hollowby.
COMPARISON: Film of March 3, 2021.
FINDINGS: There is a small right pleural effusion. The heart is enlarged.
No pneumothorax. Findings were discussed with Dr. Hollowby at 14:20 on 12 March 2021.
IMPRESSION: Right pleural effusion, likely. Cardiomegaly as seen by Wibberley.
Electronically signed by: Penelope Thrushcross MD
"""
NAMES = ("Quill", "Zebedee", "00483921", "1951", "2021", "Hollowby", "Thrushcross", "Penelope", "Wibberley", "14:20")
ONE, ANOTHER, THIRD = (json.dumps({"text": t}) for t in ("There is a nodule.", "There is a mass.", "No mass."))


@pytest.fixture
def settings(tmp_path):
    return Settings(cache=tmp_path / "cache")


def write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_of_the_patient_is_kept():
    cleaned = clean(RAW)
    assert not [name for name in NAMES if name.lower() in cleaned.text.lower()]
    assert "small right pleural effusion" in cleaned.text
    assert GAP in cleaned.text
    assert cleaned.dropped["header lines"] >= 3
    assert cleaned.dropped["lines of history or technique"] >= 3
    assert cleaned.dropped["names, dates or identifiers"] >= 1


def test_the_history_is_no_finding():
    picture = Picture.of_claims(claims_of(clean(RAW).text))
    assert set(picture.flagged) == {"Effusion", "Cardiomegaly"}
    assert picture.denied == {"Pneumothorax"}


@pytest.mark.parametrize(
    "line",
    [
        "Name: John Brown", "patient: white, rose", "Accession number 12345678", "Dictated by Dr Long",
        "Date: 2020-01-02",
        "Referring physician: May Short", "Reported by: J. Small", "dr. brown", "Ward: 4 North",
    ],
)  # fmt: skip
def test_header_lines_are_refused(line):
    if "Accession number" not in line:
        assert clean(f"{line}\nThere is a nodule.").text == "There is a nodule."
    assert "12345678" not in clean(f"{line}\nThere is a nodule.").text


@pytest.mark.parametrize("name", ["smithson", "SMITHSON", "Smithson", "O'Smithson", "smithson-jones"])
def test_a_name_of_any_shape_is_left_out(name):
    for text in (f"There is a nodule in {name} on the right side.", f"{name} has a nodule on the right side today."):
        assert "smithson" not in clean(text).text.lower()


@pytest.mark.parametrize("told", ["Told to Dr. White.", "TOLD TO DR. ROSE WHITE.", "Seen by Dr. J. White on the film."])
def test_a_name_after_its_title_is_left_out_even_where_it_is_a_common_word(told):
    cleaned = clean(f"There is a nodule. {told} No effusion.")
    assert "white" not in cleaned.text.lower()
    assert cleaned.dropped["names, dates or identifiers"] == 1
    assert {c.label for c in claims_of(cleaned.text)} == {"Nodule", "Effusion"}


def test_capitals_throughout_are_read_as_words():
    assert clean("THERE IS A LARGE LEFT PLEURAL EFFUSION.").text == "There is a large left pleural effusion."


def test_reports_of_every_format_are_taken_in_once(settings, tmp_path):
    text = write(tmp_path, "one.txt", RAW)
    lines = write(
        tmp_path, "two.jsonl", "\n".join([json.dumps({"text": "There is a nodule."}), json.dumps("No mass.")])
    )
    table = write(tmp_path, "three.csv", 'id,Findings,Impression\n7,"Edema, mild.","Pulmonary edema."\n')
    first = add([text, lines, table], settings)
    assert (first.added, first.unchanged, first.refused) == (4, 0, {})
    assert "left out: " in str(first)
    again = add([text, lines, table], settings)
    assert (again.added, again.unchanged) == (0, 4)
    assert add([write(tmp_path, "copy.txt", RAW)], settings).unchanged == 1
    assert len(listed(settings)) == 4
    assert {r.origin for r in listed(settings)} == {"archive"}
    assert any(set(r.picture.flagged) == {"Edema"} for r in listed(settings))


@pytest.mark.parametrize("mark", ["\x0b", "\x85", "\u2028"])
def test_a_mark_that_python_takes_for_a_line_end_cuts_no_report(tmp_path, mark):
    report = f"The heart is large.{mark} No effusion."
    lines = write(tmp_path, "one.jsonl", json.dumps({"text": report}, ensure_ascii=False) + "\r\n")
    table = write(tmp_path, "two.csv", f"id,text\r\n1,{report}\r\n2,No mass.\r\n")
    if mark != "\x0b":  # which JSON must escape
        assert list(read_reports(lines)) == [report]
    assert list(read_reports(table)) == [report, "No mass."]


def test_the_store_holds_no_name_and_no_path(settings, tmp_path):
    add([write(tmp_path, "Quill_Zebedee.txt", RAW)], settings)
    stored = archive_path(settings).read_text(encoding="utf-8")
    assert not [name for name in NAMES if name in stored]


def test_a_report_goes_by_its_key_or_its_file(settings, tmp_path):
    lines = write(tmp_path, "two.jsonl", f"{ONE}\n{ANOTHER}\n{THIRD}")
    add([lines], settings)
    assert remove(listed(settings)[0].key, settings) == 1
    assert remove(str(lines), settings) == 2
    assert {r.origin for r in listed(settings)} == {"simulated"}
    with pytest.raises(KnowledgeInvalid, match="knowledge list --reports"):
        remove("case:none", settings)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.csv", "id,words\n1,x\n", "no column"),
        ("a.jsonl", "{broken", "line 1 is no JSON"),
        ("a.jsonl", "17", "neither"),
        ("a.pdf", "x", "no reports in it"),
        ("a.txt", "The weather is fine.", "no finding"),
    ],
)
def test_what_is_no_report_is_refused_with_its_reason(settings, tmp_path, name, content, why):
    outcome = add([write(tmp_path, name, content), tmp_path / "missing"], settings)
    assert outcome.added == 0
    assert any(why in reason for reason in outcome.refused)
    assert any("no such file" in reason for reason in outcome.refused)
