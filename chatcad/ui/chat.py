"""Answers as chat messages: checked sentences with their marks, sources, and how each answer was made.

It knows Markdown and makes every word that it shows inert: no tag, link or picture can come out of a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from chatcad import DISCLAIMER
from chatcad.types import Finding, Mode, Passage, Sentence, Study, Turn
from chatcad.vocabulary import terms

Message = dict[str, Any]

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~$>-])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", "@": "&#64;", "://": "&#58;//", "www.": "www&#46;"}  # no autolinks either
_CHECKS = {
    "kept": "the model's words stood",
    "rewritten": "rewritten once, then it stood",
    "replaced": "the model's words failed, so the facts' own sentence is shown",
}


def inert(text: str) -> str:
    """Return text that Markdown and HTML show letter by letter."""
    flat = _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
    return re.sub("&|<|@|://|www\\.", lambda m: _ENTITIES[m.group().lower()], flat, flags=re.IGNORECASE)


def answer_markdown(sentences: Sequence[Sentence]) -> str:
    """Return the sentences of an answer, each followed by the marks of what carries it."""
    body = [f"{inert(s.text)} {_marks(s)}" for s in sentences if s.text != DISCLAIMER]
    closing = [f"*{inert(DISCLAIMER)}*"] if any(s.text == DISCLAIMER for s in sentences) else []
    return "\n\n".join([" ".join(body), *closing])


def _marks(sentence: Sentence) -> str:
    return " ".join(f"`{i}`" for i in sentence.support if i.isalnum()) or f"`{sentence.source}`"


def messages_of(turn: Turn, study: Study) -> list[Message]:
    """Return one answered question as messages: question, answer with sources, how it was made."""
    text = answer_markdown(turn.sentences)
    if turn.urgent:
        text = f"`urgent` {text}"
    sources = "\n".join(f"- `{p.id}` {_link(p)}" for p in turn.citations)
    replaced = sum(s.checked != "kept" for s in turn.sentences)
    count = f"{len(turn.sentences)} sentences checked, {replaced} changed by the check"
    return [
        {"role": "user", "content": inert(turn.question)},
        {"role": "assistant", "content": f"{text}\n\n**Sources**\n\n{sources}" if sources else text},
        {
            "role": "assistant",
            "content": provenance_markdown(turn, study),
            "metadata": {"title": "How this answer was made", "status": "done", "log": count},
        },
    ]


def _link(passage: Passage) -> str:
    title, parts = f"{inert(passage.title)}", urlsplit(passage.url)
    if parts.scheme in {"http", "https"} and parts.netloc:
        title = f"[{title}](<{quote(passage.url, safe=':/?&=%#~+,;@.-_')}>)"
    return f"{title}. {inert(passage.source)}, {passage.year}"


def provenance_markdown(turn: Turn, study: Study) -> str:
    """Return facts, passages, checks, model, times and prompt hash behind an answer."""
    used = {i for s in turn.sentences for i in s.support}
    checks = [f"1. **{s.checked}** {_marks(s)}{_reason(s)}" for s in turn.sentences]
    facts = [f"- `{f.id}` {terms()[f.label].name}: {_fact(f)}" for f in study.findings if f.id in used]
    facts += [
        f"- `{m.id}` {inert(m.name.replace('_', ' '))}: {m.value if m.value is not None else 'withheld'}"
        for m in study.measurements
        if m.id in used
    ]
    passages = [f"- `{p.id}` {inert(p.title)}: {inert(p.text)}" for p in turn.citations]
    times = " · ".join(f"{k.replace('_', ' ')} {v:.0f} ms" for k, v in turn.timings_ms.items())
    run = f"Model {inert(turn.backend)} · mode {turn.mode} · reading grade {turn.readability_grade:.1f} · {times}"
    parts = [("Checks, sentence by sentence", checks), ("Facts", facts), ("Passages", passages)]
    text = "\n\n".join(f"**{title}**\n\n" + "\n".join(lines) for title, lines in parts if lines)
    return f"{text}\n\n**Run**\n\n{run}\n\nPrompt `{turn.prompt_sha256[:16]}`"


def _reason(sentence: Sentence) -> str:
    return f" {_CHECKS[sentence.checked]}" + (f" ({inert(sentence.reason)})" if sentence.reason else "")


def _fact(finding: Finding) -> str:
    chance = "" if finding.probability is None else f" {finding.probability:.2f}"
    return f"{finding.state.replace('_', ' ')}{chance}, detector {finding.reliability.replace('_', ' ')}"


def suggestions(study: Study, turns: Sequence[Turn], mode: Mode) -> tuple[str, str, str]:
    """Return three questions that this study can answer and that were not asked yet.

    Parameters
    ----------
    study
        Its flagged findings lead, then its measurement, then what was not assessed.
    turns
        Earlier questions are not offered again.
    mode
        Whose words are used.
    """
    asked = {t.question for t in turns}
    fresh = [q for q in _questions(study, mode) if q not in asked]
    first, second, third = (fresh + [q for q in _questions(study, mode) if q in asked])[:3]
    return first, second, third


def _questions(study: Study, mode: Mode) -> list[str]:
    flagged = sorted(
        (f for f in study.findings if f.state in {"present", "uncertain"}), key=lambda f: -(f.probability or 0.0)
    )
    named = [terms()[f.label].name if mode == "clinician" else terms()[f.label].plain for f in flagged[:2]]
    missing = [terms()[f.label] for f in study.findings if f.state == "not_assessed"][:1]
    if mode == "patient":
        about = [q for n in named for q in (f"What does it mean: {n}?", "Is it dangerous?")]
        return list(dict.fromkeys([*about, "What does my picture show?", "What should I ask my doctor?",
                                   "How sure is the computer?"]))  # fmt: skip
    about = [q for n in named for q in (f"How certain is the {n}?", f"What is the next step for the {n}?")]
    ratio = study.measurement("cardiothoracic_ratio")
    measured = ["How large is the heart?"] if ratio is not None and ratio.value is not None else []
    return [*about[:2], *measured, *about[2:], *(f"Is there a {t.name}?" for t in missing),
            "Summarise the findings.", "What can't this system see?", "Is anything urgent?"]  # fmt: skip
