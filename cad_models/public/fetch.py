"""Weights that others publish: downloaded or taken from a file, checked, converted once, and written down.

It knows addresses, checksums and the cache. What is in a pickle is the business of ``convert_child``, which runs in a
process of its own; from then on only the safetensors file is loaded, and only under the sha256 that is recorded here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from cad_models import registry
from cad_models.public import hub
from cad_models.registry import RECORD, Network
from cad_models.weights_io import sha256_of
from chatcad.errors import ModelMissing, UsageError

Trust = Literal["pinned", "first use"]
CHILD = Path(__file__).with_name("convert_child.py")
CHILD_SECONDS = 600
WEIGHTS_FILE = "weights.safetensors"
SECONDS = 60
"""Without a byte from the server, a download is given up."""


def get(network: Network, given: Path | None = None) -> Trust:
    """Fetch a public network's weights into the cache, so that the registry finds them ready.

    Parameters
    ----------
    network
        From the registry, not embedded.
    given
        The published file, or folder for a hub's model, where it was fetched by hand; else it is downloaded.

    Returns
    -------
    str
        ``"pinned"`` when the file is the one that its owner or the index names, ``"first use"`` when nobody states
        a checksum: then the first file is trusted, and another one is refused from then on.

    Raises
    ------
    UsageError
        ``given`` is not there.
    ModelMissing
        The download failed, the checksum differs, or the file holds something else than the network's tensors.
    """
    if given is not None and not given.exists():
        raise UsageError(f"{given} does not exist: give the file that {network.url} serves")
    network.folder.mkdir(parents=True, exist_ok=True)
    if network.form == "hub":
        return _get_folder(network, given)
    source = given or _download(network)
    digest = sha256_of(source)
    trust = _check(network, digest)
    _convert(network, source)
    _record(network, digest, trust, {WEIGHTS_FILE: sha256_of(network.folder / WEIGHTS_FILE)})
    if given is None:
        source.unlink()
    return trust


def _get_folder(network: Network, given: Path | None) -> Trust:
    files = hub.take(network, given, network.folder) if given else hub.download(network, network.folder)
    digests = {name: sha256_of(network.folder / name) for name in files}
    first = next(name for name in files if name.endswith(".safetensors"))
    # A revision is the hash of a commit, which names the sha256 of each large file.
    trust: Trust = "pinned" if network.revision and given is None else _check(network, digests[first])
    _record(network, digests[first], trust, {first: digests[first], **digests})
    return trust


def _download(network: Network) -> Path:
    import httpx
    from tqdm import tqdm

    part = network.folder / "download.part"
    try:
        with (
            httpx.stream("GET", network.url, follow_redirects=True, timeout=SECONDS) as answer,
            part.open("wb") as out,
        ):
            answer.raise_for_status()
            size = int(answer.headers.get("content-length", 0)) or None
            with tqdm(total=size, unit="B", unit_scale=True, desc=network.name) as bar:
                for block in answer.iter_bytes(2**20):
                    out.write(block)
                    bar.update(len(block))
    except httpx.HTTPError as error:
        part.unlink(missing_ok=True)
        raise ModelMissing(by_hand(network, str(error))) from error
    return part


def by_hand(network: Network, reason: str) -> str:
    """Return the one line that says what to do where there is no internet."""
    cause = next(iter(reason.strip().splitlines()), "no answer")
    return (
        f"{network.name!r} could not be downloaded ({cause}):"
        f" fetch {network.url} by hand, then `python -m chatcad models get {network.name} --file PATH`"
    )


def _check(network: Network, digest: str) -> Trust:
    known: str = network.url_sha256 or registry.read_record(network.name).get("published_sha256", "")
    if known and digest != known:
        whose = "its owner names" if network.url_sha256 else "was fetched here first"
        raise ModelMissing(
            f"the file for {network.name!r} has sha256 {digest}, not {known} which {whose}: fetch {network.url} again,"
            f" or remove {network.folder} if it has changed for a good reason"
        )
    return "pinned" if network.url_sha256 else "first use"


def _convert(network: Network, source: Path) -> None:
    target = network.folder / WEIGHTS_FILE
    if source.suffix == ".safetensors":
        raise UsageError(f"{source} is safetensors already: give the published file, {network.url}")
    part = target.with_suffix(".part")
    command = [sys.executable, "-I", str(CHILD), network.form, str(source), str(part)]
    try:
        done = subprocess.run(  # noqa: S603 - our own script, in an empty environment
            command, capture_output=True, text=True, timeout=CHILD_SECONDS, env={"OMP_NUM_THREADS": "1"}, check=False
        )
        reason = done.stderr.strip().splitlines()[-1:] or ["its reader was stopped"]
        if done.returncode != 0:
            raise ModelMissing(f"{source.name} was refused ({reason[0]}): give the file that {network.url} serves")
        _fit(network, part)
        part.replace(target)
    except subprocess.TimeoutExpired as error:
        raise ModelMissing(f"{source.name} was refused (it took too long): is it {network.url}?") from error
    finally:
        part.unlink(missing_ok=True)


def _fit(network: Network, file: Path) -> None:
    """Refuse tensors of another network, and drop the prefix of a network that was trained on several GPUs."""
    from safetensors.torch import load_file, save_file

    from cad_models.public.architectures import ARCHITECTURES

    tensors = {name.removeprefix("module."): value for name, value in load_file(file).items()}
    wanted = ARCHITECTURES[network.name].build().state_dict()
    if {k: v.shape for k, v in tensors.items()} != {k: v.shape for k, v in wanted.items()}:
        raise ModelMissing(f"the file holds other tensors than {network.name!r} has: is it {network.url}?")
    save_file(tensors, file)


def _record(network: Network, digest: str, trust: Trust, files: Mapping[str, str]) -> None:
    (first, sha256), *rest = files.items()
    record: dict[str, Any] = {
        "url": network.url,
        "published_sha256": digest,
        "trust": trust,
        "date": date.today().isoformat(),
        "file": first,
        "sha256": sha256,
        "bytes": sum((network.folder / name).stat().st_size for name in files),
        "files": dict(rest),
    }
    (network.folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
