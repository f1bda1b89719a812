"""The allow-list: what leaves the header, what the header may refuse, and that nothing else leaves it."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, Sequence, uid

from chatcad.errors import ImageRefused
from chatcad.imaging import load, metadata

from .phantoms import CANARIES, as_bytes, film, picture

ROOT = Path(__file__).resolve().parents[2]


def reading(**elements):
    return load(as_bytes(film(12, **elements)))


def test_a_plain_film():
    radiograph = reading()
    assert (radiograph.view, radiograph.sex, radiograph.age_band, radiograph.modality) == ("PA", "F", "50-59", "CR")
    assert radiograph.spacing_mm == (0.2, 0.2)
    assert radiograph.warnings == ()


@pytest.mark.parametrize(
    ("position", "view"),
    [("PA", "PA"), ("AP", "AP"), ("ap ", "AP"), ("AP SUPINE", "AP"), ("CHEST_PA", "PA"), ("", "unknown"),
     ("PA/AP", "unknown"), ("PA LAT", "unknown"), ("X1", "unknown"), (None, "unknown")],
)  # fmt: skip
def test_view_position(position, view):
    assert reading(ViewPosition=position).view == view


@pytest.mark.parametrize("position", ["LL", "RL", "LATERAL", "LAT", "LLD", "RAO", "LEFT LAT"])
def test_other_positions_are_refused(position):
    with pytest.raises(ImageRefused, match="not a frontal view"):
        reading(ViewPosition=position)


@pytest.mark.parametrize(("code", "view"), [("399348003", "AP"), ("R-10214", "PA"), ("399033003", "unknown")])
def test_view_code(code, view):
    assert reading(ViewPosition="", ViewCodeSequence=coded(code)).view == view


def test_view_position_goes_before_the_code():
    assert reading(ViewPosition="PA", ViewCodeSequence=coded("399348003")).view == "PA"


def test_lateral_by_code_or_orientation_is_refused():
    for elements in ({"ViewCodeSequence": coded("399067008")}, {"PatientOrientation": ["A", "F"]}):
        with pytest.raises(ImageRefused, match="not a frontal view"):
            reading(ViewPosition="", **elements)


@pytest.mark.parametrize(
    ("orientation", "turned"),
    [
        (["L", "F"], picture()),
        (["R", "F"], picture()[:, ::-1]),
        (["L", "H"], picture()[::-1]),
        (["R", "H"], picture()[::-1, ::-1]),
        (["F", "L"], picture().T),
        (["H", "R"], picture().T[::-1, ::-1]),
    ],
    ids=str,
)
def test_film_is_turned_to_the_usual_display(orientation, turned):
    radiograph = reading(PatientOrientation=orientation)
    assert np.abs(radiograph.pixels - turned).max() < 0.02
    assert radiograph.warnings == (() if orientation == ["L", "F"] else (metadata.TURNED,))


@pytest.mark.parametrize("orientation", ["", "L", ["", ""], ["L", "L"], ["X", "Y"], ["P", "F"]], ids=str)
def test_useless_orientation_is_ignored(orientation):
    assert np.abs(reading(PatientOrientation=orientation).pixels - picture()).max() < 0.02


def test_spacing_turns_with_the_film():
    assert reading(PatientOrientation=["F", "L"], ImagerPixelSpacing=[0.2, 0.205]).spacing_mm == (0.205, 0.2)


@pytest.mark.parametrize(
    ("age", "band"),
    [("057Y", "50-59"), ("62", "60-69"), ("000Y", "0-9"), ("018M", "0-9"), ("130M", "10-19"), ("004W", "0-9"),
     ("010D", "0-9"), ("089Y", "80-89"), ("090Y", "90+"), ("104Y", "90+"), ("999Y", None), ("", None), (None, None)],
)  # fmt: skip
def test_age_band(age, band):
    assert reading(PatientAge=age).age_band == band


@pytest.mark.parametrize(("recorded", "sex"), [("F", "F"), ("M", "M"), ("O", "unknown"), ("", "unknown")])
def test_sex(recorded, sex):
    assert reading(PatientSex=recorded).sex == sex


def test_pixel_spacing_goes_before_imager_spacing():
    assert reading(PixelSpacing=[0.15, 0.15]).spacing_mm == (0.15, 0.15)


@pytest.mark.parametrize("spacing", [[0, 0], [0.1, 0.3], [900, 900], [-1, -1]], ids=str)
def test_implausible_spacing_is_ignored_and_said(spacing):
    radiograph = reading(ImagerPixelSpacing=spacing)
    assert radiograph.spacing_mm is None
    assert radiograph.warnings == (metadata.BAD_SPACING,)


@pytest.mark.parametrize("recorded", [b"0.15", b"0,15\\0,15", b"0.15\\", b"about 0.2"])
def test_spacing_that_is_no_pair_of_numbers_costs_the_spacing_and_not_the_film(recorded):
    raw = as_bytes(film(12, ImagerPixelSpacing=[0.1234567, 0.1234567])).replace(
        b"0.1234567\\0.1234567 ", recorded.ljust(20)
    )
    radiograph = load(raw)
    assert radiograph.spacing_mm is None
    assert radiograph.warnings == (metadata.BAD_SPACING,)


def test_implausible_pixel_spacing_falls_back_to_the_imager():
    assert reading(PixelSpacing=[0, 0]).spacing_mm == (0.2, 0.2)


def test_no_spacing_needs_no_remark():
    assert reading(ImagerPixelSpacing=None).spacing_mm is None
    assert reading(ImagerPixelSpacing=None).warnings == ()


@pytest.mark.parametrize("modality", ["CT", "MR", "US", "MG", "NM", "XA", "RTDOSE"])
def test_other_modalities_are_refused_by_name(modality):
    with pytest.raises(ImageRefused, match=f"^{modality}, not a chest radiograph"):
        reading(Modality=modality)


def test_an_invented_modality_is_refused_without_repeating_it():
    with pytest.raises(ImageRefused, match="Unknown modality") as refusal:
        reading(Modality="CANARY")
    assert "CANARY" not in str(refusal.value)


@pytest.mark.parametrize(
    ("recorded", "modality"), [("CR", "CR"), ("DX", "DX"), ("DR", "DX"), ("OT", "OT"), (None, None)]
)
def test_radiographs_are_accepted(recorded, modality):
    radiograph = reading(Modality=recorded)
    assert radiograph.modality == modality
    assert (metadata.SECONDARY in radiograph.warnings) == (modality in ("OT", None))


@pytest.mark.parametrize("part", ["CHEST", "THORAX", "PORT CHEST", "TORAX", "", None])
def test_chest_or_silence_is_accepted(part):
    assert reading(BodyPartExamined=part).view == "PA"


@pytest.mark.parametrize("part", ["EXTREMITY", "CSPINE", "SKULL", "CANARY^ZEBEDEE"])
def test_other_body_parts_are_refused_without_repeating_them(part):
    with pytest.raises(ImageRefused, match="another body part") as refusal:
        reading(BodyPartExamined=part)
    assert part not in str(refusal.value)


def test_animals_are_refused():
    with pytest.raises(ImageRefused, match="animal"):
        reading(PatientSpeciesDescription="Canis lupus familiaris")
    assert reading(PatientSpeciesDescription="Homo sapiens").view == "PA"


def test_remarks_on_raw_and_annotated_films():
    radiograph = reading(PresentationIntentType="FOR PROCESSING", BurnedInAnnotation="YES")
    assert radiograph.warnings == (metadata.UNPROCESSED, metadata.BURNED_IN)


def test_no_patient_data_in_the_radiograph():
    radiograph = reading()
    shown = repr(dataclasses.replace(radiograph, pixels=np.zeros((1, 1), np.float32), sha256=""))
    for secret in (*CANARIES.values(), "CANARY", "ZEBEDEE", "1951", "057"):
        assert secret not in shown


def test_the_keyword_list_names_no_identifying_element():
    """PS3.15 E.1: none of these elements' values may be kept; age and sex leave as a band and a letter."""
    assert not set(metadata.KEYWORDS) & CANARIES.keys()


