"""``calibrate``: a classifier's probabilities and operating points from the user's own films.

The manifest is a CSV with a path and a patient a row, and one column a label: 1 with the finding, 0 without, empty when
nobody knows. What is measured lies in the cache beside the weights and holds for these weights only.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from chatcad.config import Settings
from chatcad.errors import ImageRefused, UsageError
from chatcad.vocabulary import terms

NO_FINDING = ("No Finding", "no_finding", "Normal")
VALUES = {"": None, "0": False, "1": True, "0.0": False, "1.0": True}


@dataclass(frozen=True, slots=True)
class Row:
    """One film of the manifest: where it is, whose, and what is known of it."""

    path: Path
    patient: str
    truth: Mapping[str, bool | None]
    normal: bool | None


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Measure, write the calibration into the cache, and print what it allows each label to say."""
    from cad_models import local, registry

    network = registry.get(arguments.network)
    if network.task != "classifier":
        raise UsageError(f"{network.name!r} is a {network.task}: only classifiers have probabilities to calibrate")
    rows = read_manifest(arguments.manifest, arguments)
    classifier = registry.load(network.name)
    known = [label for label in rows[0].truth if label in network.labels]
    if not known:
        raise UsageError(f"{arguments.manifest} has no column of a label of {network.name!r}: see `models list`")
    heard = _listen(classifier, rows, settings)
    result = _measure(classifier, known, heard, arguments)
    result = {
        "note": "Written by `python -m chatcad calibrate`. Cross-fitted by patient.",
        "network": network.name,
        "weights_sha256": network.sha256,
        "date": date.today().isoformat(),
        "films": len(heard),
        "patients": len({row.patient for row, _ in heard}),
        **result,
    }
    if not result["labels"]:
        reasons = "; ".join(f"{label}: {why}" for label, why in result["left_out"].items())
        raise UsageError(f"nothing was calibrated ({reasons}): give more films")
    file = local.calibration_file(network.name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    _print(result, file)


def read_manifest(file: Path, arguments: argparse.Namespace) -> list[Row]:
    """Return the rows of a manifest; paths are relative to it.

    Raises
    ------
    UsageError
        The file, a column or a value isn't what it should be.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            lines = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} can't be read: give a CSV with path, patient and one column a label") from error
    if not lines:
        raise UsageError(f"{file} has no rows")
    labels = arguments.label_columns or [c for c in lines[0] if c in terms()]
    for column in (arguments.path_column, arguments.patient_column, *labels):
        if column not in lines[0]:
            raise UsageError(f"{file} has no column {column!r}: its columns are {', '.join(lines[0])}")
    healthy = next((c for c in NO_FINDING if c in lines[0]), None)
    return [
        Row(
            path=file.parent / line[arguments.path_column],
            patient=line[arguments.patient_column],
            truth={c: _value(file, number, c, line[c]) for c in labels},
            normal=_value(file, number, healthy, line[healthy]) if healthy else None,
        )
        for number, line in enumerate(lines, start=2)
    ]


def _value(file: Path, number: int, column: str, text: str) -> bool | None:
    if text.strip() not in VALUES:
        raise UsageError(f"{file}, line {number}: {column} is {text!r}: write 1, 0 or nothing")
    return VALUES[text.strip()]


def _listen(classifier: Any, rows: Sequence[Row], settings: Settings) -> list[tuple[Row, Any]]:
    """Return the rows whose films may be read, each with what the classifier and the masks say of it."""
    from tqdm import tqdm

    from cad_models.choice import EMBEDDED, chosen
    from cad_models.reader import CadReader
    from cad_models.recalibration import Listener
    from chatcad import imaging

    listener = Listener(classifier)
    reader = CadReader({**EMBEDDED, "segmenter": chosen(settings.cache)["segmenter"]}, listener)
    heard, refused = [], []
    for row in tqdm(rows, desc="films", disable=not sys.stderr.isatty()):
        try:
            reader.read(imaging.load(row.path, max_bytes=settings.max_bytes, max_pixels=settings.max_pixels))
        except ImageRefused as error:
            refused.append(f"{row.path}: {error}")
            continue
        heard.append((row, listener.heard))
    if refused:
        print(f"{len(refused)} of {len(rows)} films were left out, the first: {refused[0]}", file=sys.stderr)
    if not heard:
        raise UsageError("no film of the manifest could be read: are its paths right?")
    return heard


def _measure(
    classifier: Any, labels: Sequence[str], heard: Sequence[tuple[Row, Any]], arguments: argparse.Namespace
) -> dict[str, Any]:
    from cad_models.recalibration import calibrate_label, too_few

    points, measured, left_out = [], {}, {}
    for label in labels:
        films = _films(label, heard)
        if (reason := too_few(films)) is not None:
            left_out[label] = reason
            continue
        point, measured[label] = calibrate_label(
            label,
            films,
            classifier.points.get(label),
            specificity=arguments.specificity,
            unseen=not arguments.trained_on,
        )
        points.append(asdict(point))
    return {"specificity": arguments.specificity, "labels": points, "measured": measured, "left_out": left_out}


def _films(label: str, heard: Sequence[tuple[Row, Any]]) -> Any:
    import numpy as np

    from cad_models.recalibration import REFERENCE_RATIO, Films

    mine = [(row, h) for row, h in heard if row.truth[label] is not None and label in h.scores]
    others = any(len(row.truth) > 1 or row.normal is not None for row, _ in mine)
    abnormal = [row.normal is False or any(row.truth.values()) for row, _ in mine]
    return Films(
        scores=np.array([h.scores[label] for _, h in mine]),
        ratios=np.array([REFERENCE_RATIO if h.ratio is None else h.ratio for _, h in mine]),
        thumbnails=np.array([h.thumbnail for _, h in mine]),
        truth=np.array([row.truth[label] for row, _ in mine], dtype=bool),
        patients=tuple(row.patient for row, _ in mine),
        abnormal=np.array(abnormal, dtype=bool) if others else None,
    )


def _print(result: Mapping[str, Any], file: Path) -> None:
    for point in result["labels"]:
        m = result["measured"][point["label"]]
        value, low, high = m["auroc"]
        print(
            f"{point['label']:26} {point['reliability']:12} n {m['n']} ({m['positives']} with)"
            f"  AUROC {value:.2f} [{low:.2f}, {high:.2f}]  ECE {m['ece_before']:.3f} -> {m['ece_after']:.3f}"
            f"  at {point['threshold']:.2f}: sensitivity {point['sensitivity']:.2f}"
            f" specificity {point['specificity']:.2f}"
        )
    for label, reason in result["left_out"].items():
        print(f"{label:26} left out     {reason}")
    print(f"written to {file}; it holds for these weights, and for films like these")
