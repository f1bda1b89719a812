"""Greedy decoding with a memory of the last prompt, and guesses copied from it.

It knows token ids, keys and values; it knows neither text nor chats. Two things make it quick without changing one
token. A prompt that begins like the last one is read only from where they part. And as wording mostly repeats words
of its prompt, the tokens that followed the last few words there are offered as guesses: one pass of the network
confirms several of them (prompt lookup decoding; Saxena 2023, and speculative decoding, Leviathan et al. 2023,
arXiv 2211.17192).

No lock is held between two tokens: a reader who walks away blocks nobody.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from chatcad.errors import BackendFailed

_CHUNK = 256  # prompt tokens read between two looks at the clock
_LOOKUP = 2  # last tokens that must match before the prompt's continuation is guessed
_GUESSES = 7  # on a CPU, eight positions in one pass cost about twice as much as one
_LOOP_SPAN = 16  # repeated tokens that count as a loop; numbers such as 1000000 are shorter


@dataclass(slots=True)
class Tally:
    """Counts of one call: prompt tokens, those of them remembered, passes of the network after the prompt."""

    prompt: int = 0
    remembered: int = 0
    passes: int = 0
    late: bool = False


class Memory:
    """The tokens that a network has read, with their keys and values."""

    def __init__(self, network: Any) -> None:
        from transformers import DynamicCache

        self.tokens: list[int] = []
        self.cache = DynamicCache(config=network.config)

    @property
    def can_forget(self) -> bool:
        """Whether the last tokens can be taken back; sliding windows and recurrent states can't."""
        return bool(self.cache.is_croppable) and not any(self.cache.is_sliding)

    @property
    def sound(self) -> bool:
        """Whether keys and tokens agree; they don't after a pass that failed."""
        return int(self.cache.get_seq_length()) == len(self.tokens)

    def forget(self, count: int) -> None:
        """Take the last ``count`` tokens back."""
        if count:
            self.cache.crop(-count)
            del self.tokens[-count:]


class Decoder:
    """A causal network that writes the most likely token, again and again. Threads may share it."""

    def __init__(self, network: Any) -> None:
        self.network = network
        self._kept: Memory | None = None
        self._slot, self._pass = threading.Lock(), threading.Lock()

    def tokens(self, prompt: Sequence[int], tally: Tally, deadline: float = float("inf")) -> Generator[int]:
        """Yield token after token, without end unless the deadline passes; the caller stops it.

        Parameters
        ----------
        prompt
            Token ids, at least one.
        tally
            Filled in on the way; ``late`` tells a reader that the deadline ended it.
        deadline
            A ``time.monotonic()`` value, looked at before every pass.

        Raises
        ------
        BackendFailed
            The network failed, most often for want of memory.
        """
        memory = self._take(prompt)
        tally.prompt, tally.remembered = len(prompt), len(memory.tokens)
        try:
            yield from self._write(memory, list(prompt), tally, deadline)
        finally:
            if memory.sound:
                with self._slot:
                    self._kept = memory

    def _take(self, prompt: Sequence[int]) -> Memory:
        """Return the kept memory cut down to what ``prompt`` shares with it, or a blank one."""
        with self._slot:
            memory, self._kept = self._kept, None
        if memory is None:
            return Memory(self.network)
        surplus = len(memory.tokens) - common_prefix(memory.tokens, prompt[:-1])
        if surplus and not memory.can_forget:
            return Memory(self.network)
        memory.forget(surplus)
        return memory

    def _write(self, memory: Memory, history: list[int], tally: Tally, deadline: float) -> Generator[int]:
        best: list[int] = []
        while unread := history[len(memory.tokens) :]:
            if _late(tally, deadline):
                return
            best = self._read(memory, unread[:_CHUNK], keep=1)
        while True:
            history.append(best[-1])
            yield best[-1]
            if _late(tally, deadline):
                return
            guesses = look_up(history) if memory.can_forget else []
            best = self._read(memory, [best[-1], *guesses], keep=1 + len(guesses))
            tally.passes += 1
            right = common_prefix(guesses, best)
            memory.forget(len(guesses) - right)
            for token in guesses[:right]:
                history.append(token)
                yield token
            best = best[: right + 1]

    def _read(self, memory: Memory, tokens: list[int], keep: int) -> list[int]:
        """Read ``tokens`` and return the most likely successor of each of the last ``keep``."""
        import torch

        try:
            with self._pass, torch.inference_mode():
                ids = torch.tensor([tokens], device=self.network.device)
                out = self.network(input_ids=ids, past_key_values=memory.cache, use_cache=True, logits_to_keep=keep)
                memory.tokens.extend(tokens)
                return [int(i) for i in out.logits[0].argmax(-1)]
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            raise BackendFailed(f"the language model failed ({reason}): choose a smaller one or free memory") from error


def _late(tally: Tally, deadline: float) -> bool:
    """Note and return whether the deadline has passed."""
    tally.late = time.monotonic() >= deadline
    return tally.late


def common_prefix(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many tokens the two have in common from their start."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def look_up(history: Sequence[int]) -> list[int]:
    """Return the tokens that followed the last place where the last few tokens stood before; often none."""
    tail = list(history[-_LOOKUP:])
    for start in range(len(history) - _LOOKUP - 1, -1, -1):
        if history[start] == tail[0] and list(history[start : start + _LOOKUP]) == tail:
            return list(history[start + _LOOKUP : start + _LOOKUP + _GUESSES])
    return []


def loops(tokens: Sequence[int]) -> bool:
    """Return whether the text has fallen into a loop: its end is the same tokens over and over."""
    for period in range(1, len(tokens) // 2 + 1):
        span = period * max(2, ceil(_LOOP_SPAN / period))
        if span <= len(tokens) and all(tokens[-i] == tokens[-i - period] for i in range(1, span - period + 1)):
            return True
    return False