def test_no_patient_data_in_messages_logs_or_output(tmp_path):
    """A name that was typed into an allow-listed element reaches neither the result nor stdout, stderr or a log."""
    for keyword in ("PatientAge", "PatientSex", "Modality", "ViewPosition", "WindowCenter"):
        data = as_bytes(film(12)).replace(*with_name(keyword))
        assert b"CANARY^X" in data
        (tmp_path / f"{keyword}.dcm").write_bytes(data)
    code = (
        "import logging, sys; logging.basicConfig(level=logging.DEBUG)\n"
        "from pathlib import Path; from chatcad.errors import ImageRefused; from chatcad.imaging import load\n"
        "for path in sorted(Path(sys.argv[1]).iterdir()):\n"
        "    try:\n        r = load(path); print(r.view, r.sex, r.age_band, r.modality, r.warnings)\n"
        "    except ImageRefused as e: print('refused', e)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", code, tmp_path],
        capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    assert len(done.stdout.splitlines()) == 5
    assert "CANARY" not in done.stdout + done.stderr


def with_name(keyword):
    """The bytes of an element, and the same element with a name in it (explicit VR, length of two bytes)."""
    ds = film(12)
    element, value = ds[keyword], {"Modality": "CR", "ViewPosition": "PA", "PatientSex": "F ", "PatientAge": "057Y"}
    old = value.get(keyword, "2048.0").encode()
    head = element.tag.group.to_bytes(2, "little") + element.tag.element.to_bytes(2, "little") + element.VR.encode()
    return head + len(old).to_bytes(2, "little") + old, head + (8).to_bytes(2, "little") + b"CANARY^X"


def coded(value):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", "CANARY"
    return Sequence([item])


def test_syntax_of_phantoms_is_explicit():
    assert film(12).file_meta.TransferSyntaxUID == uid.ExplicitVRLittleEndian
