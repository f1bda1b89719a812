"""A batch over a DICOMweb query: the table of a folder's batch, resumed, bounded in memory, and its faults typed."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from pydicom import dcmread, uid

from chatcad.cli import main
from chatcad.commands import batch
from chatcad.errors import ImageRefused
from chatcad.network import dicomweb
from chatcad.sources import films_below
from tests.export.films import dicom_film
from tests.network.dicomweb_server import Service
from tests.scale.test_wire import READING


class Networks:
    """Says the same of every film."""

    together = 2

    def read_many(self, films):
        return (replace(READING, masks=None, labels=()) for _ in films)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(dicomweb._tried.retry, "sleep", lambda _: None)
    monkeypatch.setattr(batch, "open_networks", lambda _: Networks())


@pytest.fixture
def service():
    service = Service()
    yield service
    service.shutdown()
    service.server_close()


@pytest.fixture
def out(tmp_path):
    return tmp_path / "results.csv"


def told(capsys) -> str:
    return next(line for line in capsys.readouterr().err.splitlines() if line.startswith("chatcad: "))


def rows(out) -> list[dict[str, str]]:
    with out.open(newline="") as file:
        return list(csv.DictReader(file))


def another_film(number: int) -> bytes:
    return dicom_film(SOPInstanceUID=f"1.2.3.{number}", InstanceNumber=number)


def test_a_query_gives_the_rows_of_a_folder_and_names_nobody(service, out, tmp_path):
    name = service.add(1, film := dicom_film())
    skipped = service.add(2, b"", kind=uid.DigitalXRayImageStorageForProcessing)
    hand = service.add(3, dicom_film(BodyPartExamined="HAND"))
    service.add(4, b"", "CT")
    assert main(["batch", service.url, "--query", "StudyDate=20260101-", "--out", str(out)]) == 0
    found = {row["path"]: row for row in rows(out)}
    assert {path: row["accepted"] for path, row in found.items()} == {name: "True", skipped: "False", hand: "False"}
    assert "SOP class" in found[skipped]["reason"] and "HAND" not in found[hand]["reason"]
    assert service.fetched.keys() == {name, hand}
    assert "CANARY" not in out.read_text() and "20260102" not in out.read_text()

    (folder := tmp_path / "films").mkdir()
    (folder / "a.dcm").write_bytes(film)
    assert main(["batch", str(folder), "--out", str(there := tmp_path / "folder.csv")]) == 0
    unlike = {"path", "ms"}
    assert [{k: v for k, v in r.items() if k not in unlike} for r in rows(there)] == [
        {k: v for k, v in found[name].items() if k not in unlike}
    ]


def test_a_stopped_run_goes_on_and_fetches_nothing_twice(service, out, capsys):
    for number in range(12):
        service.add(number, another_film(number))
    service.statuses = [200] * 6 + [503] * 99
    assert main(["batch", service.url, "--out", str(out)]) == 1
    assert "status 503" in told(capsys)
    before = rows(out)
    assert 0 < len(before) < 12
    service.statuses, service.fetched = [], type(service.fetched)()
    assert main(["batch", service.url, "--out", str(out)]) == 0
    assert rows(out)[: len(before)] == before
    assert len({row["path"] for row in rows(out)}) == len(rows(out)) == 12
    assert not service.fetched.keys() & {row["path"] for row in before}


def test_films_are_fetched_as_they_are_read(service):
    for number in range(40):
        service.add(number, another_film(number))
    archive = dicomweb.Archive(service.url, ())
    read = batch.rows(archive.listed(), archive, Networks(), batch.Settings())
    next(read)
    assert service.fetched.total() <= 2 * Networks.together + batch.AHEAD
    assert len(list(read)) == 39


def test_a_report_goes_to_the_study_that_the_film_came_from(service, out):
    service.add(1, film := dicom_film())
    assert main(["batch", service.url, "--out", str(out), "--export", "sr"]) == 0
    (made,) = (out.parent / "results-reports").iterdir()
    assert dcmread(made).StudyInstanceUID == dcmread(io.BytesIO(film)).StudyInstanceUID


def test_a_page_that_overlaps_the_one_before_gives_no_row_twice(service, out, monkeypatch):
    monkeypatch.setattr(dicomweb, "PAGE", 2)
    for number in range(4):
        service.add(number, another_film(number))
    page = service.page
    service.page = lambda asked: page({**asked, "offset": [str(max(0, int(asked["offset"][0]) - 1))]})
    assert main(["batch", service.url, "--out", str(out)]) == 0
    assert len({row["path"] for row in rows(out)}) == len(rows(out)) == 4


def test_a_run_that_wrote_no_row_leaves_no_second_header(service, out):
    """The header was written again where a former run had ended before its first row."""
    service.add(1, dicom_film())
    service.statuses = [200] + [503] * 99
    assert main(["batch", service.url, "--out", str(out)]) == 1
    service.statuses = []
    assert main(["batch", service.url, "--out", str(out)]) == 0
    assert [row["accepted"] for row in rows(out)] == ["True"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["http://127.0.0.1:9/dicom-web"], 1, "does not answer"),
        (["https://dicom.example.com/dicom-web"], 2, "CHATCAD_ALLOW_REMOTE"),
        (["http://127.0.0.1:9/dicom-web", "--query", "today"], 2, "no filter"),
        (["http://127.0.0.1:9/dicom-web", "--query", "Modality=CT"], 2, "CR or DX"),
        ([".", "--query", "Modality=DX"], 2, "DICOMweb service"),
        (["/no/such/folder"], 2, "not a folder"),
        (["EMPTY"], 2, "no film"),
    ],
)
def test_faults_are_told_before_anything_is_written(out, words, code, said, capsys):
    (out.parent / "EMPTY").mkdir()
    words = [str(out.parent / w) if w == "EMPTY" else w for w in words]
    assert main(["batch", *words, "--out", str(out)]) == code
    assert said in told(capsys)
    assert not out.exists()


def test_reports_do_not_become_films_of_the_next_run(out, capsys):
    """They were read again where the table lay in the folder: a picture's own report holds it as a DICOM film."""
    assert main(["batch", str(out.parent), "--out", str(out), "--export", "sr"]) == 2
    assert "move it out" in told(capsys)


