"""SR, SEG and SC read again: values equal to the study's, identity from the source alone, no errors by dciodvfy."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import highdicom as hd
import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import ComprehensiveSRStorage

from chatcad import DISCLAIMER, imaging
from chatcad.config import ROOT
from chatcad.errors import ExportRefused
from chatcad.export import DICOM, drafted, files, source
from chatcad.export.codes import FINDINGS, MEASUREMENTS, PRIVATE, STATES
from chatcad.imaging import metadata
from chatcad.serialise import study_to_json
from chatcad.sessions.codec import decode_study, encode_study
from chatcad.types import Masks, Radiograph
from chatcad.vocabulary import terms
from tests.factories import make_study

from .films import UIDS, dicom_film, studied

ORIENTATIONS = [["L", "F"], ["R", "F"], ["L", "H"], ["F", "L"], ["H", "R"], ["F", "R"]]


def exported(data: bytes | None, study, wanted) -> dict[str, Dataset]:
    return {n: dcmread(io.BytesIO(d)) for n, d in files(drafted(study), wanted, data).items()}


def only(data: bytes, study, wanted) -> Dataset:
    (made,) = exported(data, study, wanted).values()
    return made


def test_every_label_and_measurement_has_a_code_and_ours_are_declared_as_ours():
    from chatcad.findings.measure import NAMES

    assert set(FINDINGS) == set(terms())
    assert set(MEASUREMENTS) == set(NAMES)
    codes = [*FINDINGS.values(), *MEASUREMENTS.values(), *STATES.values()]
    assert {c.scheme_designator for c in codes} <= {"SCT", "DCM", PRIVATE}
    assert len(set(codes)) == len(codes)
    assert all((len(c.meaning) <= 64 and len(c.value) <= 16) or c.scheme_designator == PRIVATE for c in codes)


def test_the_sr_read_again_says_what_analyse_says():
    data = dicom_film()
    study = studied(data)
    made = only(data, study, "sr")
    assert made.SOPClassUID == ComprehensiveSRStorage
    assert (made.PreliminaryFlag, made.VerificationFlag, made.CompletionFlag) == (
        "PRELIMINARY",
        "UNVERIFIED",
        "PARTIAL",
    )
    report = hd.sr.srread(io.BytesIO(files(drafted(study), "sr", data)[f"sr-{drafted(study).film}.dcm"]))
    groups = report.content.get_image_measurement_groups()
    said = study_to_json(study)
    assert {m.name.value: m.value for m in groups[0].get_measurements()} == {
        MEASUREMENTS[m["name"]].value: m["value"] for m in said["measurements"]
    }
    by_id = {g.tracking_identifier: g for g in groups[1:]}
    for finding in said["findings"]:
        group = by_id[finding["id"]]
        assert group.finding_type == FINDINGS[finding["label"]]
        presence, detector = (e.value for e in group.get_qualitative_evaluations())
        assert presence == STATES[finding["state"]]
        numbers = {m.name.meaning: m.value for m in group.get_measurements()}
        assert numbers.get("Probability") == finding["probability"]
        if finding["reliability"] == "weak":
            assert detector.value == "WEAK"
            assert presence.meaning != "Absent"
        if finding["state"] == "not_assessed":
            assert (presence.value, numbers) == ("NOT_ASSESSED", {})
    right = by_id["F2"].finding_sites[0]
    assert (right.value.meaning, right.laterality.meaning) == ("Pleural structure", "Right")
    assert "weights sha256 " + "cd" * 32 in made.to_json()
    texts = [i.TextValue for i in made.ContentSequence if i.RelationshipType == "CONTAINS" and i.ValueType == "TEXT"]
    assert texts[0] == DISCLAIMER
    assert study.draft_report.splitlines()[0] in texts
    assert made.CodingSchemeIdentificationSequence[0].CodingSchemeDesignator == PRIVATE


def test_a_withheld_measurement_has_no_value():
    study = replace(make_study(ctr=None), radiograph=make_study().radiograph)
    made = next(d for n, d in exported(None, study, "sr").items() if n.startswith("sr"))
    assert "WITHHELD" in made.to_json()


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("inverse", [False, True])
def test_the_outlines_lie_on_the_files_own_grid(orientation, inverse):
    data = dicom_film(PatientOrientation=orientation, inverse=inverse)
    header = dcmread(io.BytesIO(data))
    study = studied(data)
    made = only(data, study, "seg")
    assert (made.Rows, made.Columns) == (header.Rows, header.Columns)
    planes = made.pixel_array
    transpose, mirror, upend = metadata.turns(header)
    for plane, mask in zip(planes, (study.masks.right_lung, study.masks.left_lung, study.masks.heart), strict=True):
        turned = plane.T if transpose else plane
        assert np.array_equal(turned[:: -1 if upend else 1, :: -1 if mirror else 1].astype(bool), mask)
    labels = [(s.SegmentLabel, s.SegmentAlgorithmType) for s in made.SegmentSequence]
    assert labels == [("Right lung", "AUTOMATIC"), ("Left lung", "AUTOMATIC"), ("Heart", "AUTOMATIC")]
    kinds = [s.SegmentedPropertyTypeCodeSequence[0] for s in made.SegmentSequence]
    assert [k.CodeMeaning for k in kinds] == ["Lung", "Lung", "Heart"]
    assert kinds[0].SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning == "Right"


def test_without_outlines_there_is_no_seg():
    data = dicom_film()
    with pytest.raises(ExportRefused, match="outlined"):
        files(drafted(replace(studied(data), masks=None)), "seg", data)


@pytest.mark.parametrize("burned", [None, "YES", "NO"])
def test_the_capture_is_derived_and_claims_no_more_of_burned_in_text_than_the_source(burned):
    data = dicom_film(**({} if burned is None else {"BurnedInAnnotation": burned}))
    made = only(data, studied(data), "sc")
    assert made.SOPClassUID.name == "Secondary Capture Image Storage"
    assert made.ImageType[:2] == ["DERIVED", "SECONDARY"]
    assert made.PhotometricInterpretation == "RGB"
    assert made.get("BurnedInAnnotation") == burned
    assert made.SourceImageSequence[0].ReferencedSOPInstanceUID == dcmread(io.BytesIO(data)).SOPInstanceUID
    assert DISCLAIMER in made.ImageComments


@pytest.mark.parametrize("wanted", DICOM)
def test_identity_comes_from_the_source_file_and_only_into_dicom(wanted):
    data = dicom_film()
    study = studied(data)
    made = only(data, study, wanted)
    assert made.StudyInstanceUID == UIDS["StudyInstanceUID"]
    assert (str(made.PatientName), made.PatientID) == ("CANARY^Zebedée", "CANARY-4711")
    assert made.SeriesInstanceUID != UIDS["SeriesInstanceUID"]
    assert "CANARY HOSPITAL" not in made.to_json()
    for other in ("md", "fhir", "pdf"):
        for name, content in files(drafted(study), other, data).items():
            assert b"CANARY" not in content, name
            assert b"4711" not in content or other == "pdf", name
    unknown = exported(None, study, wanted)
    assert all("CANARY" not in d.to_json() and d.PatientID.startswith("UNKNOWN-") for d in unknown.values())
    assert len({d.StudyInstanceUID for d in unknown.values()}) == 1


def test_names_that_highdicom_finds_odd_reach_no_terminal(tmp_path):
    data = dicom_film(PatientName="CANARYONLY", ReferringPhysicianName="CANARYDOC")
    (tmp_path / "film.dcm").write_bytes(data)
    code = (
        "from pathlib import Path; from chatcad.export import DICOM, drafted, files; "
        "from tests.export.films import studied; data = Path('film.dcm').read_bytes(); "
        "[files(drafted(studied(data)), wanted, data) for wanted in DICOM]"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert "CANARY" not in done.stdout + done.stderr


def test_another_file_than_the_one_that_was_read_is_refused():
    study = studied(dicom_film())
    with pytest.raises(ExportRefused, match="changed"):
        source.source_of(dicom_film(PatientName="OTHER^PATIENT"), study)


def test_a_header_without_a_study_is_refused_in_one_line():
    data = dicom_film(StudyInstanceUID="")
    with pytest.raises(ExportRefused, match="StudyInstanceUID"):
        files(drafted(studied(data)), "sr", data)


@pytest.mark.parametrize("kind", ["1.2.3.4", "1.2.840.10008.5.1.4.1.1.29"])
def test_an_unusual_kind_of_image_is_refused_in_one_line(kind):
    data = dicom_film(SOPClassUID=kind)
    with pytest.raises(ExportRefused, match="SOP class"):
        files(drafted(studied(data)), "sr", data)


@pytest.mark.parametrize(
    ("charset", "name"),
    [("ISO_IR 100", "Müller^Jörg"), (["ISO 2022 IR 6", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎")],
)
def test_names_in_other_character_sets_arrive_whole(charset, name):
    data = dicom_film(SpecificCharacterSet=charset, PatientName=name)
    made = only(data, studied(data), "seg")
    assert (str(made.PatientName), made.SpecificCharacterSet) == (name, "ISO_IR 192")


def test_odd_headers_of_old_archives_still_get_results():
    data = dicom_film(
        PatientSex="X", PixelSpacing=[0, 0], ImagerPixelSpacing=[0, 0], StudyDate="2026.1.2", PatientAge="57"
    )
    for wanted in DICOM:
        assert only(data, studied(data), wanted).PatientID == "CANARY-4711"


def test_a_pictures_film_is_written_beside_what_refers_to_it():
    study = make_study()
    made = {n.split("-")[0]: d for wanted in DICOM for n, d in exported(None, study, wanted).items()}
    assert set(made) == {"film", "sr", "seg", "sc"}
    evidence = made["sr"].CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    assert evidence.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == made["film"].SOPInstanceUID
    assert (made["seg"].Rows, made["seg"].Columns) == (made["film"].Rows, made["film"].Columns)
    assert np.abs(made["film"].pixel_array / 65535 - study.radiograph.pixels).max() < 1e-4


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="no dciodvfy here: apt-get install dicom3tools")
@pytest.mark.parametrize("orientation", ORIENTATIONS[:2])
@pytest.mark.parametrize("given", [True, False])
def test_dciodvfy_finds_no_error(tmp_path, orientation, given):
    data = dicom_film(PatientOrientation=orientation)
    for wanted in DICOM:
        for name, content in files(drafted(studied(data)), wanted, data if given else None).items():
            (tmp_path / name).write_bytes(content)
    for path in sorted(tmp_path.iterdir()):
        said = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False).stderr
        assert not re.findall(r"^Error.*", said, re.MULTILINE), path.name


def test_the_films_reading_is_untouched_by_what_is_read_for_exports():
    data = dicom_film()
    assert "CANARY" not in repr(imaging.load(data))


def test_a_film_that_came_back_from_the_store_has_its_size_in_mm_and_its_outlines():
    masks = [np.zeros((1500, 1200), dtype=bool) for _ in range(3)]
    for mask, edge in zip(masks, (100, 700, 500), strict=True):
        mask[300:1200, edge : edge + 300] = True
    film = Radiograph(np.zeros((1500, 1200), np.float32), "ab" * 32, spacing_mm=(0.2, 0.2))
    read = replace(make_study(), radiograph=film, masks=Masks(*masks, quality=0.9))
    made = {n.split("-")[0]: d for n, d in exported(None, decode_study(encode_study(read)), "seg").items()}
    film, seg = made["film"], made["seg"]
    whole = next(d for n, d in exported(None, read, "sr").items() if n.startswith("film"))
    assert film.StudyInstanceUID == whole.StudyInstanceUID
    assert film.SOPInstanceUID != whole.SOPInstanceUID, "other pixels are another image"
    assert (film.Rows, film.Columns) == (seg.Rows, seg.Columns) == (1024, 819)
    assert film.SeriesDescription == "Smaller copy of the film, patient unknown"
    assert film.Rows * film.PixelSpacing[0] == pytest.approx(1500 * 0.2)
    assert film.Columns * film.PixelSpacing[1] == pytest.approx(1200 * 0.2)
    for drawn, mask in zip(seg.pixel_array, masks, strict=True):
        assert drawn.mean() == pytest.approx(mask.mean(), abs=0.002)
