"""Encrypted associations: who holds no certificate is not heard, and nobody keeps the others waiting."""

from __future__ import annotations

import datetime
import io
import ipaddress
import shutil
import socket
import ssl
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydicom import dcmread, uid
from pynetdicom import AE

from chatcad.cli import build_parser
from chatcad.commands.serve_dicom import node_of
from chatcad.config import Settings
from chatcad.errors import DeliveryFailed, UsageError
from chatcad.imaging.limits import Limits
from chatcad.network import receiver
from chatcad.network.deliver import deliver
from chatcad.network.node import Node, Peer
from chatcad.network.queue import Queue
from chatcad.network.receiver import SUCCESS
from chatcad.network.tls import Identity
from tests.export.films import dicom_film

from .hospital import free_port, needs_orthanc, orthanc


def certified(folder: Path, name: str, address: str = "127.0.0.1") -> Identity:
    """Write a self-signed certificate, which is its own authority, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert, private = folder / f"{name}.pem", folder / f"{name}.key"
    cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return Identity(cert, private)


@pytest.fixture
def here(tmp_path):
    return certified(tmp_path, "here")


@pytest.fixture
def pacs(tmp_path):
    return certified(tmp_path, "pacs")


@pytest.fixture
def listening(tmp_path, here, pacs):
    """Return a node that hears whom the archive's certificate names."""
    identity = replace(here, authority=pacs.certificate)
    node = Node(Peer("PACS", "127.0.0.1", 1), tmp_path / "queue", port=free_port(), allowed=("MODALITY",), tls=identity)
    queue = Queue(node.queue, 10**9)
    server = receiver.start(node, queue, Limits())
    yield node, queue
    server.shutdown()


def heard(node: Node, context: ssl.SSLContext | None) -> bool:
    film = dcmread(io.BytesIO(dicom_film()))
    sender = AE("MODALITY")
    sender.acse_timeout = sender.network_timeout = 10
    sender.add_requested_context(film.SOPClassUID, uid.ExplicitVRLittleEndian)
    secured = None if context is None else (context, node.host)
    association = sender.associate(node.host, node.port, ae_title=node.title, tls_args=secured)
    if not association.is_established:
        return False
    stored = association.send_c_store(film).get("Status")
    association.release()
    return stored == SUCCESS


def test_a_film_comes_encrypted_from_who_is_known(listening, here, pacs):
    node, queue = listening
    assert heard(node, replace(pacs, authority=here.certificate).sending())
    assert queue.count("received") == 1


@pytest.mark.skipif(shutil.which("storescu") is None, reason="no storescu here: sh scripts/hospital.sh")
def test_another_program_sends_encrypted(listening, here, pacs, tmp_path):
    node, queue = listening
    (film := tmp_path / "film.dcm").write_bytes(dicom_film())
    proof = ["+tls", str(pacs.key), str(pacs.certificate), "+cf", str(here.certificate)]
    address = ["-aet", "MODALITY", "-aec", node.title, node.host, str(node.port), str(film)]
    subprocess.run(["storescu", *proof, *address], check=True, capture_output=True, timeout=30)
    assert queue.count("received") == 1


def test_who_is_not_known_or_speaks_plainly_is_not_heard(listening, here, tmp_path):
    node, queue = listening
    stranger = certified(tmp_path, "stranger")
    assert not heard(node, replace(stranger, authority=here.certificate).sending())
    nobody = ssl.create_default_context(cafile=here.certificate)
    assert not heard(node, nobody)
    assert not heard(node, None)
    assert queue.count("received") == 0


def test_silent_strangers_keep_nobody_waiting(listening, here, pacs):
    node, _ = listening
    strangers = [socket.create_connection((node.host, node.port)) for _ in range(3)]
    assert heard(node, replace(pacs, authority=here.certificate).sending())
    for stranger in strangers:
        stranger.close()


def test_without_an_authority_any_sender_is_heard_and_nothing_older_than_tls_1_2(tmp_path, here):
    node = Node(Peer("PACS", "127.0.0.1", 1), tmp_path, port=free_port(), allowed=("MODALITY",), tls=here)
    server = receiver.start(node, Queue(tmp_path, 10**9), Limits())
    try:
        assert heard(node, ssl.create_default_context(cafile=here.certificate))
        old = ssl.create_default_context(cafile=here.certificate)
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        assert not heard(node, old)
    finally:
        server.shutdown()


@needs_orthanc
def test_a_real_archive_sends_and_takes_encrypted(tmp_path, here, pacs):
    port = free_port()
    settings = {
        "DicomTlsEnabled": True, "DicomTlsCertificate": str(pacs.certificate), "DicomTlsPrivateKey": str(pacs.key),
        "DicomTlsTrustedCertificates": str(here.certificate),
        "DicomModalities": {"chatcad": {"AET": "CHATCAD", "Host": "127.0.0.1", "Port": port, "UseDicomTls": True}},
    }  # fmt: skip
    (made := tmp_path / "made.dcm").write_bytes(dicom_film())
    with orthanc(tmp_path / "archive", port, **settings) as archive:  # it sends on what it stores
        node = Node(
            Peer("ORTHANC", "127.0.0.1", archive.dicom), tmp_path / "queue", port=port, allowed=("ORTHANC",),
            tls=replace(here, authority=pacs.certificate),
        )  # fmt: skip
        queue = Queue(node.queue, 10**9)
        server = receiver.start(node, queue, Limits())
        try:
            with pytest.raises(DeliveryFailed):
                deliver([made], replace(node, tls=None))
            deliver([made], node)
            deadline = time.monotonic() + 10
            while not queue.count("received") and time.monotonic() < deadline:
                time.sleep(0.1)
            assert queue.count("received") == 1
        finally:
            server.shutdown()


@pytest.mark.parametrize(("address", "taken"), [("127.0.0.1", True), ("10.0.0.9", False)])
def test_results_go_out_encrypted_to_who_proves_its_address(tmp_path, here, address, taken):
    archive = certified(tmp_path, "archive", address)
    (folder := tmp_path / "archived").mkdir()
    there = Node(
        Peer("X", "127.0.0.1", 1), folder, "ARCHIVE", port=free_port(), allowed=("CHATCAD",),
        tls=replace(archive, authority=here.certificate),
    )  # fmt: skip
    server = receiver.start(there, Queue(folder, 10**9), Limits())
    (made := tmp_path / "made.dcm").write_bytes(dicom_film())
    node = Node(Peer("ARCHIVE", "127.0.0.1", there.port), tmp_path, tls=replace(here, authority=archive.certificate))
    try:
        if taken:
            deliver([made], node)
            return
        with pytest.raises(DeliveryFailed):
            deliver([made], node)
    finally:
        server.shutdown()


def test_files_that_are_none_are_told_at_the_start(tmp_path, here, pacs):
    for wrong in (
        replace(here, key=pacs.key),
        replace(here, certificate=tmp_path / "no"),
        replace(here, authority=here.key),
    ):
        with pytest.raises(UsageError, match="--tls-cert"):
            receiver.start(Node(Peer("P", "127.0.0.1", 1), tmp_path, allowed=("P",), tls=wrong), None, Limits())


def test_the_command_line_takes_the_files_together(here):
    words = ["serve-dicom", "--to", "PACS@10.0.0.5:2762", "--tls-cert", str(here.certificate)]
    parsed = build_parser().parse_args([*words, "--tls-key", str(here.key)])
    assert node_of(parsed, Settings()).tls == here
    with pytest.raises(UsageError, match="--tls-key"):
        node_of(build_parser().parse_args(words), Settings())
