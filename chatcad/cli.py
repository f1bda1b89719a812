"""The command line: parse, hand over to ``chatcad.commands``, turn typed errors into exit codes.

Exit codes: 0 done · 2 wrong usage · 3 the image was refused · 4 a backend or model is missing.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from chatcad import DISCLAIMER, __version__
from chatcad.errors import ChatCADError

BACKENDS = ("embedded", "transformers", "openai", "scripted")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # Nothing of this program asks the network at run time; `models get` and hub ids opt out by setting it to 0.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    arguments = build_parser().parse_args(argv)
    try:
        from chatcad.config import load_settings

        settings = load_settings()
        if getattr(arguments, "backend", None):
            settings = replace(settings, backend=arguments.backend)
        command = importlib.import_module(f"chatcad.commands.{arguments.command.replace('-', '_')}")
        return int(command.run(arguments, settings) or 0)
    except ChatCADError as error:
        print(f"chatcad: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # The reader of a pipe (head, less) went away: not an error of ours.
        sys.stderr.close()
        return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    parser = argparse.ArgumentParser(prog="python -m chatcad", description=DISCLAIMER)
    parser.add_argument("--version", action="version", version=f"chatcad {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _film_commands(commands)
    _ask_command(commands)
    _report_command(commands)
    _folder_commands(commands)
    _knowledge_command(commands)
    _dicom_command(commands)
    _system_commands(commands)
    return parser


def _film_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    analyse = commands.add_parser("analyse", help="gate, findings, measurements and draft report of one film")
    analyse.add_argument("image", type=Path)
    analyse.add_argument("--json", action="store_true", help="print JSON")
    analyse.add_argument(
        "--overlay", type=Path, metavar="OUT.png", help="write the film with its outlines and heat map"
    )
    replay = commands.add_parser("replay", help="hold a recorded conversation again, and tell whether it is the same")
    replay.add_argument("record", type=Path, metavar="RECORD.json", help="what `ask --record` wrote")
    replay.add_argument("image", type=Path)
    replay.add_argument("--prior", type=Path, metavar="IMAGE", help="the earlier film, where there was one")


def _ask_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    ask = commands.add_parser("ask", help="checked, cited answers to questions about one film")
    ask.add_argument("image", type=Path)
    ask.add_argument("questions", nargs="+", metavar="QUESTION", help="one or more, as one conversation")
    ask.add_argument("--mode", choices=("clinician", "patient"), default="clinician")
    ask.add_argument(
        "--context",
        default="",
        metavar="TEXT|FILE",
        help="clinical context in words, or a FHIR resource or Bundle as a JSON file; never a fact about the film",
    )
    ask.add_argument("--language", metavar="en|de|es", help="of the answers (default: CHATCAD_LANGUAGE or en)")
    ask.add_argument(
        "--region",
        type=fractions,
        metavar="X0,Y0,X1,Y1",
        help="a marked box (or a point: X,Y) as fractions of the film, for 'what is here?'",
    )
    ask.add_argument("--prior", type=Path, metavar="IMAGE", help="an earlier film of the same patient")
    ask.add_argument("--json", action="store_true", help="print JSON")
    ask.add_argument(
        "--record", type=Path, metavar="OUT.json", help="write what the answers came from, questions included"
    )
    _wording_options(ask)


def _report_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    report = commands.add_parser("report", help="the report of one film")
    report.add_argument("image", type=Path)
    report.add_argument(
        "--export",
        default="md",
        metavar="FORMATS",
        help="of md, pdf, fhir, sr, seg, sc; several with commas (default: md)",
    )
    report.add_argument("--out", type=Path, metavar="DIR", help="write files there (default: print md, others to .)")
    report.add_argument("--mode", choices=("clinician", "patient"), default="clinician", help="who reads it")
    report.add_argument("--language", metavar="en|de|es", help="of its sentences (default: CHATCAD_LANGUAGE or en)")
    report.add_argument("--proofread", type=Path, metavar="EDITED.txt", help="judge a report that you edited instead")
    report.add_argument("--json", action="store_true", help="print JSON")
    _wording_options(report)


def _wording_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--design", choices=("P1", "P2", "P3"), help="how facts are written for the model")
    parser.add_argument("--backend", choices=BACKENDS, help="language model (default: CHATCAD_BACKEND or embedded)")


def fractions(text: str) -> tuple[float, ...]:
    """Return numbers that stand between commas; the name is what a wrong call is told."""
    return tuple(float(number) for number in text.split(","))


def count(text: str) -> int:
    """Return a whole number from 1: fewer would read, show or erase something else than was meant."""
    if (number := int(text)) < 1:
        raise ValueError
    return number


def days(text: str) -> float:
    """Return a number of days, not before now: "older than -3 days" would erase everything."""
    if not (number := float(text)) >= 0:
        raise ValueError
    return number


def _folder_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    batch = commands.add_parser(
        "batch", help="films of a folder or DICOMweb service to a CSV or Parquet table; resumable"
    )
    batch.add_argument("source", metavar="FOLDER|URL", help="a folder of films, or the address of a DICOMweb service")
    _query_option(batch)
    batch.add_argument("--out", type=Path, required=True, metavar="RESULTS.csv|.parquet")
    batch.add_argument(
        "--export", default="", metavar="FORMATS", help="each film's report as well: pdf, fhir, sr, seg, sc"
    )
    batch.add_argument("--engine", choices=("here", "ray"), default="here", help="this process, or Ray Data's many")

    contact = commands.add_parser("contact-sheet", help="varied films with outlines and heat maps on one picture")
    contact.add_argument("source", type=Path, metavar="FOLDER|MANIFEST.csv")
    contact.add_argument("--out", type=Path, required=True, metavar="SHEET.png")
    contact.add_argument("--n", type=count, default=20, help="how many films (default: 20)")


def _knowledge_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    knowledge = commands.add_parser("knowledge", help="the guideline store")
    actions = knowledge.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="index your own guidelines: PDF, DOCX, HTML, Markdown, text; files or folders")
    add.add_argument("paths", nargs="+", type=Path)
    add.add_argument("--title", help="of the document; else what it states, else its file's name")
    add.add_argument("--source", help="who publishes it (default: the file's name)")
    add.add_argument("--url", help="where it is published")
    add.add_argument("--year", type=int, help="of the edition; else what it states, else that in the file's name")
    add.add_argument("--audience", choices=("clinician", "patient", "both"), help="who reads it (default: clinician)")
    add.add_argument(
        "--reports",
        action="store_true",
        help="the paths are past reports (.txt, .jsonl, .csv), kept without their patients",
    )
    remove = actions.add_parser("remove", help="take a document that you added out again, with all its versions")
    remove.add_argument("names", nargs="+", metavar="KEY|PATH", help="see `knowledge list`")
    remove.add_argument(
        "--reports", action="store_true", help="the names are reports, or the files that they came from"
    )
    search = actions.add_parser("search", help="find passages")
    search.add_argument("query")
    search.add_argument("--mode", choices=("clinician", "patient"), default="clinician")
    search.add_argument("-k", type=count, default=5, help="how many")
    listing = actions.add_parser("list", help="what is indexed")
    listing.add_argument("--reports", action="store_true", help="the reports that similar cases are looked up in")
    actions.add_parser("lint", help="check passages, finding graph and glossary: format, grade, references, coverage")
    for parser in (search, listing):
        parser.add_argument("--json", action="store_true", help="print JSON")


def _dicom_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    serve = commands.add_parser(
        "serve-dicom", help="films in by C-STORE or DICOMweb, SR, SEG and SC back to their study"
    )
    serve.add_argument("--to", required=True, metavar="AET@HOST:PORT|URL", help="where results go: a node or DICOMweb")
    serve.add_argument("--allow", nargs="+", default=[], metavar="AET", help="who may send (default: the node of --to)")
    serve.add_argument("--ae-title", default="CHATCAD", help="of this program (default: CHATCAD)")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", type=int, default=11112, help="port to listen on (default: 11112)")
    serve.add_argument("--tls-cert", type=Path, metavar="PEM", help="encrypt associations, with this certificate")
    serve.add_argument("--tls-key", type=Path, metavar="PEM", help="of the certificate")
    serve.add_argument("--tls-ca", type=Path, metavar="PEM", help="whose certificates peers must hold (mutual TLS)")
    serve.add_argument("--queue", type=Path, metavar="DIR", help="what waits (default: dicom-queue in the cache)")
    serve.add_argument("--pull", default="", metavar="URL", help="a DICOMweb service to fetch films from as well")
    _query_option(serve)
    serve.add_argument("--pull-seconds", type=float, default=60.0, help="between two rounds of fetching (default: 60)")
    serve.add_argument(
        "--indications", type=Path, metavar="DIR", help="ACCESSION.json (FHIR) or .txt: why a film was asked for"
    )


def _query_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--query",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEYWORD=VALUE",
        help="which films of a DICOMweb service (QIDO), such as Modality=DX StudyDate=20260101-20260131",
    )


def _system_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    evaluate = commands.add_parser("eval", help="run a benchmark and store its result")
    evaluate.add_argument("name", help="one of evaluation/*.py, such as latency")
    models = commands.add_parser("models", help="the networks: list, get, use")
    actions = models.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="each network with its licence, size, figures and state")
    for action, words in (("get", "fetch and verify a network's weights"), ("use", "choose a network for its task")):
        parser = actions.add_parser(action, help=words)
        parser.add_argument("name")
        if action == "get":
            parser.add_argument("--file", type=Path, metavar="PATH", help="what you fetched by hand")
    _calibrate_command(commands)
    feedback = commands.add_parser("feedback", help="readers' judgements that are stored on this machine")
    actions = feedback.add_subparsers(dest="action", required=True, metavar="ACTION")
    export = actions.add_parser("export", help="write them to a file")
    export.add_argument("--out", type=Path, required=True, metavar="FILE.csv|FILE.jsonl")
    actions.add_parser("erase", help="delete them")
    _access_commands(commands)
    _sessions_command(commands)
    commands.add_parser("doctor", help="what is installed, what is missing, and how to get it")
    commands.add_parser("examples", help="fetch openly licensed films to try the page with; needs internet once")
    commands.add_parser("prepare", help="convert the embedded language model and build the index (done by make setup)")


def _access_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    for command, end, words in (("keys", "revoke", "API keys"), ("users", "remove", "who may log in on the page")):
        actions = commands.add_parser(command, help=words).add_subparsers(
            dest="action", required=True, metavar="ACTION"
        )
        actions.add_parser("list", help="the names")
        for action, what in (("add", "make one"), (end, "take one away")):
            actions.add_parser(action, help=what).add_argument("name", metavar="NAME")
    audit = commands.add_parser("audit", help="who read and asked what on this server")
    actions = audit.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("verify", help="find changed, removed and torn lines")
    actions.add_parser("show", help="the newest records").add_argument("-n", type=count, default=20, help="how many")
    drift = commands.add_parser("drift", help="whether these days' films score unlike the reference films")
    drift.add_argument("--since", type=count, default=30, metavar="DAYS", help="how many days (default: 30)")
    commands.add_parser("mcp", help="tools for an agent on this machine, which asks a running server")


def _sessions_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    sessions = commands.add_parser("sessions", help="the films and talks that are kept on this machine")
    actions = sessions.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="what is kept, of whom (hashed) and since when")
    for action, words in (("show", "print a conversation"), ("export", "write a conversation as JSON")):
        parser = actions.add_parser(action, help=words)
        parser.add_argument("id", help="see `sessions list`")
        if action == "export":
            parser.add_argument("--out", type=Path, metavar="FILE.json", help="write it there instead of printing")
    erase = actions.add_parser("erase", help="delete conversations, with their films, for good")
    what = erase.add_mutually_exclusive_group(required=True)
    what.add_argument("id", nargs="?", help="see `sessions list`")
    what.add_argument("--all", action="store_true", help="every one")
    what.add_argument("--older-than", type=days, metavar="DAYS", help="those last used longer ago")
    key = actions.add_parser("key", help="write a key for CHATCAD_KEY_FILE, by which what is kept is encrypted")
    key.add_argument("path", type=Path)


def _calibrate_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    calibrate = commands.add_parser("calibrate", help="a classifier's probabilities from your own films")
    calibrate.add_argument("network", help="a classifier of `models list`")
    calibrate.add_argument(
        "--manifest", type=Path, required=True, metavar="CSV", help="path, patient, labels 0/1/empty"
    )
    calibrate.add_argument("--label-columns", nargs="+", metavar="LABEL", help="default: every column that is a label")
    calibrate.add_argument("--path-column", default="path", metavar="COLUMN")
    calibrate.add_argument("--patient-column", default="patient", metavar="COLUMN")
    calibrate.add_argument("--specificity", type=float, default=0.9, help="wanted at the threshold (default: 0.9)")
    calibrate.add_argument(
        "--trained-on", action="store_true", help="the network was trained on this source: nothing becomes `assessed`"
    )
