"""Answers as chat messages: checked sentences with their marks, sources, and how each answer was made.

It knows Markdown and makes every word that it shows inert: no tag, link or picture can come out of a sentence.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote, urlsplit

from chatcad.findings.measure import shown
from chatcad.findings.wording import positives
from chatcad.language import decimal, reminders, spoken, words_for
from chatcad.retrieval.glossary import words_of
from chatcad.types import Finding, Measurement, Mode, Passage, Region, Sentence, Study, Turn
from chatcad.ui.labels import label
from chatcad.ui.tables import MEASURES, RELIABILITY, STATES

Message = dict[str, Any]

MADE = '<details class="made"><summary>'
"""How the last message of a finished answer begins."""

_MARKDOWN = re.compile(r"[\\`*_\[\]|~$]|^[#+>-]")  # a picture, a link's address or a list needs one of these first
_ENTITIES = {"&": "&amp;", "<": "&lt;", "@": "&#64;", "://": "&#58;//", "www.": "www&#46;"}  # no autolinks either
_MOST_MARKS = 4
_TOLD_APART = 60
"""Letters of a sentence by which its reader finds it again."""
_CHECKS = {
    "kept": "agrees with the facts",
    "rewritten": "rewritten once, then it agreed",
    "replaced": "no wording of the model passed, so the facts' own sentence is shown",
}


def inert(text: str) -> str:
    """Return text that Markdown and HTML show letter by letter."""
    return _without_links(_MARKDOWN.sub(r"\\\g<0>", " ".join(text.split())))


def read_back(text: str) -> str:
    """Return what ``inert`` was given: a question that its visitor edits comes back as it was shown."""
    return html.unescape(re.sub(r"\\([\\`*_\[\]|~$#+>-])", r"\1", text))


def _in_tag(text: str) -> str:
    """Return text that stands within an HTML element, where Markdown isn't read: on one line, and inert."""
    return _without_links(" ".join(text.split())).replace(">", "&gt;")


def _without_links(text: str) -> str:
    return re.sub("&|<|@|://|www\\.", lambda m: _ENTITIES[m.group().lower()], text, flags=re.IGNORECASE)


def answer_markdown(sentences: Sequence[Sentence]) -> str:
    """Return the sentences of an answer, each with the marks of what carries it; another source, another paragraph."""
    said = groupby((s for s in sentences if not _is_reminder(s)), key=lambda s: s.source)
    body = [" ".join(f"{inert(s.text)} {_marks(s)}" for s in same) for _, same in said]
    closing = [f"*{inert(s.text)}*" for s in sentences if _is_reminder(s)]
    return "\n\n".join([*body, *closing])


def _is_reminder(sentence: Sentence) -> bool:
    """Tell the closing line that every answer carries: it states nothing, so it needs no mark."""
    said = sentence.text
    return sentence.source == "general" and (said in reminders() or "research tool" in said.lower())


def _marks(sentence: Sentence) -> str:
    ids = [i for i in sentence.support if i.isalnum()]
    shown = ids if len(ids) <= _MOST_MARKS else [*ids[: _MOST_MARKS - 1], f"+{len(ids) - _MOST_MARKS + 1}"]
    return " ".join(_mark(i) for i in shown) or f"`{sentence.source}`"


def _mark(number: str) -> str:
    """Return a mark as a link to what it names: a passage's text, or a fact's row, or the marked part of the film."""
    return f"[`{number}`](#{number})" if re.fullmatch(r"[FMPR]\d+", number) else f"`{number}`"


def messages_of(turn: Turn, study: Study) -> list[Message]:
    """Return one answered question as messages: question, answer with sources, how it was made."""
    text = answer_markdown(turn.sentences)
    if turn.urgent:
        text = f"`urgent` {text}"
    sources = "\n\n".join(_source(p) for p in turn.citations)
    replaced = sum(s.checked != "kept" for s in turn.sentences)
    count = f"{len(turn.sentences)} {label('sentences checked')}, {replaced} {label('changed by the check')}"
    if "fallback" in turn.machine:
        count += f", {label('worded by')} {_in_tag(turn.backend)}"
    made = provenance_markdown(turn, study)
    below = [f"*{label('Missing')}: {inert(label(remark))}*" for remark in turn.missing]
    below += [f"**{label('Sources')}**\n\n{sources}"] if sources else []
    if words := words_of(turn):
        meanings = "\n".join(f"- **{inert(term)}**: {inert(plain)}" for term, plain in words.items())
        below.append(f"<details><summary>{label('Words in this answer')}</summary>\n\n{meanings}\n\n</details>")
    title = f"{label('How this answer was made')} <small>{count}</small>"
    return [
        {"role": "user", "content": inert(turn.question)},
        {"role": "assistant", "content": "\n\n".join([text, *below])},
        {
            "role": "assistant",
            "content": f"{MADE}{title}</summary>\n\n{made}\n\n</details>",
        },
    ]


def _source(passage: Passage) -> str:
    """Return one source, closed: its title and year, and within it the quoted passage and where it was published."""
    title = _in_tag(f"{passage.title}. {passage.where}")
    parts, opened = urlsplit(passage.url), f"> {inert(passage.text)}"
    if parts.scheme in {"http", "https"} and parts.netloc:
        opened += f"\n\n[{label('Where it was published')}](<{quote(passage.url, safe=':/?&=%#~+,;@.-_')}>)"
    return f"<details><summary><code>{passage.id}</code> {title}</summary>\n\n{opened}\n\n</details>"


