"""What is recorded of each request: figures (``metrics``), a log line (``logs``) and the audit's record (``audit``).

Page, API and whatever else serves others call these functions, and nothing else counts. They never see a pixel, a
file's name or a header; a question goes no further than its sha256 unless ``CHATCAD_AUDIT_QUESTIONS`` says so.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from chatcad.config import Settings
from chatcad.errors import ChatCADError
from chatcad.types import Study, Turn

if TYPE_CHECKING:
    from chatcad.observe.audit import Audit
    from chatcad.observe.drift import Watch

_log = logging.getLogger("chatcad.requests")
_audit: Audit | None = None
_watch: Watch | None = None


def begin(settings: Settings) -> None:
    """Switch on the log, the audit and the drift watch that the settings name; without this only figures are kept."""
    global _audit, _watch  # noqa: PLW0603  -- one log file a process, as with the logging module itself
    from chatcad.observe import audit, drift, logs

    logs.begin(settings.log)
    _audit = audit.Audit(audit.path_of(settings), questions=settings.audit_questions) if settings.audit else None
    _watch = drift.Watch.of(settings)


def film_read(study: Study, owner: str) -> None:
    """Record that a film was read.

    Raises
    ------
    AuditFailed
        The record can't be written; what was read is not to be shown then. So of every function here.
    """
    from chatcad.observe import metrics

    film = study.radiograph.sha256
    if _audit is not None:
        _audit.write("read", owner, film=film)
    metrics.read(study.run.timings_ms)
    _count_scores(study)
    _log.info("film read", extra={"owner": owner, "film": film[:12], "ms": round(study.run.timings_ms["total"])})


def _count_scores(study: Study) -> None:
    """Count a film's scores for the drift watch; a reader doesn't wait for a full disk to be mended."""
    from chatcad.observe import metrics

    if _watch is None:
        return
    try:
        _watch.count(study)
        metrics.drifted(_watch.drifts())
    except OSError:
        _log.exception("a film was not counted for the drift watch")


def film_refused(error: ChatCADError, owner: str) -> None:
    """Record that a film was not read; the log and the figures name the kind of error only."""
    from chatcad.observe import metrics

    kind = type(error).__name__
    if _audit is not None:
        _audit.write("refused", owner, kind=kind)
    metrics.refused(kind)
    _log.info("film refused", extra={"owner": owner, "kind": kind})


def answered(turn: Turn | None, study: Study, question: str, owner: str) -> None:
    """Record that a question was asked, and how its answer was checked; ``None`` where it broke off or was stopped."""
    from chatcad.observe import metrics

    kind, film = "broken_off" if turn is None else turn.intent, study.radiograph.sha256
    if _audit is not None:
        _audit.write("asked", owner, film=film, kind=kind, question=question)
    if turn is None:
        metrics.broke_off()
    else:
        metrics.answered(turn)
    ms = {} if turn is None else {"ms": round(turn.timings_ms["total"])}
    _log.info("asked", extra={"owner": owner, "film": film[:12], "kind": kind, **ms})


def opened(study: Study, owner: str) -> None:
    """Record that a stored study was looked at again."""
    _of_study("opened", study, owner)


def exported(study: Study, kind: str, owner: str) -> None:
    """Record that a study left in a file; ``kind`` is its format, such as ``"sr"``."""
    _of_study("exported", study, owner, kind)


def erased(study: Study | None, owner: str) -> None:
    """Record that a study was deleted; ``None`` for one that could not be read any more."""
    _of_study("erased", study, owner)


def _of_study(action: str, study: Study | None, owner: str, kind: str = "") -> None:
    film = "" if study is None else study.radiograph.sha256
    if _audit is not None:
        _audit.write(action, owner, film=film, kind=kind)
    _log.info(action, extra={"owner": owner, "film": film[:12], "kind": kind})
