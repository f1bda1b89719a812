"""Films of a DICOMweb service: every page is asked for, faults are typed and name no patient, one bad film is one."""

from __future__ import annotations

import io
import logging
import pickle

import pytest
from pydicom import dcmread, uid

from chatcad.errors import DeliveryFailed, ImageRefused, UsageError
from chatcad.imaging.limits import Limits
from chatcad.network import dicomweb
from chatcad.network.deliver import deliver
from chatcad.network.dicomweb import Archive, instance_of
from chatcad.network.node import Node, query_filters
from chatcad.network.pull import pull
from chatcad.network.queue import Queue
from tests.export.films import dicom_film

from .dicomweb_server import Service

PATIENT = (("PatientName", "ZEBEDEE^CANARY"),)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(dicomweb._tried.retry, "sleep", lambda _: None)


@pytest.fixture
def service():
    service = Service()
    yield service
    service.shutdown()
    service.server_close()


def names(found) -> list[str]:
    return [film.name for film in found]


def test_every_page_is_asked_for_also_where_the_service_gives_short_ones(service):
    service.cap = 3
    stored = [service.add(n, b"", "CR" if n % 2 else "DX") for n in range(8)]
    service.add(100, b"", "CT")
    assert sorted(names(Archive(service.url, ()).listed())) == sorted(stored)
    assert sum("instances?" in asked for asked in service.log) == 6  # 3 and 1 films, then an empty page, of each


def test_pages_are_asked_for_when_they_are_needed(service, monkeypatch):
    monkeypatch.setattr(dicomweb, "PAGE", 2)
    for n in range(6):
        service.add(n, b"")
    found = iter(Archive(service.url, query_filters(["Modality=DX"])).listed())
    next(found)
    assert len(service.log) == 1
    assert len(list(found)) == 5


def test_a_named_modality_narrows_the_search_and_others_are_not_read(service):
    service.add(1, b"", "CR")
    dx = service.add(2, b"", "DX")
    assert names(Archive(service.url, query_filters(["Modality=DX"])).listed()) == [dx]
    assert names(Archive(service.url, query_filters(["00080060=DX"])).listed()) == [dx]
    with pytest.raises(UsageError, match="modality CT"):
        Archive(service.url, query_filters(["Modality=CT"]))


def test_what_is_no_film_for_reading_is_listed_with_the_reason(service):
    service.add(1, b"", kind=uid.DigitalXRayImageStorageForProcessing)
    (film,) = Archive(service.url, ()).listed()
    assert "SOP class" in film.skip


def test_a_film_comes_as_it_is_stored(service):
    name = service.add(1, film := dicom_film())
    got = dcmread(io.BytesIO(Archive(service.url, ()).open(name)))
    assert got == dcmread(io.BytesIO(film))
    assert instance_of(next(Archive(service.url, ()).find())) == name.rsplit("/", 1)[1]


def test_the_source_can_be_sent_to_another_process(service):
    name = service.add(1, dicom_film())
    assert pickle.loads(pickle.dumps(Archive(service.url, ()))).open(name)  # noqa: S301  -- Ray does so


def test_a_busy_service_costs_a_pause(service):
    name = service.add(1, dicom_film())
    service.statuses = [503, 429, 500]
    assert names(Archive(service.url, ()).listed()) == [name]
    service.statuses = [503, 502]
    assert Archive(service.url, ()).open(name)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(503, "look at its log"), (401, "netrc"), (403, "may not"), (404, "/studies"), (400, "filters"), (302, "points")],
)
def test_a_refusal_is_typed_and_says_nothing_of_the_patient(service, status, remedy):
    service.statuses = [status] * 9
    with pytest.raises(DeliveryFailed, match=remedy) as told:
        Archive(service.url, PATIENT).listed()
    assert f"status {status}" in str(told.value)
    assert "zebedee" not in str(told.value).lower()
    assert len(service.log) == (dicomweb.TRIES if status == 503 else 1)


def test_nobody_there_is_told_in_one_line():
    with pytest.raises(DeliveryFailed, match=r"127\.0\.0\.1:9 does not answer \(ConnectionError\)") as told:
        Archive("http://127.0.0.1:9/dicom-web", PATIENT).listed()
    assert "ZEBEDEE" not in str(told.value)


