"""The audit log: what is changed or removed is found, what a kill tears is told, many may write, nobody is named."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chatcad.cli import main
from chatcad.config import ROOT
from chatcad.errors import AuditFailed
from chatcad.observe.audit import Audit

QUESTION = "Does Jane Doe have a fracture?"
WRITER = """
import sys
from pathlib import Path
from chatcad.observe.audit import Audit
audit = Audit(Path(sys.argv[1]))
print("begun", flush=True)
while True:
    audit.write("read", "user:anna", film="0" * 64)
"""


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    return Audit(tmp_path / "audit" / "audit.jsonl")


def fill(audit: Audit, count: int = 5) -> list[bytes]:
    for number in range(count):
        audit.write("asked", "user:anna", film=f"{number:064d}", kind="finding", question=QUESTION)
    return audit.path.read_bytes().splitlines(keepends=True)


def test_a_whole_log_is_whole(audit: Audit) -> None:
    fill(audit)
    found = audit.verify()
    assert (found.lines, found.faults, found.remarks) == (5, (), ())


def test_a_question_is_kept_as_its_hash_unless_it_shall_be(audit: Audit, tmp_path: Path) -> None:
    fill(audit)
    assert "Jane" not in audit.path.read_text()
    kept = Audit(tmp_path / "kept.jsonl", questions=True)
    fill(kept)
    assert kept.records()[0]["question"] == QUESTION
    assert kept.records()[0]["question_sha256"] == audit.records()[0]["question_sha256"]


@pytest.mark.parametrize("number", range(5))
def test_a_changed_line_is_found(audit: Audit, number: int) -> None:
    lines = fill(audit)
    lines[number] = lines[number].replace(b"anna", b"bert")
    audit.path.write_bytes(b"".join(lines))
    assert audit.verify().faults


@pytest.mark.parametrize("number", range(5))
def test_a_removed_line_is_found(audit: Audit, number: int) -> None:
    lines = fill(audit)
    del lines[number]
    audit.path.write_bytes(b"".join(lines))
    assert audit.verify().faults


def test_moved_garbled_and_shortened_lines_are_found(audit: Audit) -> None:
    lines = fill(audit)
    for bad in (
        [lines[1], lines[0], *lines[2:]],
        [*lines[:2], b"garbage\n", *lines[3:]],
        [*lines[:4], lines[4][:30]],
        [],
    ):
        audit.path.write_bytes(b"".join(bad))
        assert audit.verify().faults, bad


def test_a_torn_last_line_is_told_and_the_log_goes_on(audit: Audit) -> None:
    fill(audit)
    with audit.path.open("ab") as file:
        file.write(b'{"previous": "12')  # as kill -9 in the middle of a write leaves it
    assert audit.verify().faults == ()
    assert audit.verify().remarks == ("line 6 is torn: the process ended while writing it",)
    fill(audit, 1)
    found = audit.verify()
    assert (found.lines, found.faults) == (7, ())
    assert found.remarks == ("line 6 is torn: the process ended while writing it",)


def test_a_kill_between_line_and_head_is_no_fault(audit: Audit) -> None:
    fill(audit)
    head = audit.path.with_suffix(".head")
    before = head.read_text()
    fill(audit, 1)
    head.write_text(before)
    assert audit.verify().faults == ()
    fill(audit, 1)
    assert audit.verify().faults == ()


def test_kills_at_any_moment_leave_a_log_that_verifies(audit: Audit) -> None:
    for number in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(audit.path)], cwd=ROOT, stdout=subprocess.PIPE
        ) as process:
            process.stdout.readline()
            time.sleep(0.03 + 0.017 * number)
            os.kill(process.pid, signal.SIGKILL)
    fill(audit, 1)
    found = audit.verify()
    assert found.lines > 4
    assert found.faults == ()


def _write(path: Path, owner: str) -> None:
    for _ in range(20):
        Audit(path).write("read", owner, film="0" * 64)


def test_writers_in_several_processes_keep_the_chain(audit: Audit) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_write, args=(audit.path, f"key:{n}")) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(20)
    found = audit.verify()
    assert (found.lines, found.faults) == (60, ())


def test_a_log_that_can_not_be_written_is_said_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("a file where a folder shall be")
    with pytest.raises(AuditFailed, match="CHATCAD_AUDIT=off"):
        Audit(tmp_path / "audit" / "audit.jsonl").write("read", "local")


def test_the_commands_verify_and_show(audit: Audit, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("CHATCAD_CACHE", str(tmp_path))
    lines = fill(audit)
    assert main(["audit", "verify"]) == 0
    assert "whole, 5 lines" in capsys.readouterr().out
    main(["audit", "show", "-n", "2"])
    assert len(capsys.readouterr().out.splitlines()) == 2
    audit.path.write_bytes(b"".join(lines[1:]))
    assert main(["audit", "verify"]) == 1
    assert "line 1" in capsys.readouterr().out


def test_half_a_character_in_a_question_is_no_obstacle(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit.jsonl", questions=True)
    audit.write("asked", "local", question="Sure\ud800?")
    assert audit.verify().faults == ()
    assert audit.records()[0]["question"] == "Sure\ud800?"


def test_a_record_has_no_more_than_it_says(audit: Audit) -> None:
    audit.write("read", "user:anna", film="0" * 64)
    assert set(json.loads(audit.path.read_text())) == {"previous", "time", "owner", "action", "film", "kind"}


def test_a_record_that_is_written_by_half_is_an_error_and_no_fault(
    audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(audit, 1)
    write = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda handle, data: write(handle, data[: len(data) // 2]))
        with pytest.raises(AuditFailed, match="make room"):
            audit.write("read", "user:anna", film="1" * 64)
    fill(audit, 1)
    found = audit.verify()
    assert (found.lines, found.faults, len(found.remarks)) == (3, (), 1)
