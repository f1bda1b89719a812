"""The chest topics of MedQuAD as short patient passages, where the user has the data.

MedQuAD (Ben Abacha & Demner-Fushman, BMC Bioinformatics 2019, doi:10.1186/s12859-019-3119-4) is CC BY 4.0 and is
read where it lies; nothing of it is copied into the project. It knows that file and what is left out of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatcad.retrieval.passages import Record
from chatcad.vocabulary import labels_in

if TYPE_CHECKING:
    from langchain_text_splitters import TextSplitter

ATTRIBUTION = "MedQuAD, Ben Abacha & Demner-Fushman 2019, CC BY 4.0"
YEAR = 2019  # of the data set: its documents carry no date
CHUNK_CHARACTERS = 420
CHUNKS_PER_ANSWER = 2
# Rare-disease and genetics pages (GARD, GHR) drown the common questions; treatment answers name drugs and doses.
SOURCES = frozenset({"MPlusHealthTopics", "NHLBI", "CDC", "CancerGov", "NIHSeniorHealth"})
KINDS = {
    "information": "what it is",
    "symptoms": "symptoms",
    "causes": "causes",
    "exams and tests": "tests",
    "susceptibility": "who is at risk",
    "outlook": "outlook",
    "complications": "complications",
    "prevention": "prevention",
}
TOPIC_OF = {"exams and tests": "next_step", "causes": "cause", "susceptibility": "cause", "information": "meaning"}
_OFF_TOPIC = re.compile(
    r"brain|cerebral|cystitis|bad breath|herniated|inguinal|vaccine|cold and cough|nervous system|flu shot|scoliosis"
    r"|lymphoma|transplant|rehabilitation",
    re.IGNORECASE,
)
_DOSE = re.compile(r"\d\s*(?:mg|mcg|µg|ml|grams?|units?|tablets?)\b", re.IGNORECASE)
# A sentence that leans on the one before it can't be quoted alone.
_LEANING = re.compile(r"(?:It|They|This|These|Those|He|She|That|Such|Other|Another|Also|For more|However)\b")
_NOT_PROSE = re.compile(r"NIH: [A-Z].*$|Key Points\s+-\s|\(See [^)]*\)|For more information, (?:see|go to)[^.]*\.?")


def medquad_path(data: Path) -> Path:
    """Return where the data set lies under the user's data folder."""
    return data / "medquad" / "medquad_chest.jsonl"


def load_medquad(data: Path) -> tuple[Record, ...]:
    """Return the chest topics as passages; empty where the data are absent.

    Parameters
    ----------
    data
        The user's data folder (``settings.data``).
    """
    path = medquad_path(data)
    if not path.is_file():
        return ()
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        chunk_size=CHUNK_CHARACTERS, chunk_overlap=0, separators=[". ", " "], keep_separator="end"
    )
    documents = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return tuple(record for document in documents if _wanted(document) for record in _records(document, splitter))


def _wanted(document: dict[str, Any]) -> bool:
    return (
        bool(document["chest_topic"]) and document["source"] in SOURCES and _OFF_TOPIC.search(document["focus"]) is None
    )


def _records(document: dict[str, Any], splitter: TextSplitter) -> Iterator[Record]:
    for number, pair in enumerate(document["qa"]):
        kind = KINDS.get(pair["type"])
        if kind is None:
            continue
        chunks = [c for c in splitter.split_text(clean(pair["answer"])) if _readable(c)][:CHUNKS_PER_ANSWER]
        for part, chunk in enumerate(chunks):
            yield Record(
                key=f"medquad:{document['id']}:{number}.{part}",
                title=f"{document['focus']}: {kind}",
                text=chunk,
                source=f"{document['source']}, from {ATTRIBUTION}",
                url=document["url"],
                year=YEAR,
                evidence="review",
                audience="patient",
                findings=labels_in(document["focus"]),
                topics=(TOPIC_OF[pair["type"]],) if pair["type"] in TOPIC_OF else (),
                origin="medquad",
            )


def clean(answer: str) -> str:
    """Return ``answer`` as plain prose: one line, without cross-references, credits and list dashes."""
    prose = _NOT_PROSE.sub(" ", " ".join(answer.split()))
    return " ".join(re.sub(r"\s+-\s+", "; ", prose).replace(":;", ":").split())


def _readable(chunk: str) -> bool:
    # Tables flattened into text and the tails of lists have no sentence in them.
    whole = len(chunk) >= 60 and chunk[0].isupper() and chunk[-1] in ".!?"
    return whole and _LEANING.match(chunk) is None and _DOSE.search(chunk) is None
