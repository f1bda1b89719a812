"""What a conversation came from, as one JSON file: enough to have it again, and to see whether it is the same.

A record holds the questions as they were asked, so it is written only where the user asks for it (``ask --record``). Of
the film it holds the sha256, of the patient what `chatcad.context` lets through. Every model is asked greedily (seed 0
where a server wants one), so the same film, weights, prompts and passages give the same words; what may differ is how
much of an answer a slow machine has time to word, which each turn's ``missing`` says.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatcad import findings
from chatcad.config import Settings
from chatcad.errors import UsageError
from chatcad.serialise import sentence_to_json, study_to_json
from chatcad.types import Context, Lab, Passage, Study, Turn

if TYPE_CHECKING:
    from chatcad.pipeline import ChatCAD, Conversation

FORMAT = 1
SEED = 0
SETTINGS = (
    "backend", "model", "base_url", "llm_4bit", "languages", "embedding_model", "rerank_model", "context_tokens",
    "answer_seconds",
)  # fmt: skip
"""Those that change what is said; the rest of an installation doesn't."""

PATIENCE = 60.0
"""Seconds for an answer that is made again: a machine that is busy now shall not be what differs."""

Record = Mapping[str, Any]


def record_of(talk: Conversation, settings: Settings) -> dict[str, Any]:
    """Return the record of a conversation with its turns."""
    return {
        "format": FORMAT,
        "film": _film(talk.study),
        "prior": None if talk.prior is None else _film(talk.prior),
        "versions": {"python": platform.python_version(), **talk.study.run.versions},
        "weights_sha256": dict(talk.study.run.weights_sha256),
        "settings": {name: getattr(settings, name) for name in SETTINGS},
        "seed": SEED,
        "mode": talk.mode,
        "design": talk.design,
        "language": talk.language,
        "context": json.loads(json.dumps(asdict(talk.context))),  # lists, as they are read back
        "region": None if talk.region is None else list(talk.region.box),
        "turns": [_turn(turn) for turn in talk.turns],
    }


def write(record: Record, path: Path) -> None:
    """Write a record.

    Raises
    ------
    UsageError
        The file can't be written.
    """
    try:
        path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the record {path} can't be written ({error.strerror}): choose another place") from error


def read(path: Path) -> dict[str, Any]:
    """Return a record.

    Raises
    ------
    UsageError
        The file can't be read, or is no record of this version's form.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} is no record: give a file that `ask --record` wrote") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise UsageError(f"{path} has another form than this version's records (format {FORMAT}): make it anew")
    return record


def settings_of(record: Record, settings: Settings) -> Settings:
    """Return this installation's settings with those that a record names."""
    same = replace(settings, **record["settings"])
    return replace(same, answer_seconds=max(same.answer_seconds, PATIENCE))


def replay(record: Record, chatcad: ChatCAD, image: Path, prior: Path | None = None) -> dict[str, Any]:
    """Hold a recorded conversation again and return the record of what came of it.

    Raises
    ------
    UsageError
        A film is another one than the recorded one.
    ImageRefused
        A film can't be read.
    """
    from chatcad.pipeline import Conversation

    study, box = _same(chatcad, image, record["film"], "IMAGE"), record["region"]
    talk = Conversation(
        study=study,
        mode=record["mode"],
        context=_context(record["context"]),
        prior=None if record["prior"] is None else _same(chatcad, prior, record["prior"], "--prior"),
        design=record["design"],
        language=record["language"],
        region=None if box is None else findings.look(study, box, chatcad.reader.occluded),
    )
    turns = chatcad.converse([turn["question"] for turn in record["turns"]], talk)
    made = record_of(replace(talk, turns=turns), chatcad.settings)
    return {**made, "settings": record["settings"]}  # the same but for the time, which is more on purpose


def differences(recorded: Any, made: Any, where: str = "") -> Iterator[str]:
    """Yield one line for each place in which two records differ."""
    if isinstance(recorded, dict) and isinstance(made, dict):
        for key in dict.fromkeys((*recorded, *made)):
            yield from differences(recorded.get(key), made.get(key), f"{where}.{key}" if where else key)
    elif isinstance(recorded, list) and isinstance(made, list) and len(recorded) == len(made):
        for number, pair in enumerate(zip(recorded, made, strict=True), 1):
            yield from differences(*pair, f"{where}[{number}]")
    elif recorded != made:
        yield f"{where}: {json.dumps(recorded)} was recorded, {json.dumps(made)} came now"


def _film(study: Study) -> dict[str, str]:
    facts = study_to_json(study)
    del facts["run"]  # versions and weights have a place of their own, and no two times are alike
    return {"sha256": study.radiograph.sha256, "facts_sha256": _sha256(json.dumps(facts, sort_keys=True))}


def _turn(turn: Turn) -> dict[str, Any]:
    return {
        "question": turn.question,
        "intent": turn.intent,
        "sentences": [sentence_to_json(s) for s in turn.sentences],
        "prompt_sha256": turn.prompt_sha256,
        "passages": [_passage(p) for p in turn.passages],
        "backend": turn.backend,
        "machine": {name: fact for name, fact in turn.machine.items() if name != "free_bytes"},  # another each second
        "missing": list(turn.missing),
    }


def _passage(passage: Passage) -> dict[str, str]:
    return {"key": passage.key, "text_sha256": _sha256(passage.text)}


def _context(stored: Mapping[str, Any]) -> Context:
    lists = {name: tuple(value) for name, value in stored.items() if isinstance(value, list)}
    return Context(**{**stored, **lists, "labs": tuple(Lab(**lab) for lab in stored["labs"])})


def _same(chatcad: ChatCAD, image: Path | None, film: Mapping[str, str], called: str) -> Study:
    if image is None:
        raise UsageError(f"the record compares with an earlier film ({film['sha256'][:12]}…): give it as {called}")
    with image.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != film["sha256"]:
        raise UsageError(f"{called} is not the recorded film, whose sha256 begins {film['sha256'][:12]}: give that one")
    return chatcad.read(image)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
