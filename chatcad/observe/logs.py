"""The log as JSON lines on standard error, made so that nothing of a patient can be in it.

Only ``chatcad``'s own messages are written as they are: fixed words with counts, hashes and typed errors, and values
from a list of known names.
Of other libraries only the logger, the level and the place are kept, since pydicom's warnings quote header values and
uvicorn's tracebacks can quote a request.
"""

from __future__ import annotations

import datetime
import json
import logging
import sys

from chatcad.config import LogForm

FIELDS = ("owner", "film", "kind", "ms", "part", "status")
"""What a message may carry; anything else that is attached to it is dropped."""


class JsonLines(logging.Formatter):
    """One JSON object a record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        own = _is_own(record)
        line = {
            "time": datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage() if own else "message withheld",
            **{name: record.__dict__[name] for name in FIELDS if own and name in record.__dict__},
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["at"] = _place(record)
        return json.dumps(line, ensure_ascii=False)


def _is_own(record: logging.LogRecord) -> bool:
    return record.name.split(".")[0] == "chatcad"


def _worth_a_line(record: logging.LogRecord) -> bool:
    """Keep what others say below a warning out: some of them (bm25s) set their own level to everything."""
    return _is_own(record) or record.levelno >= logging.WARNING


def _place(record: logging.LogRecord) -> str:
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"


def begin(form: LogForm) -> None:
    """Write JSON lines from now on, or leave Python's logging as it stands."""
    if form == "text":
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    handler.addFilter(_worth_a_line)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    logging.getLogger("chatcad").setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
