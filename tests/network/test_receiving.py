"""What is taken, what is answered, and what is told along: without an archive, over pynetdicom's own sender."""

from __future__ import annotations

import io
import json
import logging

import pytest
from pydicom import dcmread, uid
from pynetdicom import AE
from pynetdicom.sop_class import Verification

from chatcad.cli import build_parser
from chatcad.commands.serve_dicom import node_of
from chatcad.config import Settings
from chatcad.errors import BackendFailed, ImageRefused, UsageError
from chatcad.export import drafted, files
from chatcad.imaging.limits import Limits
from chatcad.network import queue as queues
from chatcad.network import receiver
from chatcad.network.indication import indication
from chatcad.network.node import Node, Peer, destination
from chatcad.network.queue import Queue
from chatcad.network.receiver import FULL, SUCCESS, UNREADABLE, take
from chatcad.network.routing import header_of, route
from chatcad.network.service import read_one
from tests.export.films import dicom_film, studied

from .hospital import free_port

LIMITS = Limits()


def verdict(**elements: object) -> str:
    return route(header_of(dicom_film(**elements), LIMITS))


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, "read"),
        ({"BodyPartExamined": None, "ViewPosition": None}, "read"),
        ({"BodyPartExamined": "HAND"}, "not a frontal chest film"),
        ({"ViewPosition": "LL"}, "not a frontal chest film"),
        ({"Modality": "MG"}, "not a frontal chest film"),
        ({"SOPClassUID": uid.CTImageStorage}, "no radiograph"),
        ({"Manufacturer": "ChatCAD"}, "own result"),
    ],
)
def test_the_rule_reads_chest_films_only(elements, expected):
    assert verdict(**elements) == expected


@pytest.mark.parametrize("wanted", ["sr", "seg", "sc"])
def test_our_own_results_are_known_as_ours(wanted):
    data = dicom_film()
    (made,) = files(drafted(studied(data)), wanted, data).values()
    assert route(header_of(made, LIMITS)) == "own result"


def test_statuses(tmp_path):
    queue = Queue(tmp_path / "a", 10**9)
    assert take(b"no dicom at all", queue, LIMITS) == UNREADABLE
    assert take(dicom_film(BodyPartExamined="HAND"), queue, LIMITS) == SUCCESS
    assert queue.count("received") == 0
    film = dicom_film()
    assert [take(film, queue, LIMITS) for _ in range(2)] == [SUCCESS, SUCCESS]
    assert queue.count("received") == 1
    assert take(film, Queue(tmp_path / "b", 10), LIMITS) == FULL
    assert take(film, queue, Limits(max_bytes=100)) == UNREADABLE


