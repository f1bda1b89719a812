"""THE page: a film becomes a study, a question becomes a checked answer. One verb a stage, in this order.

    file ─▶ load ─▶ read ─▶ interpret ─▶ search ─▶ plan ─▶ assemble ─▶ write ─▶ check ─▶ reader

It knows the order of the stages and the time that an answer may take; everything else is a stage's business.
No visitor's data lives here: a study and its turns are handed in with every call.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from chatcad import cases, checking, findings, imaging, parts, planning, prompting
from chatcad.config import EMBEDDED_TOKENS, Settings, load_settings
from chatcad.context import in_words, without_identity
from chatcad.language import speaking
from chatcad.scale import Networks
from chatcad.types import Context, Language, Mode, PromptDesign, Region, Sentence, Study, Turn

if TYPE_CHECKING:
    from chatcad.llm.writer import Writer


@dataclass(frozen=True, slots=True)
class Conversation:
    """What an answer depends on besides its question: the film, earlier turns, and the reader's choices.

    ``context`` is what was told of the patient, without names; it is marked as untrusted in the prompt and is never a
    fact about the film. ``prior`` is an earlier film's study. ``language`` is that of the answers; questions may come
    in any that is supported. ``region`` is the part of the film that is marked (`findings.look`).
    """

    study: Study
    turns: tuple[Turn, ...] = ()
    mode: Mode = "clinician"
    context: Context = planning.NO_CONTEXT
    prior: Study | None = None
    design: PromptDesign = "P3"
    language: Language = "en"
    region: Region | None = None


@dataclass(frozen=True, slots=True)
class ChatCAD:
    """The whole system behind every face: networks, knowledge and language model, each loaded once."""

    reader: Networks
    understand: planning.Understanding
    retriever: parts.Retriever
    writer: Writer
    settings: Settings

    @classmethod
    def open(cls, settings: Settings | None = None, *, serving: bool = False) -> ChatCAD:
        """Load everything that the settings name; ``serving`` does without what answers can miss (see ``parts``).

        Raises
        ------
        ModelMissing
            What can't be done without is missing; the message says the remedy.
        """
        settings = settings or load_settings()
        return cls(*parts.load(settings, serving=serving), settings)

    def read(self, source: Path | bytes) -> Study:
        """Read one film into facts.

        Raises
        ------
        ImageRefused
            The file can't be read, or is not a frontal chest film; the message says why.
        """
        return read_film(source, self.reader, self.settings)

    def stream(self, question: str, talk: Conversation) -> Iterator[Sentence | Turn]:
        """Answer one question: yield each sentence after its check, and the finished turn at the end."""
        start = time.monotonic()
        asked = planning.ask(self.understand, question, talk.turns, talk.language, talk.region)
        asked, told = planning.hear(asked, talk.turns, talk.context)
        labels = planning.subjects(asked, talk.study)
        shelf = parts.Shelf(self.retriever)
        passages = planning.gather(shelf.search, asked, labels, talk.mode, told)
        others = cases.gather(asked.intent, talk.study, talk.mode, self.settings)
        with speaking(talk.language):
            plan = planning.plan(
                asked, talk.study, passages, talk.mode, talk.prior, context=told, cases=others, turns=talk.turns
            )
        assemble = partial(
            prompting.assemble,
            talk.study,
            without_identity(question),
            plan.cited(passages),
            [replace(t, question=without_identity(t.question)) for t in talk.turns],
            mode=talk.mode,
            design=talk.design,
            context=in_words(told),
            examples=cases.examples(others, talk.study),
            language=talk.language,
        )
        prompt = assemble(budget_tokens=self.settings.prompt_tokens, count=self.writer.count)
        spare = self.writer.spare  # a prompt costs tens of milliseconds in a long talk: none is made for nobody
        short = prompt if spare is None else assemble(budget_tokens=EMBEDDED_TOKENS, count=spare.count)
        write = self.writer.session(prompt, start + self.settings.answer_seconds, short)
        facts = checking.Facts(talk.study, passages, talk.prior)
        sentences: list[Sentence] = []
        first_ms = 0.0
        for sentence in checking.settled(
            plan.statements, facts, write, language=talk.language, mode=talk.mode, mentions=planning.mentions_in
        ):
            sentences.append(sentence)
            first_ms = first_ms or 1e3 * (time.monotonic() - start)
            yield sentence
        timings = {"first_sentence": first_ms, "total": 1e3 * (time.monotonic() - start)}
        yield checking.finish(
            question, plan, tuple(sentences), passages, mode=talk.mode, language=talk.language,
            prompt_sha256=write.prompt.sha256, backend=write.backend, timings_ms=timings, machine=write.machine,
            missing=(*shelf.missing, *write.missing),
        )  # fmt: skip

    def answer(self, question: str, talk: Conversation) -> Turn:
        """Answer one question and return the finished turn."""
        *_, turn = self.stream(question, talk)
        return cast(Turn, turn)

    def converse(self, questions: Sequence[str], talk: Conversation) -> tuple[Turn, ...]:
        """Answer several questions as one conversation."""
        for question in questions:
            talk = replace(talk, turns=(*talk.turns, self.answer(question, talk)))
        return talk.turns


def read_film(source: Path | bytes, reader: Networks, settings: Settings) -> Study:
    """Read one film into facts with the networks alone: no knowledge base or language model is needed."""
    start = time.monotonic()
    radiograph = imaging.load(source, max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
    loaded = time.monotonic()
    study = findings.interpret(radiograph, reader.read(radiograph))
    done = {"load": 1e3 * (loaded - start), "total": 1e3 * (time.monotonic() - start)}
    return checking.check_draft(study, done)
