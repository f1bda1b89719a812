from pathlib import Path

import pytest

from chatcad.config import Settings
from chatcad.retrieval.store import add, list_passages, open_retriever

LOCAL = """# Local protocol for drains

A chest drain on ward 7 is checked by the outreach nurse every four hours.

After removal of a chest drain a film is taken within one hour.
"""


@pytest.fixture
def protocol(tmp_path: Path) -> Path:
    path = tmp_path / "drains_2022.md"
    path.write_text(LOCAL)
    return path


def test_an_added_file_is_found_and_cited_by_its_name(own_cache: Settings, protocol: Path) -> None:
    report = add([protocol], own_cache)
    assert report.added == (str(protocol),)
    (found, *_) = open_retriever(own_cache).search("how often is a chest drain checked on ward 7")
    assert "outreach nurse" in found.text
    assert (found.title, found.source, found.year) == ("Local protocol for drains", "drains_2022.md", 2022)


def test_adding_twice_changes_nothing(own_cache: Settings, protocol: Path) -> None:
    add([protocol], own_cache)
    before = [p.key for p in list_passages(own_cache)]
    again = add([protocol], own_cache)
    assert (again.added, again.unchanged) == ((), (str(protocol),))
    assert [p.key for p in list_passages(own_cache)] == before


def test_a_changed_file_replaces_its_older_text(own_cache: Settings, protocol: Path) -> None:
    add([protocol], own_cache)
    protocol.write_text(LOCAL.replace("four hours", "two hours"))
    assert add([protocol], own_cache).added
    texts = " ".join(p.text for p in list_passages(own_cache))
    assert "two hours" in texts
    assert "four hours" not in texts


def test_bad_files_are_refused_with_a_reason_and_stop_nobody(own_cache: Settings, protocol: Path) -> None:
    folder = protocol.parent / "mixed"
    folder.mkdir()
    (folder / "scan.pdf").write_bytes(b"%PDF-1.7")
    (folder / "latin.txt").write_bytes("Pleuraerguß im Liegen".encode("latin-1"))
    (folder / "empty.txt").write_text("  \n")
    (folder / "bad.md").write_text("---\naudience: [nobody\n---\nText that is long enough to be kept.\n")
    (folder / "crowd.md").write_text("---\naudience: everyone\n---\nText that is long enough to be kept.\n")
    report = add([folder, protocol, folder / "absent.txt"], own_cache)
    assert report.added == (str(protocol),)
    reasons = {Path(path).name: reason for path, reason in report.refused}
    assert set(reasons) == {"scan.pdf", "latin.txt", "empty.txt", "bad.md", "crowd.md", "absent.txt"}
    assert "damaged" in reasons["scan.pdf"]
    assert "UTF-8" in reasons["latin.txt"]
    assert "audience" in reasons["crowd.md"]
    assert all("\n" not in reason for reason in reasons.values())


def test_hidden_characters_are_taken_out(own_cache: Settings, tmp_path: Path) -> None:
    path = tmp_path / "sly.txt"
    path.write_text("Drains are\u200b checked\u202e by the \x1b[31mnurse every hour of the day.")
    add([path], own_cache)
    (text,) = (p.text for p in list_passages(own_cache) if p.source == "sly.txt")
    assert not {"\u200b", "\u202e", "\x1b"} & set(text)


def test_the_folder_of_a_document_leaves_no_trace(own_cache: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "Jane Roe 1950"
    folder.mkdir()
    (folder / "note.txt").write_text("A drain is taken out when it has been dry for a whole day.")
    add([folder], own_cache)
    (stored,) = (own_cache.cache / "added").iterdir()
    assert "Roe" not in stored.name + stored.read_text()
