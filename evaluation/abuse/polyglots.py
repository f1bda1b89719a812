"""Files that are also something else: a program, script, page or archive before the film, or under its name."""

from __future__ import annotations

from chatcad.errors import ChatCADError
from chatcad.imaging import load
from evaluation.abuse.mutants import phantom_dicom, raster_seeds, written
from evaluation.abuse.outcome import Outcome, outcome

STARTS = {
    "Windows program": b"MZ\x90\0\x03", "Linux program": b"\x7fELF\x02\x01\x01", "macOS program": b"\xcf\xfa\xed\xfe",
    "script": b"#!/bin/sh\nrm -rf /\n", "batch file": b"@echo off\r\n", "web page": b"<!doctype html><script>",
    "XML": b"<?xml version='1.0'?>", "ZIP": b"PK\x03\x04\x14\0", "PDF": b"%PDF-1.7\n", "gzip": b"\x1f\x8b\x08",
    "Java class": b"\xca\xfe\xba\xbe", "PHP": b"<?php system('id'); ?>", "late program": bytes(60) + b"MZ\x90\0",
}  # fmt: skip
TIFF = (b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II+\0\x08\0\0\0")


def run(count: int, seed: int) -> Outcome:
    """Try the first ``count`` of: each start in the preamble, as a file, before a picture; TIFF heads are allowed."""
    cases = [(f"{name} in the preamble", _in_preamble(start), False) for name, start in STARTS.items()]
    cases += [(f"{name} named .dcm", start.ljust(4096, b"\0"), False) for name, start in STARTS.items()]
    cases += [(f"{name} before a PNG", start + raster_seeds()[0], False) for name, start in STARTS.items()]
    cases += [(f"TIFF head {n}", _in_preamble(start), True) for n, start in enumerate(TIFF, 1)]
    faults = [f"{name}: {_ended(data)}" for name, data, read in cases[:count] if (_ended(data) == "read") is not read]
    return outcome("polyglots", faults, len(cases[:count]), figure="", aim="refused; TIFF heads read")


def _in_preamble(start: bytes) -> bytes:
    return written(phantom_dicom(), start.ljust(128, b"\0"))


def _ended(data: bytes) -> str:
    try:
        load(data)
    except ChatCADError as error:
        return str(error)
    return "read"
