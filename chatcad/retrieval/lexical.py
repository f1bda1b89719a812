"""Words: how text is cut into terms, misspelt ones mended, and the BM25 scores over them.

It knows terms and their statistics; meaning is the embedding's business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

import bm25s
import numpy as np
from bm25s.stopwords import STOPWORDS_EN
from numpy.typing import NDArray

_WORD = re.compile(r"[a-z0-9]+")
# Question words and the words of every answer carry no topic.
_QUESTION = "what how why when who which can could should would do does did me my i you"
_STOP = frozenset(STOPWORDS_EN) | frozenset(_QUESTION.split())
SPELLING_CUTOFF = 0.84
SHORTEST_MENDED = 6


def terms(text: str) -> list[str]:
    """Return the terms of ``text``: lower case, one spelling, without stop words and plural endings."""
    return [one_spelling(_singular(w)) for w in _WORD.findall(text.lower()) if w not in _STOP]


def one_spelling(word: str) -> str:
    """Return ``word`` with British, American and spoken spellings made one: oedema = edema, tumour = tumor."""
    return re.sub(r"our$", "or", word.replace("ae", "e").replace("oe", "e").replace("ph", "f"))


def _singular(word: str) -> str:
    # The "S stemmer" (Harman 1991, JASIS 42:7): plurals only, so that no two medical words fall together.
    if word.endswith("ies") and word[-4:-3] not in "ea" and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("es") and word[-3:-2] not in "aeo" and len(word) > 4:
        return word[:-1]
    if word.endswith("s") and word[-2:-1] not in "us" and len(word) > 3:
        return word[:-1]
    return word


class LexicalIndex:
    """BM25 over the texts, in memory, and the spelling that their words allow.

    Parameters
    ----------
    texts
        What is searched, in the order of the records.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        tokens = [terms(t) for t in texts]
        self._words: dict[str, str] = {one_spelling(w): w for t in texts for w in _WORD.findall(t.lower())}
        self._terms = frozenset(t for row in tokens for t in row)
        self._size = len(tokens)
        self._bm25 = bm25s.BM25(method="lucene")
        self._bm25.index(tokens, show_progress=False)

    def scores(self, text: str) -> NDArray[np.float32]:
        """Return the BM25 score of every text, ``(n,)``, zero where no term is shared."""
        known = [t for t in terms(text) if t in self._terms]
        if not known:
            return np.zeros(self._size, dtype=np.float32)
        return np.asarray(self._bm25.get_scores(known), dtype=np.float32)

    def mend(self, text: str) -> str:
        """Return ``text`` with each unknown long word replaced by a known one a letter or two away."""
        return re.sub(r"[A-Za-z]+", lambda m: self._mended(m[0]), text)

    def _mended(self, word: str) -> str:
        low = one_spelling(word.lower())
        if len(word) < SHORTEST_MENDED or low in _STOP:
            return word
        if one_spelling(_singular(word.lower())) in self._terms:
            return self._words.get(low, word)
        near = [w for w in self._words if w[0] == low[0] and abs(len(w) - len(low)) <= 2]
        best = get_close_matches(low, near, n=1, cutoff=SPELLING_CUTOFF)
        return self._words[best[0]] if best else word
