"""Words: how text is cut into terms, misspelt ones mended, and the BM25 scores over them.

It knows terms and their statistics; meaning is the embedding's business.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
from bm25s.stopwords import STOPWORDS_EN
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

_WORD = re.compile(r"[a-z0-9]+")
# Question words and the words of every answer carry no topic.
_QUESTION = "what how why when who which can could should would do does did me my i you"
_STOP = frozenset(STOPWORDS_EN) | frozenset(_QUESTION.split())
SHORTEST_MENDED = 5
LONG = 8  # from so many letters on, two of them may be wrong

Scores = NDArray[np.float32]


def terms(text: str) -> list[str]:
    """Return the terms of ``text``: lower case, one spelling, without stop words and plural endings."""
    return [one_spelling(_singular(w)) for w in _WORD.findall(text.lower()) if w not in _STOP]


def one_spelling(word: str) -> str:
    """Return ``word`` with British, American and spoken spellings made one: oedema = edema, tumour = tumor."""
    plain = word.replace("ae", "e").replace("oe", "e").replace("ph", "f")
    return re.sub(r"our$", "or", re.sub(r"^pn", "n", plain))


def _singular(word: str) -> str:
    # The "S stemmer" (Harman 1991, JASIS 42:7): plurals only, so that no two medical words fall together.
    if word.endswith("ies") and word[-4:-3] not in "ea" and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("es") and word[-3:-2] not in "aeo" and len(word) > 4:
        return word[:-1]
    if word.endswith("s") and word[-2:-1] not in "us" and len(word) > 3:
        return word[:-1]
    return word


@dataclass(frozen=True)
class LexicalIndex:
    """BM25 over the texts, and the spelling that their words allow.

    ``words`` maps the one spelling of each word to how it is spelt.
    """

    bm25: bm25s.BM25
    words: dict[str, str]
    size: int

    @classmethod
    def build(cls, texts: Sequence[str]) -> LexicalIndex:
        """Return the index of ``texts``, in the order of the records."""
        words = {one_spelling(w): w for t in texts for w in _WORD.findall(t.lower())}
        bm25 = bm25s.BM25(method="lucene")
        bm25.index([terms(t) for t in texts], show_progress=False)
        return cls(bm25, words, len(texts))

    def save(self, folder: Path) -> None:
        """Write it to ``folder`` as arrays and JSON."""
        self.bm25.save(folder, allow_pickle=False)
        about = {"size": self.size, "words": self.words}
        (folder / "words.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """Read back what `save` wrote; the arrays stay on disk until they are asked for."""
        about: dict[str, Any] = json.loads((folder / "words.json").read_text(encoding="utf-8"))
        return cls(bm25s.BM25.load(folder, mmap=True, allow_pickle=False), about["words"], about["size"])

    def knows(self, term: str) -> bool:
        """Whether a text has ``term``."""
        return term in self.bm25.vocab_dict

    def scores(self, text: str) -> Scores:
        """Return the BM25 score of every text, ``(n,)``, zero where no term is shared."""
        known = [t for t in terms(text) if self.knows(t)]
        if not known:
            return np.zeros(self.size, dtype=np.float32)
        return np.asarray(self.bm25.get_scores(known), dtype=np.float32)

    def mend(self, text: str) -> str:
        """Return ``text`` with each unknown long word replaced by a known one a letter or two away."""
        return re.sub(r"[A-Za-z]+", lambda m: self._mended(m[0]), text)

    def _mended(self, word: str) -> str:
        low = one_spelling(word.lower())
        if len(word) < SHORTEST_MENDED or word.lower() in _STOP:
            return word
        if self.knows(one_spelling(_singular(word.lower()))):
            return self.words.get(low, word)
        near = process.extractOne(
            low, self.words.keys(), scorer=OSA.distance, score_cutoff=2 if len(word) >= LONG else 1
        )
        return self.words[near[0]] if near else word
