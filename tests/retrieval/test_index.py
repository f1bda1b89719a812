import logging
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from chatcad.config import ROOT, Settings
from chatcad.errors import ModelMissing
from chatcad.retrieval.embedding import embedder
from chatcad.retrieval.retriever import GuidelineRetriever
from chatcad.retrieval.store import list_passages, open_retriever

QUESTION = "ultrasound for pleural fluid"


def index_folder(settings: Settings) -> Path:
    (folder,) = (settings.cache / "index").iterdir()
    return folder


def truncate_database(folder: Path) -> None:
    (database,) = folder.glob("*/chroma.sqlite3")
    database.write_bytes(database.read_bytes()[:20_000])


def spoil_records(folder: Path) -> None:
    records = folder / "records.jsonl"
    records.write_bytes(records.read_bytes().replace(b"fluid", b"xxxxx"))


def spoil_words(folder: Path) -> None:
    (folder / "words.json").write_text("{}")


def drop_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def test_one_retriever_a_process(settings: Settings, retriever: GuidelineRetriever) -> None:
    assert open_retriever(settings) is retriever
    assert len(retriever.index.records) == len(list_passages(settings))


@pytest.mark.parametrize("harm", [truncate_database, spoil_records, spoil_words, drop_manifest])
def test_a_damaged_index_is_built_again(own_cache: Settings, harm, caplog: pytest.LogCaptureFixture) -> None:
    harm(index_folder(own_cache))
    with caplog.at_level(logging.WARNING):
        found = open_retriever(own_cache).search(QUESTION)
    assert found[0].key == "effusion-ultrasound"
    assert "damaged" in caplog.text


def test_a_sound_index_is_not_built_again(own_cache: Settings) -> None:
    made = (index_folder(own_cache) / "records.jsonl").stat().st_mtime_ns
    open_retriever(own_cache)
    assert (index_folder(own_cache) / "records.jsonl").stat().st_mtime_ns == made


def test_a_changed_passage_makes_another_index_and_leaves_nothing_half_built(
    own_cache: Settings, tmp_path: Path
) -> None:
    passages = tmp_path / "knowledge" / "passages"
    passages.mkdir(parents=True)
    for path in (own_cache.knowledge / "passages").glob("*.md"):
        (passages / path.name).write_text(path.read_text().replace("septations", "strands"))
    changed = replace(own_cache, knowledge=tmp_path / "knowledge")
    assert "strands" in open_retriever(changed).search(QUESTION)[0].text
    names = [p.name for p in (own_cache.cache / "index").iterdir()]
    assert len(names) == 2
    assert not [n for n in names if n.startswith(".")]


def test_a_missing_embedding_model_names_the_remedy(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="CHATCAD_EMBEDDING_MODEL"):
        embedder(replace(settings, embedding_model=str(tmp_path / "nothing")))


def test_a_cache_that_cannot_be_written_names_the_remedy(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder would be")
    with pytest.raises(ModelMissing, match="CHATCAD_CACHE"):
        open_retriever(replace(settings, cache=tmp_path / "cache"))


def test_importing_the_store_is_cheap() -> None:
    heavy = "{'torch', 'chromadb', 'sentence_transformers', 'transformers', 'langchain_core'}"
    code = f"import sys, chatcad.retrieval.store, chatcad.retrieval.embedding; print({heavy} & set(sys.modules))"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    assert done.stdout.strip() == "set()"
