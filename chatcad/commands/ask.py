"""``ask IMAGE QUESTION…``: one conversation about one film."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from typing import cast

from chatcad import cases, context, findings, imaging, planning, record
from chatcad.commands.analyse import tell_missing
from chatcad.config import Settings
from chatcad.language import supported
from chatcad.retrieval.glossary import words_of
from chatcad.types import PromptDesign, Turn


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Answer the questions in order, each with the turns before it; exit code 4 where a network failed."""
    from chatcad.pipeline import ChatCAD, Conversation
    from chatcad.serialise import cases_to_json, differential_to_json, study_to_json, turn_to_json

    language = supported(arguments.language or settings.language)
    # First what needs no model: a wrong path or a bad file shall not wait for them.
    for path in filter(None, (arguments.image, arguments.prior)):
        imaging.must_be_there(path)
    told = context.load(arguments.context)
    marked = None if arguments.region is None else findings.box_of(arguments.region)
    chatcad = ChatCAD.open(settings)
    study = chatcad.read(arguments.image)
    talk = Conversation(
        study=study,
        mode=arguments.mode,
        context=told,
        prior=None if arguments.prior is None else chatcad.read(arguments.prior),
        language=language,
        design=cast(PromptDesign, arguments.design or settings.design),
        region=None if marked is None else findings.look(study, marked, chatcad.reader.occluded),
    )
    turns = chatcad.converse(arguments.questions, talk)
    if arguments.json:
        shape = {"study": study_to_json(talk.study), "turns": [turn_to_json(t) for t in turns]}
        causes = differential_to_json(planning.differential(talk.study, context=told))
        alike = cases_to_json(cases.gather("similar", talk.study, talk.mode, settings))
        print(json.dumps({**shape, "differential": causes, "similar_cases": alike}, indent=1))
    else:
        print("\n\n".join(as_text(t) for t in turns))
    if arguments.record is not None:  # last: the answers aren't lost where it can't be written
        record.write(record.record_of(replace(talk, turns=turns), settings), arguments.record)
    return tell_missing(talk.study)


def as_text(turn: Turn) -> str:
    """Return a turn as text: each sentence with the ids that carry it, then the sources."""
    lines = [f"> {turn.question}"]
    lines += [f"{s.text} {' '.join(f'[{i}]' for i in s.support)}".rstrip() for s in turn.sentences]
    if "fallback" in turn.machine:
        lines.append(f"  worded by {turn.backend}, because {turn.machine['fallback']}")
    lines += [f"  missing: {remark}" for remark in turn.missing]
    lines += [f"  {p.id}: {p.title} ({p.where}) {p.url}".rstrip() for p in turn.citations]
    lines += [f"  {term} means: {plain}" for term, plain in words_of(turn).items()]
    return "\n".join(lines)
