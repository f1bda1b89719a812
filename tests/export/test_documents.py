"""FHIR, PDF and Markdown: read again, nothing of the patient's in them, the research-only line in each."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from pypdf import PdfReader

from chatcad import DISCLAIMER
from chatcad.errors import UsageError
from chatcad.export import Report, drafted, files, formats, worded
from chatcad.language import LANGUAGES, speaking, table, words_for
from chatcad.serialise import study_to_json
from chatcad.types import Sentence, Turn
from tests.factories import make_passage, make_study


def observations(release: str) -> dict[str, dict]:
    study = make_study()
    (content,) = (d for n, d in files(drafted(study), "fhir").items() if release in n)
    resources = [e["resource"] for e in json.loads(content)["entry"]]
    return {r["identifier"][0]["value"]: r for r in resources if r["resourceType"] == "Observation"}


@pytest.mark.parametrize("release", ["r4", "r5"])
def test_the_bundle_read_again_says_what_analyse_says(release):
    from fhir.resources import bundle as r5
    from fhir.resources.R4B import bundle as r4

    study = make_study(draft="Cardiomegaly is likely.")
    (content,) = (d for n, d in files(drafted(study), "fhir").items() if release in n)
    bundle = (r4 if release == "r4" else r5).Bundle.model_validate_json(content)
    main, *rest = (e.resource for e in bundle.entry)
    assert (main.status, main.get_resource_type()) == ("preliminary", "DiagnosticReport")
    assert main.conclusion.startswith(DISCLAIMER)
    assert {r.reference for r in main.result} <= {e.fullUrl for e in bundle.entry}
    assert all(getattr(r, "subject", None) is None for r in (main, *rest))
    seen = observations(release)
    said = study_to_json(study)
    for measurement in said["measurements"]:
        assert seen[measurement["id"]]["valueQuantity"]["value"] == measurement["value"]
    assert "low" not in seen["M1"]["referenceRange"][0], "a ratio has an upper bound only"
    for finding in said["findings"]:
        resource = seen[finding["id"]]
        numbers = {
            c["code"]["text"]: c["valueQuantity"]["value"] for c in resource["component"] if "valueQuantity" in c
        }
        assert numbers.get("Probability") == finding["probability"]
        if finding["state"] == "not_assessed":
            assert resource["dataAbsentReason"]["coding"][0]["code"] == "not-performed"
            assert "valueCodeableConcept" not in resource
        else:
            value = resource["valueCodeableConcept"]["coding"][0]
            assert (value["code"] == "272519000") == (finding["state"] == "absent")


def test_a_withheld_measurement_is_an_unknown_value():
    (content, _) = files(drafted(make_study(ctr=None)), "fhir").values()
    (ratio,) = (
        e["resource"] for e in json.loads(content)["entry"] if "M1" in json.dumps(e["resource"].get("identifier"))
    )
    assert ratio["dataAbsentReason"]["coding"][0]["code"] == "unknown"
    assert "valueQuantity" not in ratio


def pages(report: Report) -> list[str]:
    (content,) = files(report, "pdf").values()
    return [" ".join(p.extract_text().split()) for p in PdfReader(io.BytesIO(content)).pages]


@pytest.mark.parametrize("mode", ["clinician", "patient"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_page_has_the_research_line_and_its_number_in_the_language(mode, language):
    report = Report(make_study(), mode=mode, language=language)
    with speaking(language):
        words = table("document")
        cardiomegaly = words_for("Cardiomegaly").short
    text = pages(report)
    for number, page in enumerate(text, start=1):
        assert words["disclaimer"][mode][:60] in page
        assert words["page"].format(page=number, pages=len(text)) in page
    assert words["title"][mode] in text[0]
    if mode == "clinician":
        assert cardiomegaly[1:] in text[0]
        assert ("0.57" if language == "en" else "0,57") in text[0]


def test_what_is_not_flagged_or_not_assessed_is_never_called_absent():
    whole = " ".join(pages(drafted(make_study())))
    assert "Lung opacity not flagged, not ruled out 0.10" in whole
    assert "Not assessed by any network in use" in whole
    assert "absent" not in whole.lower()
    plain = " ".join(pages(Report(make_study(), mode="patient")))
    assert "Not looked for: nothing can be said" in plain
    assert "0.82" not in plain


@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_a_film_without_a_flagged_finding_is_not_called_clear(mode):
    quiet = make_study({"Effusion": ("weak", 0.1), "Edema": ("assessed", 0.04)}, ctr=0.45)
    whole = " ".join(pages(Report(quiet, mode=mode)))
    assert table("document")["nothing"][mode][:60] in whole
    assert ("not flagged, not ruled out" if mode == "clinician" else "Not pointed out, but not ruled out") in whole


def test_the_file_says_its_title_and_language_and_carries_its_fonts():
    (content,) = files(Report(make_study(), language="de"), "pdf").values()
    reader = PdfReader(io.BytesIO(content))
    assert reader.metadata.title == "Röntgen-Thorax: vorläufige Auswertung"
    assert reader.trailer["/Root"]["/Lang"] == "de"
    assert b"/FontFile2" in content
    assert reader.pages[0].mediabox.width == pytest.approx(595.3, abs=0.1)


def test_what_a_reader_wrote_is_words_and_may_be_long():
    written = Report(
        make_study(), "<b>Bold</b> & 5 < 6\n" + "Long line. " * 700, ("Äußerst ñandú. " * 500,), edited=True
    )
    whole = " ".join(pages(written))
    assert "<b>Bold</b> & 5 < 6" in whole
    assert "Impression, as a reader left it" in whole


def test_an_answered_question_brings_its_impression_and_sources():
    sentences = (
        Sentence("Cardiomegaly is likely.", ("F1",), "image", "kept"),
        Sentence("Guidelines say so.", ("P1",), "guideline", "kept"),
    )
    turn = Turn("?", sentences, (make_passage(1, "text"),), "clinician", "summary", (), False, 0.0, "aa", "scripted")
    report = worded(make_study(draft="Draft line."), turn)
    assert report.impression == ("Cardiomegaly is likely.",)
    whole = " ".join(pages(report))
    assert "Title 1 (A society, 2023)" in whole
    (text,) = files(report, "md").values()
    assert DISCLAIMER.encode() in text
    assert b"## Impression\n\n- Cardiomegaly is likely." in text


@pytest.mark.parametrize("wanted", ["md", "fhir", "sr"])
def test_what_a_reader_changed_is_said_to_be_a_readers(wanted):
    edited = replace(drafted(make_study(draft="No finding.")), edited=True)
    for report, said in ((edited, True), (drafted(make_study()), False)):
        content = next(d for n, d in files(report, wanted).items() if not n.startswith("film"))
        assert (b"as a reader left them" in content) == said


def test_formats_are_a_list_with_commas():
    assert formats("SR, seg") == ("sr", "seg")
    with pytest.raises(UsageError, match="'docx'"):
        formats("docx")


def test_a_film_without_masks_and_measurements_still_makes_a_document():
    bare = replace(make_study(), masks=None, measurements=())
    assert pages(Report(bare))