@pytest.mark.parametrize("name", ["results", "results.xlsx", "nowhere/results.csv"])
def test_a_table_that_cannot_be_is_told_before_anything_is_read(service, out, name, capsys):
    service.add(1, dicom_film())
    assert main(["batch", service.url, "--out", str(out.parent / name)]) == 2
    assert ".csv or .parquet" in told(capsys)
    assert not service.log and not list(out.parent.iterdir())


def test_a_query_that_nothing_fits_writes_nothing(service, out, capsys):
    assert (
        main(["batch", service.url, "--query", "PatientName=CANARY", "--query", "Modality=DX", "--out", str(out)]) == 2
    )
    assert "no CR or DX instance" in (said := told(capsys)) and "CANARY" not in said
    assert not out.exists()


def test_why_a_film_could_not_be_had_takes_its_place():
    from chatcad.batches import read_films

    refusal = ImageRefused("gone")
    outcomes = list(read_films([dicom_film(), refusal, b"no film", dicom_film()], Networks(), batch.Settings()))
    assert outcomes[1] is refusal
    assert [isinstance(outcome, ImageRefused) for outcome in outcomes] == [False, True, True, False]


def test_a_row_that_a_full_disk_tore_is_read_again_and_joined_to_no_other(out, tmp_path):
    (folder := tmp_path / "films").mkdir()
    for number in (1, 2):
        (folder / f"{number}.dcm").write_bytes(another_film(number))
    assert main(["batch", str(folder), "--out", str(out)]) == 0
    whole = out.read_bytes()
    out.write_bytes(whole[:-40])
    (folder / "3.dcm").write_bytes(another_film(3))
    assert main(["batch", str(folder), "--out", str(out)]) == 0
    assert [row["path"] for row in rows(out)] == ["1.dcm", "2.dcm", "3.dcm"]
    assert all(None not in row and None not in row.values() and row["ms"] for row in rows(out))


def test_a_table_of_somebody_elses_is_left_as_it_is(out, tmp_path, capsys):
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "1.dcm").write_bytes(another_film(1))
    out.write_text("name,born\nno line end")
    assert main(["batch", str(tmp_path / "films"), "--out", str(out)]) == 2
    assert "other columns" in told(capsys)
    assert out.read_text() == "name,born\nno line end"


def test_files_named_by_their_uid_are_films(tmp_path):
    for name in ("1.2.840.10008.5.1", "CR.2.25.77", "IM0001", "a.DCM", "notes.txt", "table.csv"):
        (tmp_path / name).write_bytes(b"")
    assert [p.name for p in films_below(tmp_path)] == ["1.2.840.10008.5.1", "CR.2.25.77", "IM0001", "a.DCM"]
