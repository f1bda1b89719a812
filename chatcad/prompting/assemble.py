"""Assemble the messages for one answer under a token budget, with everything untrusted marked.

It knows the prompt files and what may be left out first. It doesn't know which model reads the messages.
The part that stays the same for all sentences of an answer comes first, so that a backend can keep it computed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from chatcad.config import ROOT
from chatcad.prompting.designs import write_facts
from chatcad.types import Mode, Passage, PromptDesign, Statement, Study, Turn

CHARACTERS_PER_TOKEN = 3.5
"""A cautious mean for English medical text; a budget needs no tokenizer."""

LONGEST_QUESTION, LONGEST_CONTEXT = 600, 600


@dataclass(frozen=True, slots=True)
class Prompt:
    """What every sentence of one answer is worded from; ``sha256`` names it in run records."""

    system: str
    sha256: str

    def messages(
        self, statement: Statement, objection: str | None = None, passed: tuple[str, str] | None = None
    ) -> list[BaseMessage]:
        """Return the messages that ask for one sentence, or for another try after an objection.

        ``passed`` is another statement with a wording of it that passed the check: an example for the next try.
        """
        name = "word" if objection is None else "rewrite"
        request = _file(f"{name}.md").format(statement=statement.text, objection=objection or "", passed=_told(passed))
        return [SystemMessage(self.system), HumanMessage(request.strip())]


def assemble(
    study: Study,
    question: str,
    passages: Sequence[Passage],
    turns: Sequence[Turn],
    *,
    mode: Mode,
    design: PromptDesign,
    context: str = "",
    examples: Sequence[str] = (),
    budget_tokens: int = 700,
) -> Prompt:
    """Return the prompt of one answer.

    Parameters
    ----------
    study
        The film's facts: no header text of the file is in it, so none can reach the model.
    question, context, turns, passages
        Untrusted: stripped of anything that looks like markup or a control token, and marked.
    mode, design
        Who reads, and how the facts are written.
    examples
        Sentences of other films' reports as style, marked as such.
    budget_tokens
        Upper bound for the whole; the examples go first, then the oldest turns, the last passages, the context.
    """
    header = _file(f"system_{mode}.md").strip()
    # What other films' reports say is no part of this film's story.
    earlier = [f"Q: {neutral(t.question)} A: {neutral(t.answer)}" for t in turns if t.intent != "similar"]
    lent = [neutral(e) for e in examples]
    quoted = [f"{p.id} ({p.where}): {neutral(p.text)}" for p in passages]
    told = neutral(context)[:LONGEST_CONTEXT]
    while True:
        evidence = _file("evidence.md").format(
            facts=write_facts(study, design),
            passages="\n".join(quoted) or "none",
            earlier="\n".join(earlier) or "none",
            context=told or "none",
            question=neutral(question)[:LONGEST_QUESTION],
        )
        style = _file("examples.md").format(examples="\n".join(lent)) if lent else ""
        system = f"{header}\n{style}{evidence}".strip()
        if len(system) <= budget_tokens * CHARACTERS_PER_TOKEN or not (lent or earlier or quoted or told):
            return Prompt(system, hashlib.sha256(system.encode()).hexdigest())
        if lent:
            lent.pop()
        elif earlier:
            earlier.pop(0)
        elif quoted:
            quoted.pop()
        else:
            told = ""


def _told(passed: tuple[str, str] | None) -> str:
    return "" if passed is None else _file("passed.md").format(statement=passed[0], wording=passed[1]).rstrip("\n")


def neutral(text: str) -> str:
    """Return untrusted text without angle brackets, control tokens and line breaks."""
    text = re.sub(r"<\|.*?\|>|\[/?INST\]|<<?/?SYS>>?|</?s>", " ", text)
    return " ".join(text.replace("<", "‹").replace(">", "›").split())


@lru_cache(maxsize=32)
def _file(name: str) -> str:
    return (ROOT / "prompts" / name).read_text(encoding="utf-8")
