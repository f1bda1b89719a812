"""A knowledge folder with some of the project's topics, small enough to be embedded in a test."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import yaml

from chatcad.config import ROOT

ASKS, OUTSIDE = 4, 6  # every so manieth example question


def copy_topics(topics: Sequence[str], knowledge: Path) -> None:
    """Copy the passages of ``topics`` to ``knowledge``, with some of their questions and some that nothing answers."""
    passages = knowledge / "passages"
    passages.mkdir(parents=True)
    for topic in topics:
        shutil.copy(ROOT / "knowledge" / "passages" / f"{topic}.md", passages)
    own = "\n".join(path.read_text(encoding="utf-8") for path in passages.glob("*.md"))
    asks = {key: asked[::ASKS] for key, asked in _read("asks.yaml").items() if f"## {key}:" in own}
    assert asks, "no question belongs to these topics: has the passages' format changed?"
    outside = {field: questions[::OUTSIDE] for field, questions in _read("outside.yaml").items()}
    for name, content in {"asks.yaml": asks, "outside.yaml": outside}.items():
        (knowledge / name).write_text(yaml.safe_dump(content), encoding="utf-8")


def _read(name: str) -> dict[str, list[str]]:
    return yaml.load((ROOT / "knowledge" / name).read_text(encoding="utf-8"), yaml.CSafeLoader)
