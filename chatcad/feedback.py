"""What readers think of findings and sentences: one line a judgement, in the cache folder of this machine, append-only.

It knows the record and its file. A record names the film by its sha256 and never the patient; free text is short and
keeps only words that the project's own vocabulary knows, so no name gets in. The page writes here and never reads.
"""

from __future__ import annotations

import csv
import datetime
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from chatcad.config import Settings
from chatcad.context.private import known_words_only, without_identity
from chatcad.errors import UsageError
from chatcad.types import Study, Turn

Opinion = Literal["agree", "disagree", "correct"]

NOTE_LENGTH = 200
MOST_BYTES = 20 * 2**20
"""A store that grows beyond this takes no more, so that no visitor can fill a disk."""

_ACTS_IN_A_SHEET = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Judgement:
    """One reader's opinion on one finding, or on one sentence of an answer, with what produced it.

    ``facts`` are the ids behind it; ``label``, ``state`` and ``probability`` are those of a judged finding; ``text`` is
    a judged sentence. ``note`` says what is right instead.
    """

    time: str
    film_sha256: str
    about: Literal["finding", "sentence"]
    facts: str
    opinion: Opinion
    label: str = ""
    state: str = ""
    probability: float | None = None
    text: str = ""
    note: str = ""
    mode: str = ""
    backend: str = ""
    prompt_sha256: str = ""
    weights_sha256: str = ""
    versions: str = ""


def on_finding(study: Study, finding_id: str, opinion: Opinion, note: str = "") -> Judgement:
    """Return the judgement on one finding.

    Raises
    ------
    UsageError
        The study has no such finding, or there is no such opinion.
    """
    finding = next((f for f in study.findings if f.id == finding_id), None)
    if finding is None:
        raise UsageError(f"{finding_id} is no finding of this film: choose one of its table")
    return Judgement(
        **_common(study, opinion, note),
        about="finding",
        facts=finding.id,
        label=finding.label,
        state=finding.state,
        probability=None if finding.probability is None else round(finding.probability, 4),
    )


def on_sentence(study: Study, turn: Turn, number: int, opinion: Opinion, note: str = "") -> Judgement:
    """Return the judgement on one sentence of an answer, by its number from 1.

    Raises
    ------
    UsageError
        The answer has no such sentence, or there is no such opinion.
    """
    if not 1 <= number <= len(turn.sentences):
        raise UsageError(f"the answer has no sentence {number}: choose one of its {len(turn.sentences)}")
    sentence = turn.sentences[number - 1]
    return Judgement(
        **_common(study, opinion, note),
        about="sentence",
        facts=" ".join(sentence.support),
        text=sentence.text,
        mode=turn.mode,
        backend=turn.backend,
        prompt_sha256=turn.prompt_sha256,
    )


def _common(study: Study, opinion: Opinion, note: str) -> dict[str, Any]:
    if opinion not in get_args(Opinion):
        raise UsageError(f"{opinion!r} is no opinion: choose {', '.join(get_args(Opinion))}")
    return {
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "film_sha256": study.radiograph.sha256,
        "opinion": opinion,
        "note": neutralised(note),
        "weights_sha256": _pairs(study.run.weights_sha256),
        "versions": _pairs(study.run.versions),
    }


def neutralised(note: str) -> str:
    """Return what of a free text may be kept: few words, all of them known, no identifier, no markup."""
    return known_words_only(without_identity(note[:NOTE_LENGTH]))


def _pairs(values: Mapping[str, str]) -> str:
    return " ".join(f"{k}={v}" for k, v in sorted(values.items()))


def path_of(settings: Settings) -> Path:
    """Return where the judgements lie."""
    return settings.cache / "feedback" / "judgements.jsonl"


def store(judgement: Judgement, settings: Settings) -> None:
    """Append one judgement.

    Raises
    ------
    UsageError
        Feedback is switched off, the store is full, or it can't be written.
    """
    if not settings.feedback:
        raise UsageError("feedback is switched off: set CHATCAD_FEEDBACK=on")
    path = path_of(settings)
    line = json.dumps(asdict(judgement), ensure_ascii=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists() and path.stat().st_size > MOST_BYTES:
            raise UsageError("the feedback store is full: run `feedback export`, then `feedback erase`")
        # One write to a file opened for appending: two visitors' lines don't mix.
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line.encode("utf-8"))
        finally:
            os.close(handle)
    except OSError as error:
        raise UsageError(f"the feedback store {path} can't be written: {error.strerror}") from error


def read_all(settings: Settings) -> tuple[Judgement, ...]:
    """Return every stored judgement, the oldest first.

    Raises
    ------
    UsageError
        A line is damaged; the message says which one.
    """
    path = path_of(settings)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            found.append(Judgement(**json.loads(line)))
        except (json.JSONDecodeError, TypeError) as error:
            raise UsageError(f"line {number} of {path} is damaged: take it out by hand") from error
    return tuple(found)


def export(out: Path, settings: Settings) -> int:
    """Write every judgement to a ``.csv`` or ``.jsonl`` file, and return how many there are.

    Raises
    ------
    UsageError
        Another ending, or the file can't be written.
    """
    if out.suffix not in {".csv", ".jsonl"}:
        raise UsageError(f"{out.name} is neither .csv nor .jsonl: name the file with one of them")
    rows = [asdict(j) for j in read_all(settings)]
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            if out.suffix == ".jsonl":
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            else:
                table = csv.DictWriter(file, [f.name for f in fields(Judgement)])
                table.writeheader()
                table.writerows({k: _cell(v) for k, v in row.items()} for row in rows)
    except OSError as error:
        raise UsageError(f"{out} can't be written: {error.strerror}") from error
    return len(rows)


def _cell(value: object) -> object:
    # A spreadsheet runs a cell that begins so.
    return f"'{value}" if isinstance(value, str) and value.startswith(_ACTS_IN_A_SHEET) else value


def erase(settings: Settings) -> bool:
    """Delete every judgement; return whether there were any."""
    path = path_of(settings)
    there = path.exists()
    path.unlink(missing_ok=True)
    return there
