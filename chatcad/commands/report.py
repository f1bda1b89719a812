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

from chatcad import DISCLAIMER, cases
from chatcad.checking.proofread import Checked, Proof, proofread
from chatcad.config import Settings
from chatcad.errors import UsageError
from chatcad.findings.wording import measurement_line, positives
from chatcad.types import PromptDesign, SimilarCase, Study, Turn

IMPRESSION = "What do you see on this film?"
LONGEST_REPORT = 20_000
"""Characters of a report to proofread."""

_SIGNS = {"agrees": "ok", "contradicts": "!!", "not_covered": "??"}


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Print the report of one film, or write it to a folder."""
    if arguments.proofread is not None:
        _proofread(arguments, settings)
        return
    from chatcad.pipeline import ChatCAD, Conversation

    chatcad = ChatCAD.open(settings)
    study = chatcad.read(arguments.image)
    turn = chatcad.answer(
        IMPRESSION, Conversation(study, design=cast(PromptDesign, arguments.design or settings.design))
    )
    others = cases.similar(study, settings)
    if arguments.json:
        print(json.dumps(report_to_json(study, turn, others), indent=1))
        return
    text = as_markdown(study, turn, others)
    if arguments.out is None:
        print(text)
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / f"report-{study.radiograph.sha256[:12]}.md"
    path.write_text(text + "\n", encoding="utf-8")
    print(path)


def _proofread(arguments: argparse.Namespace, settings: Settings) -> None:
    from cad_models.choice import chosen
    from cad_models.reader import CadReader
    from chatcad.pipeline import read_film
    from chatcad.serialise import study_to_json

    edited = _edited(arguments.proofread)
    study = read_film(arguments.image, CadReader(chosen(settings.cache)), settings)
    proof = proofread(edited, study)
    if arguments.json:
        print(json.dumps({"study": study_to_json(study), "proof": asdict(proof)}, indent=1))
    else:
        print(proof_as_text(proof))


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


def impression_lines(study: Study, impression: Turn) -> list[str]:
    """Return the impression's sentences on what is flagged or measured."""
    open_ids = {f.id for f in positives(study)} | {m.id for m in study.measurements}
    return [s.text for s in impression.sentences if open_ids & set(s.support)]


def as_markdown(study: Study, impression: Turn, others: Sequence[SimilarCase] = ()) -> str:
    """Return the report as Markdown, with the research-only line first and other films' reports marked as such."""
    return "\n".join(
        [
            "# Chest radiograph: preliminary, machine-drafted",
            "",
            f"*{DISCLAIMER}*",
            "",
            f"View: {study.view}. Film sha256: `{study.radiograph.sha256}`",
            "",
            "## Findings",
            "",
            *(f"- {line}" for line in study.draft_report.splitlines()),
            "",
            "## Measurements",
            "",
            *(f"- {measurement_line(m)}" for m in study.measurements),
            "",
            "## Impression",
            "",
            *(f"- {line}" for line in impression_lines(study, impression)),
            "",
            *_others_in_markdown(others),
            f"Prompt sha256: `{impression.prompt_sha256}` · {impression.backend}",
        ]
    )


def _others_in_markdown(others: Sequence[SimilarCase]) -> list[str]:
    if not others:
        return []
    heading = [
        "## Similar cases",
        "",
        "*Reports of other films, to compare with: nothing in them is a fact of this film.*",
        "",
    ]
    return [*heading, *(f"- {c.key} ({c.origin}, likeness {c.score:.2f}): {c.text}" for c in others), ""]


def report_to_json(study: Study, impression: Turn, others: Sequence[SimilarCase]) -> dict[str, object]:
    """Return the report as JSON-able data: the study, the impression's lines and the whole turn behind it."""
    from chatcad.serialise import cases_to_json, study_to_json, turn_to_json

    return {
        "study": study_to_json(study),
        "impression": impression_lines(study, impression),
        "turn": turn_to_json(impression),
        "similar_cases": cases_to_json(others),
    }
