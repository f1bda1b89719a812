"""Results to the archive: C-STORE to a DICOM node, or STOW-RS to a DICOMweb service.

It knows both protocols. That a delivery is tried again is the service's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chatcad.errors import DeliveryFailed, UsageError
from chatcad.network.dicomweb import client
from chatcad.network.node import Node, Peer

_SECONDS = 30


def deliver(files: Sequence[Path], node: Node) -> None:
    """Send DICOM files to where the node's results go.

    Raises
    ------
    DeliveryFailed
        Not all of them were taken; none of the patient's data is in the message.
    """
    if isinstance(node.to, Peer):
        _store(files, node.to, node)
    else:
        _stow(files, node.to)


def _store(files: Sequence[Path], peer: Peer, node: Node) -> None:
    from pydicom import dcmread
    from pynetdicom import AE

    datasets = [dcmread(path) for path in files]
    entity = AE(node.title)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = _SECONDS
    entity.connection_timeout = _SECONDS
    for kind in {d.SOPClassUID for d in datasets}:
        entity.add_requested_context(kind, sorted({d.file_meta.TransferSyntaxUID for d in datasets}))
    try:
        secured = None if node.tls is None else (node.tls.sending(), peer.host)
    except UsageError as error:
        raise DeliveryFailed(str(error)) from error  # it was set up at the start: the files are being renewed
    association = entity.associate(peer.host, peer.port, ae_title=peer.title, tls_args=secured)
    if not association.is_established:
        raise DeliveryFailed(f"{peer.title} at {peer.host}:{peer.port} took no association")
    try:
        for dataset in datasets:
            status = association.send_c_store(dataset).get("Status")
            # 0xBnnn are warnings: stored, with elements coerced or left out (PS3.4 B.2.3).
            if status is None or (status != 0 and status & 0xF000 != 0xB000):
                raise DeliveryFailed(f"{peer.title} did not store a result: status {status and hex(status)}")
    except (ValueError, RuntimeError) as error:
        raise DeliveryFailed(f"{peer.title} offers no way to store a result of ours") from error
    finally:
        association.release()


def _stow(files: Sequence[Path], url: str) -> None:
    from pydicom import dcmread
    from requests import RequestException

    datasets = [dcmread(path) for path in files]
    try:
        answer = client(url).store_instances(datasets)
    except RequestException as error:
        raise DeliveryFailed(f"the DICOMweb service did not store the results: {type(error).__name__}") from error
    if answer.get("FailedSOPSequence"):
        raise DeliveryFailed(f"the DICOMweb service refused {len(answer.FailedSOPSequence)} results")
