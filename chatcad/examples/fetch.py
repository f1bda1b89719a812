"""Example films from the internet into the cache: resumed where a download broke off, and never there half-written.

It knows HTTP and checksums. A film appears under its name only when it is whole and its sha256 fits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import httpx

from chatcad.errors import ExampleFailed
from chatcad.examples import RECORD, Example, Trust, folder, read_record

AGENT = "ChatCAD-examples/1.0 (research; fetches a handful of openly licensed films once)"
"""Wikimedia asks for an agent that says who calls."""
MOST_BYTES = 32 * 2**20
SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one film: its sha256, how that was trusted, and whether it was there before."""

    example: Example
    sha256: str
    trust: Trust
    before: bool = False


def fetch_all(films: tuple[Example, ...], cache: Path) -> Iterator[Outcome | ExampleFailed]:
    """Fetch each film that is missing; one that fails leaves the others to come.

    Parameters
    ----------
    films
        The list.
    cache
        Its ``examples`` folder takes them.

    Yields
    ------
    Outcome or ExampleFailed
        One a film, as soon as it is settled. Where there is no network at all, one error ends the list.
    """
    for example in films:
        try:
            yield fetch(example, cache)
        except NoNetwork as error:
            yield error
            return
        except ExampleFailed as error:
            yield error


class NoNetwork(ExampleFailed):
    """No server was reached: trying the next film would only wait again."""


def fetch(example: Example, cache: Path) -> Outcome:
    """Fetch one film, unless it is there and fits.

    Raises
    ------
    ExampleFailed
        The server refuses it, or the file is too large or has another sha256; nothing is kept of it then.
    NoNetwork
        No server was reached; what came so far is kept, and continued next time.
    """
    place = folder(cache)
    place.mkdir(parents=True, exist_ok=True)
    target, part = place / example.file, place / f"{example.file}.part"
    tag = part.with_suffix(".etag")
    wanted = example.sha256 or read_record(cache).get(example.key, "")
    trust: Trust = "pinned" if example.sha256 else "first use"
    if target.is_file() and wanted and digest_of(target) == wanted:
        return Outcome(example, wanted, trust, before=True)
    _download(example, part, tag)
    tag.unlink(missing_ok=True)
    digest = digest_of(part)
    if wanted and digest != wanted:
        part.unlink()
        raise ExampleFailed(
            f"{example.key}: {example.url} has sha256 {digest}, not {wanted}: it was changed or tampered with, "
            "so it was not kept; look at its page before you change the list"
        )
    part.replace(target)
    _record(cache, example.key, digest)
    return Outcome(example, digest, trust)


def digest_of(path: Path) -> str:
    """Return a file's sha256."""
    return sha256(path.read_bytes()).hexdigest()


def _download(example: Example, part: Path, tag: Path) -> None:
    """Write the film to ``part``, after what is there of it where the server still has that very file."""
    have = part.stat().st_size if part.is_file() and tag.is_file() else 0
    # Without the tag of the first half, a file that changed meanwhile would be glued together of two.
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
    headers |= {"Range": f"bytes={have}-", "If-Range": tag.read_text(encoding="utf-8")} if have else {}
    try:
        with httpx.stream("GET", example.url, headers=headers, follow_redirects=True, timeout=SECONDS) as answer:
            if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                return  # all of it came before; the checksum tells whether it is the film
            answer.raise_for_status()
            goes_on = answer.status_code == httpx.codes.PARTIAL_CONTENT
            if '"' in (etag := answer.headers.get("etag", "")) and not etag.startswith("W/"):
                tag.write_text(etag, encoding="utf-8")
            _write(example, answer, part, have if goes_on else 0)
    except httpx.HTTPStatusError as error:
        part.unlink(missing_ok=True)
        raise ExampleFailed(
            f"{example.key}: the server answered {error.response.status_code} for {example.url}: see {example.page}"
        ) from error
    except httpx.HTTPError as error:
        cause = str(error).strip() or type(error).__name__
        raise NoNetwork(
            f"{example.key}: {httpx.URL(example.url).host} could not be reached ({cause}): "
            "run `make examples` again where there is internet; the simulated film works without"
        ) from error


def _write(example: Example, answer: httpx.Response, part: Path, have: int) -> None:
    with part.open("ab" if have else "wb") as out:
        for block in answer.iter_raw():
            out.write(block)
            if out.tell() > MOST_BYTES:
                out.close()
                part.unlink()
                raise ExampleFailed(f"{example.key}: {example.url} is larger than {MOST_BYTES >> 20} MB: not kept")


def _record(cache: Path, key: str, digest: str) -> None:
    path = folder(cache) / RECORD
    fresh = path.with_suffix(".part")
    fresh.write_text(json.dumps({**read_record(cache), key: digest}, indent=1) + "\n", encoding="utf-8")
    fresh.replace(path)