def test_another_server_there_is_told(service):
    service.page = lambda _: {"no": "list"}
    with pytest.raises(DeliveryFailed, match="no DICOMweb service"):
        Archive(service.url, ()).listed()


def test_a_service_that_ignores_the_offset_does_not_hold_us_for_ever(service):
    service.deaf, service.cap = True, 2
    for n in range(5):
        service.add(n, b"")
    with pytest.raises(DeliveryFailed, match="again and again"):
        list(Archive(service.url, ()).listed())


def test_a_query_that_nothing_fits_is_told(service):
    service.add(1, b"", "CT")
    with pytest.raises(UsageError, match="no CR or DX instance"):
        Archive(service.url, ()).listed()


@pytest.mark.parametrize("url", ["http://me:secret@127.0.0.1/dicom-web", "http://"])
def test_an_address_that_is_none_or_holds_a_password_is_refused(url):
    with pytest.raises(UsageError) as told:
        Archive(url, ())
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("film", [b"", b"no dicom", dicom_film()[:200]])
def test_a_damaged_film_is_refused_alone(service, film):
    with pytest.raises(ImageRefused):
        Archive(service.url, ()).open(service.add(1, film))


def test_a_film_that_is_gone_is_refused_alone_and_a_lost_login_stops(service):
    archive, gone = Archive(service.url, ()), "studies/1/series/2/instances/3"
    with pytest.raises(ImageRefused, match="status 404"):
        archive.open(gone)
    with pytest.raises(ImageRefused, match="UIDs"):
        archive.open("studies/1/series/2/instances/../../x")
    service.statuses = [500] * dicomweb.TRIES  # what Orthanc says of a film whose file is gone
    with pytest.raises(ImageRefused, match="status 500"):
        archive.open(gone)
    for statuses, remedy in (([401], "netrc"), ([503] * dicomweb.TRIES, "status 503")):
        service.statuses = statuses
        with pytest.raises(DeliveryFailed, match=remedy):
            archive.open(gone)


@pytest.mark.parametrize("words", [["today"], ["StudyDte=2026"], ["limit=5"], ["StudyDate=1", "StudyDate=2"]])
def test_filters_that_a_service_would_ignore_are_refused(words):
    with pytest.raises(UsageError):
        query_filters(words)


def test_filters_name_keywords_tags_and_what_lies_in_sequences():
    words = ["Modality=CR", "Modality=DX", "00080020=20260101-", "RequestAttributesSequence.ScheduledProcedureStepID=7"]
    assert [f"{name}={value}" for name, value in query_filters(words)] == words


def test_pulling_goes_on_behind_a_film_that_cannot_be_had(service, tmp_path, caplog):
    caplog.set_level(logging.DEBUG, "chatcad")
    service.add(1, b"no dicom")
    service.add(2, dicom_film())
    queue, archive = Queue(tmp_path, 10**9), Archive(service.url, ())
    assert pull(archive, queue, Limits()) == 1
    assert queue.count("received") == 1
    assert pull(archive, queue, Limits()) == 0
    assert service.fetched.most_common()[0][1] == 2  # the bad one is asked for again, the good one isn't
    assert "1.2.826" not in caplog.text


def test_the_log_holds_no_uid_of_what_was_fetched(service, tmp_path, caplog):
    """dicomweb-client tells them in lines of its own, at the level that serve-dicom logs at."""
    caplog.set_level(logging.INFO)
    service.add(1, dicom_film())
    assert pull(Archive(service.url, PATIENT), Queue(tmp_path, 10**9), Limits()) == 1
    assert "film received" in caplog.text
    assert "1.2.826" not in caplog.text and "ZEBEDEE" not in caplog.text


def test_an_archive_that_stays_busy_is_no_end_of_the_service(service, tmp_path):
    """dicomweb-client's own retries ended in an error that nothing caught, after half a minute of 503."""
    service.statuses = [503] * 99
    with pytest.raises(DeliveryFailed):
        pull(Archive(service.url, ()), Queue(tmp_path, 10**9), Limits())
    (made := tmp_path / "sr.dcm").write_bytes(dicom_film())
    with pytest.raises(DeliveryFailed):
        deliver([made], Node(service.url, tmp_path))