def provenance_markdown(turn: Turn, study: Study) -> str:
    """Return facts, passages, checks, model, times and prompt hash behind an answer, in the language spoken."""
    used = {i for s in turn.sentences for i in s.support}
    checks = [
        f"1. **{label(s.checked)}** {_marks(s)} “{inert(_beginning(s.text))}”: {_reason(s)}" for s in turn.sentences
    ]
    facts = [f"- `{f.id}` {words_for(f.label).short}: {_fact(f)}" for f in study.findings if f.id in used]
    facts += [f"- `{m.id}` {_measured(m)}" for m in study.measurements if m.id in used]
    if turn.region is not None:
        facts.append(f"- `{turn.region.id}` {label('marked part')}: {_part(turn.region)}")
    passages = [f"- `{p.id}` {inert(p.title)}: {inert(p.text)}" for p in turn.citations]
    parts = [(label("Checks, sentence by sentence"), checks), (label("Facts"), facts), (label("Passages"), passages)]
    text = "\n\n".join(f"**{title}**\n\n" + "\n".join(lines) for title, lines in parts if lines)
    return f"{text}\n\n**{label('Run')}**\n\n{_run(turn)}\n\n{label('Prompt')} `{turn.prompt_sha256[:16]}`"


def _run(turn: Turn) -> str:
    why = f" ({inert(str(turn.machine['fallback']))})" if "fallback" in turn.machine else ""
    reader = label("Clinician" if turn.mode == "clinician" else "Patient (plain words)")
    grade = f"{label('reading grade')} {decimal(f'{turn.readability_grade:.1f}')}"
    times = [f"{label(k.replace('_', ' '))} {v:.0f} ms" for k, v in turn.timings_ms.items()]
    model = f"{label('Model')} {inert(turn.backend)}{why}"
    return " · ".join([model, f"{label('Answers are for a')}: {reader}", grade, *times])


def _beginning(text: str) -> str:
    return text if len(text) <= _TOLD_APART else text[:_TOLD_APART].rsplit(" ", 1)[0] + " …"


def _reason(sentence: Sentence) -> str:
    return label(_CHECKS[sentence.checked]) + (f" ({inert(label(sentence.reason))})" if sentence.reason else "")


def _fact(finding: Finding) -> str:
    said = label(STATES.get(finding.state) or str(finding.band))
    chance = "" if finding.probability is None else decimal(f" {finding.probability:.2f}")
    return f"{said}{chance}; {label('detector')}: {label(RELIABILITY[finding.reliability])}"


def _measured(measurement: Measurement) -> str:
    name = label(MEASURES.get(measurement.name, measurement.name.replace("_", " ")))
    return f"{inert(name)}: {decimal(shown(measurement))}"


def _part(region: Region) -> str:
    edges = ", ".join(f"{edge:.2f}" for edge in region.box)
    lies = ", ".join(f"{label(name.replace('_', ' '))} {share:.2f}" for name, share in region.shares.items())
    heat = ", ".join(f"{words_for(about).short} {share:.2f}" for about, share in region.heat.items())
    return (
        f"{label('box')} {edges}; {label('area by structure')}: {lies or label('not known')}; "
        f"{label('share of the heat')}: {heat or label('none drawn')}"
    )


def suggestions(study: Study, turns: Sequence[Turn], mode: Mode, picked: str | None = None) -> tuple[str, str, str]:
    """Return three questions that this study can answer and that were not asked yet.

    Parameters
    ----------
    study
        Its flagged findings lead, then its measurement, then what was not assessed.
    turns
        Earlier questions are not offered again.
    mode
        Whose words are used.
    picked
        The label of a finding that the visitor chose: how sure it is, is offered first.
    """
    asked = {t.question for t in turns}
    possible = [*_about(picked, mode), *_questions(study, mode)]
    fresh = [q for q in possible if q not in asked]
    first, second, third = (fresh + [q for q in possible if q in asked])[:3]
    return first, second, third


def _about(picked: str | None, mode: Mode) -> list[str]:
    return [] if picked is None else [_question("How sure are you about {name}?", picked, mode)]


def _question(english: str, about: str, mode: Mode) -> str:
    """Return a question about a label in the language spoken, with the label's name as its reader says it."""
    words = words_for(about)
    name = words.plain if mode == "patient" else f"the {words.name}" if spoken() == "en" else words.short
    return label(english).format(name=name)


def _questions(study: Study, mode: Mode) -> list[str]:
    flagged = [f.label for f in positives(study)[:2]]
    if mode == "patient":
        asked = [q for n in flagged for q in (_question("What does {name} mean?", n, mode), label("Is it dangerous?"))]
        general = ("What does the picture show?", "What should be done next?", "How sure are you?")
        return list(dict.fromkeys([*asked, *map(label, general)]))
    about = ("How certain is {name}?", "What should be done next about {name}?")
    asked = [_question(q, n, mode) for n in flagged for q in about]
    ratio = study.measurement("cardiothoracic_ratio")
    measured = ["How large is the heart?"] if ratio is not None and ratio.value is not None else []
    general = ("Summarise the findings.", "What was not assessed?", "How urgent is this?")
    return [*asked[:2], *map(label, measured), *asked[2:], *map(label, general)]