def test_only_allowed_titles_are_heard_and_a_stored_film_is_on_disk(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    node = Node(Peer("PACS", "127.0.0.1", 1), tmp_path, port=free_port(), allowed=("MODALITY",))
    queue = Queue(tmp_path, 10**9)
    server = receiver.start(node, queue, LIMITS)
    try:
        film = dcmread(io.BytesIO(dicom_film()))
        for title, called, heard in (
            ("MODALITY", "CHATCAD", True),
            ("STRANGER", "CHATCAD", False),
            ("MODALITY", "OTHER", False),
        ):
            sender = AE(title)
            sender.add_requested_context(Verification)
            sender.add_requested_context(film.SOPClassUID, uid.ExplicitVRLittleEndian)
            association = sender.associate(node.host, node.port, ae_title=called)
            assert association.is_established == heard
            if heard:
                assert association.send_c_echo().Status == 0
                assert association.send_c_store(film).Status == SUCCESS
                association.release()
    finally:
        server.shutdown()
    waiting = Queue(tmp_path, 10**9).next("received")
    assert dcmread(waiting.film).PatientID == "CANARY-4711"
    assert "CANARY" not in caplog.text
    with pytest.raises(UsageError, match="--allow"):
        receiver.start(Node(node.to, tmp_path), queue, LIMITS)


def test_the_indication_comes_from_the_header_without_names():
    data = dicom_film(
        ReasonForStudy="Cough and fever for 3 weeks, asked by Dr Wibberley",
        AdmittingDiagnosesDescription="heart failure",
    )
    told = indication(data, None, LIMITS)
    assert "fever" in told
    assert "heart failure" in told
    assert "Wibberley" not in told
    assert indication(dicom_film(), None, LIMITS) == ""


def test_a_file_by_accession_number_counts_more_and_no_path_gets_out(tmp_path):
    condition = {"resourceType": "Condition", "code": {"text": "fever"}}
    (tmp_path / "A17.json").write_text(json.dumps(condition))
    assert "fever" in indication(dicom_film(AccessionNumber="A17", ReasonForStudy="cough"), tmp_path, LIMITS)
    (tmp_path / "in").mkdir()
    assert indication(dicom_film(AccessionNumber="../A17"), tmp_path / "in", LIMITS) == ""
    (tmp_path / "B1.json").write_text("{broken")
    assert indication(dicom_film(AccessionNumber="B1"), tmp_path, LIMITS) == ""


def test_a_history_is_marked_as_told_in_the_sr():
    data = dicom_film()
    (made,) = files(drafted(studied(data), history="fever"), "sr", data).values()
    assert "As told, not from the film: fever" in dcmread(io.BytesIO(made)).to_json()


def parsed(*words: str) -> Node:
    return node_of(build_parser().parse_args(["serve-dicom", *words]), Settings())


def test_the_command_line_makes_a_node():
    node = parsed("--to", "PACS@10.0.0.5:104", "--query", "StudyDate=20260101-")
    assert (node.to, node.allowed) == (Peer("PACS", "10.0.0.5", 104), ("PACS",))
    assert node.query == (("StudyDate", "20260101-"),)


@pytest.mark.parametrize(
    "words",
    [
        ("--to", "PACS"),
        ("--to", "PACS@pacs.example.com:104"),
        ("--to", "https://dicom.example.com/dicom-web"),
        ("--to", "PACS@10.0.0.5:104", "--allow", "A TITLE THAT IS TOO LONG"),
        ("--to", "PACS@10.0.0.5:104", "--query", "today"),
        ("--to", "PACS@10.0.0.5:104", "--pull", "https://dicom.example.com/dicom-web"),
    ],
)
def test_wrong_addresses_and_those_off_the_premises_are_refused(words):
    with pytest.raises(UsageError):
        parsed(*words)


def test_ports_that_are_none_are_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="place for results"):
        destination("PACS@127.0.0.1:99999", allow_remote=False)
    queue = Queue(tmp_path, 10**9)
    node = Node(Peer("PACS", "127.0.0.1", 104), tmp_path, port=99999, allowed=("PACS",))
    with pytest.raises(UsageError, match="--port"):
        receiver.start(node, queue, LIMITS)


def test_leave_lets_results_off_the_premises():
    assert destination("PACS@pacs.example.com:104", allow_remote=True) == Peer("PACS", "pacs.example.com", 104)


class RestartingNetworks:
    """A deployment that is away for more tries than a film that ends the process is given."""

    def __init__(self) -> None:
        self.away = 5

    def read(self, film):
        self.away -= 1
        if self.away >= 0:
            raise BackendFailed("the networks at http://cad:8000/ failed")
        raise ImageRefused("read in the end")


def test_films_wait_for_a_deployment_that_is_away(tmp_path, monkeypatch):
    """The service ended with the first film that the deployment did not take."""
    monkeypatch.setattr(queues, "FIRST_WAIT", 0.0)
    queue, networks = Queue(tmp_path, 10**9), RestartingNetworks()
    take(dicom_film(), queue, LIMITS)
    node = Node(Peer("PACS", "127.0.0.1", 1), tmp_path)
    read = [read_one(queue, networks, Settings(), node) for _ in range(7)]
    assert read == [False] * 5 + [True, False]
    assert queue.count("failed") == 0
