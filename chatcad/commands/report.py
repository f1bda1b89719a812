"""``report IMAGE``: findings from the checked draft, impression worded by the language model and checked.

With ``--proofread`` it judges a report that somebody edited, and needs no language model.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import cast

from chatcad import DISCLAIMER, cases, export
from chatcad.checking.proofread import Checked, Proof, proofread
from chatcad.commands.analyse import tell_missing
from chatcad.config import Settings
from chatcad.errors import UsageError
from chatcad.export.markdown import as_markdown
from chatcad.language import supported
from chatcad.scale import open_networks
from chatcad.types import Mode, PromptDesign, SimilarCase, Study, Turn

IMPRESSION = "What do you see on this film?"
LONGEST_REPORT = 20_000
"""Characters of a report to proofread."""

_SIGNS = {"agrees": "ok", "contradicts": "!!", "not_covered": "??"}


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the report of one film, or write it to a folder; exit code 4 where a network failed."""
    if arguments.proofread is not None:
        return _proofread(arguments, settings)
    from chatcad.pipeline import ChatCAD, Conversation

    wanted = export.formats(arguments.export)
    language = supported(arguments.language or settings.language)
    chatcad = ChatCAD.open(settings)
    study = chatcad.read(arguments.image)
    design = cast(PromptDesign, arguments.design or settings.design)
    turn = chatcad.answer(
        IMPRESSION, Conversation(study, mode=cast(Mode, arguments.mode), design=design, language=language)
    )
    others = cases.similar(study, settings) if turn.mode == "clinician" else ()
    if arguments.json:
        print(json.dumps(report_to_json(study, turn, others), indent=1))
        return tell_missing(study)
    report = export.worded(study, turn, others)
    if wanted == ("md",) and arguments.out is None:
        print(as_markdown(report))
        return tell_missing(study)
    written = [p for one in wanted for p in export.export(report, one, arguments.out or Path(), arguments.image)]
    print(*dict.fromkeys(written), sep="\n")  # the film beside DICOM results is the same for each of them
    return tell_missing(study)


def _proofread(arguments: argparse.Namespace, settings: Settings) -> int:
    from chatcad.pipeline import read_film
    from chatcad.serialise import study_to_json

    edited = _edited(arguments.proofread)
    study = read_film(arguments.image, open_networks(settings, lenient=True), settings)
    proof = proofread(edited, study)
    if arguments.json:
        print(json.dumps({"study": study_to_json(study), "proof": asdict(proof)}, indent=1))
    else:
        print(proof_as_text(proof))
    return tell_missing(study)


def _edited(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"can't read the edited report {path.name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"the edited report {path.name} is not UTF-8 text: save it as text") from error
    if len(text) > LONGEST_REPORT:
        raise UsageError(f"the edited report is longer than {LONGEST_REPORT:,} characters: shorten it")
    return text


def proof_as_text(proof: Proof) -> str:
    """Return a proofread report line by line: sign, number, sentence, reason; then omissions and clashes."""
    lines = [f"{_SIGNS[s.verdict]} {n}. {s.sentence}\n      {_verdict(s)}" for n, s in enumerate(proof.sentences, 1)]
    lines += [f"-- not mentioned{' (urgent)' if o.urgent else ''}: {o.text} [{o.fact}]" for o in proof.omissions]
    lines += [f"<> sentences {', '.join(map(str, c.sentences))}: {c.reason}" for c in proof.clashes]
    counted = (
        f"{proof.count('agrees')} agree, {proof.count('contradicts')} contradict, {proof.count('not_covered')} not "
        f"covered; {len(proof.omissions)} not mentioned, {len(proof.clashes)} clashes"
    )
    return "\n".join([*lines, "", counted, DISCLAIMER])


def _verdict(checked: Checked) -> str:
    kind = f" ({checked.kind.replace('_', '-')})" if checked.kind else ""
    facts = f" [{', '.join(checked.facts)}]" if checked.facts else ""
    return f"{checked.verdict.replace('_', ' ')}{kind}: {checked.reason}{facts}"


def report_to_json(study: Study, impression: Turn, others: Sequence[SimilarCase]) -> dict[str, object]:
    """Return the report as JSON-able data: the study, the impression's lines and the whole turn behind it."""
    from chatcad.serialise import cases_to_json, study_to_json, turn_to_json

    return {
        "study": study_to_json(study),
        "impression": export.impression_lines(study, impression),
        "turn": turn_to_json(impression),
        "similar_cases": cases_to_json(others),
    }
