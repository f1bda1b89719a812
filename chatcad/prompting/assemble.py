"""Assemble the messages for one answer under a token budget, with everything untrusted marked.

It knows the prompt files and what may be left out first. It doesn't know which model reads the messages.
The part that stays the same for all sentences of an answer comes first, so that a backend can keep it computed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from chatcad.config import EMBEDDED_TOKENS, ROOT
from chatcad.language import ENGLISH_NAMES
from chatcad.prompting.designs import write_facts
from chatcad.prompting.memory import remember
from chatcad.prompting.neutral import neutral
from chatcad.types import Language, Mode, Passage, PromptDesign, Statement, Study, Turn

CHARACTERS_PER_TOKEN = 3.1
"""Measured on whole prompts with SmolLM2's tokenizer, where facts and numbers make the tokens short."""

LONGEST_QUESTION, LONGEST_CONTEXT = 600, 600
NONE = "none"
READERS = {"clinician": "radiologist", "patient": "patient, in short plain words"}


def by_characters(text: str) -> int:
    """Return about how many tokens a text has, for a model that doesn't say it."""
    return ceil(len(text) / CHARACTERS_PER_TOKEN)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What every sentence of one answer is worded from; ``sha256`` names it in run records.

    In another ``language`` than English it asks for translations, for the reader of ``mode``.
    """

    system: str
    sha256: str
    language: Language = "en"
    mode: Mode = "clinician"

    def messages(
        self, statement: Statement, objection: str | None = None, passed: tuple[str, str] | None = None
    ) -> list[BaseMessage]:
        """Return the messages that ask for one sentence, or for another try after an objection.

        ``passed`` is another statement with a wording of it that passed the check: an example for the next try.
        """
        if self.language != "en":
            return self._translation(statement, objection)
        name = "word" if objection is None else "rewrite"
        request = _file(f"{name}.md").format(
            statement=neutral(statement.text), objection=neutral(objection or ""), passed=_told(passed)
        )
        return [SystemMessage(self.system), HumanMessage(request.strip())]

    def _translation(self, statement: Statement, objection: str | None) -> list[BaseMessage]:
        name, reader = "translate" if objection is None else "retranslate", READERS[self.mode]
        words = {"language": ENGLISH_NAMES[self.language], "reader": reader, "objection": neutral(objection or "")}
        return [HumanMessage(_file(f"{name}.md").format(statement=neutral(statement.text), **words).strip())]


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
    count: Callable[[str], int] = by_characters,
    language: Language = "en",
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
        Upper bound for the whole; the examples go first, then the oldest turns, the last passages, the context. Facts,
        instructions and the question stay.
    count
        How many tokens a text has for the model that reads it.
    language
        Of the answer.
    """
    header = _file(f"system_{mode}.md").strip()
    # A model with the embedded budget copies or breaks off when it is shown examples: they are for larger ones.
    lent = [neutral(e) for e in examples] if budget_tokens > EMBEDDED_TOKENS else []
    quoted = [f"{p.id} ({neutral(p.where)}): {neutral(p.text)}" for p in passages]
    told = neutral(context)[:LONGEST_CONTEXT]

    def written(earlier: str = "", style: Sequence[str] = ()) -> str:
        evidence = _file("evidence.md").format(
            facts=write_facts(study, design),
            passages="\n".join(quoted) or NONE,
            earlier=earlier or NONE,
            context=told or NONE,
            question=neutral(question)[:LONGEST_QUESTION],
        )
        lead = _file("examples.md").format(examples="\n".join(style)) if style else ""
        return f"{header}\n{lead}{evidence}".strip()

    def fits(earlier: str = "", style: Sequence[str] = ()) -> bool:
        return count(written(earlier, style)) <= budget_tokens

    while (quoted or told) and not fits():
        if quoted:
            quoted.pop()
        else:
            told = ""
    earlier = remember(turns, study, fits)
    while lent and not fits(earlier, lent):
        lent.pop()
    system = written(earlier, lent)
    return Prompt(system, hashlib.sha256(system.encode()).hexdigest(), language, mode)


def _told(passed: tuple[str, str] | None) -> str:
    return "" if passed is None else _file("passed.md").format(statement=passed[0], wording=passed[1]).rstrip("\n")


@lru_cache(maxsize=32)
def _file(name: str) -> str:
    return (ROOT / "prompts" / name).read_text(encoding="utf-8")
