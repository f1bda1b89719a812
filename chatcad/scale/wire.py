"""How a film goes to the networks and a reading comes back: arrays as safetensors, exact to the bit, never a pickle.

Of a film only pixels and view leave the caller: what the networks look at. Hash, sex, age band and spacing stay.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from chatcad.errors import UsageError
from chatcad.imaging.limits import Limits
from chatcad.types import Box, Gate, LabelReading, Masks, Radiograph, Reading, View

Arrays = dict[str, NDArray[Any]]


def pack_film(film: Radiograph) -> bytes:
    """Return what the networks need of a film."""
    return _pack({"pixels": film.pixels}, {"view": film.view})


def unpack_film(packed: bytes, limits: Limits) -> Radiograph:
    """Return the film that the networks are to read; its hash stays with the caller and is empty here.

    Raises
    ------
    UsageError
        Not what `pack_film` makes.
    ImageRefused
        The film is larger or smaller than the limits.
    """
    return _film(*_unpack(packed), limits)


def pack_part(film: Radiograph, masks: Masks, view: View, box: Box) -> bytes:
    """Return a film with the part of it that is to be greyed out: see `cad_models.reader.CadReader.occluded`."""
    outlines, facts = _pack_masks(masks)
    return _pack({"pixels": film.pixels, **outlines}, {"view": view, "box": box, **facts})


def unpack_part(packed: bytes, limits: Limits) -> tuple[Radiograph, Masks, Box]:
    """Return what `pack_part` packed.

    Raises
    ------
    UsageError
        Not what `pack_part` makes.
    ImageRefused
        The film is larger or smaller than the limits.
    """
    arrays, facts = _unpack(packed)
    film = _film(arrays, facts, limits)
    try:
        left, upper, right, lower = (float(edge) for edge in facts["box"])
        masks = _unpack_masks(arrays["masks"], facts)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"the request marks no part of a film ({error}): send what pack_part makes") from error
    if not (0 <= left <= right <= 1 and 0 <= upper <= lower <= 1):
        raise UsageError("the marked part lies beside the film: give edges between 0 and 1")
    return film, masks, (left, upper, right, lower)


def _film(arrays: Arrays, facts: dict[str, Any], limits: Limits) -> Radiograph:
    pixels = arrays.get("pixels")
    if pixels is None or pixels.dtype != np.float32 or pixels.ndim != 2 or facts.get("view") not in get_args(View):
        raise UsageError("the request holds no film: send what chatcad.scale.wire.pack_film makes")
    limits.check_shape(*pixels.shape)
    if not (pixels.min() >= 0 and pixels.max() <= 1):  # written so that NaN fails too
        raise UsageError("the film's pixels are not between 0 and 1: send what chatcad.imaging.load returns")
    return Radiograph(pixels, sha256="", view=facts["view"])


def pack_reading(reading: Reading) -> bytes:
    """Return everything that the networks said of a film."""
    arrays: Arrays = {f"heat {i}": x.heat_map for i, x in enumerate(reading.labels) if x.heat_map is not None}
    facts: dict[str, Any] = {
        "gate": asdict(reading.gate),
        "view": reading.view,
        "view_from": reading.view_from,
        "labels": [asdict(replace(x, heat_map=None)) for x in reading.labels],
        "draft": reading.draft,
        "weights_sha256": dict(reading.weights_sha256),
        "timings_ms": dict(reading.timings_ms),
        "warnings": reading.warnings,
        "missing": reading.missing,
    }
    if reading.masks is not None:
        outlines, size = _pack_masks(reading.masks)
        arrays, facts = arrays | outlines, facts | size
    return _pack(arrays, facts)


def unpack_reading(packed: bytes) -> Reading:
    """Return the reading, equal to the one that was packed.

    Raises
    ------
    UsageError
        Not what `pack_reading` makes.
    """
    arrays, facts = _unpack(packed)
    try:
        return Reading(
            gate=Gate(**facts["gate"]),
            view=facts["view"],
            view_from=facts["view_from"],
            labels=tuple(_label(x, arrays.get(f"heat {i}")) for i, x in enumerate(facts["labels"])),
            masks=_unpack_masks(arrays["masks"], facts) if "masks" in arrays else None,
            draft=facts["draft"],
            weights_sha256=facts["weights_sha256"],
            timings_ms=facts["timings_ms"],
            warnings=tuple(facts["warnings"]),
            missing=tuple(facts["missing"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"the answer holds no reading ({error}): run the same version on both sides") from error


def _label(facts: dict[str, Any], heat_map: NDArray[Any] | None) -> LabelReading:
    interval = facts["held_out_auroc"]
    arrays = {"held_out_auroc": None if interval is None else tuple(interval), "heat_map": heat_map}
    return LabelReading(**(facts | arrays))


def _pack_masks(masks: Masks) -> tuple[Arrays, dict[str, Any]]:
    outlines = np.stack((masks.right_lung, masks.left_lung, masks.heart))
    return {"masks": np.packbits(outlines, axis=-1)}, {"width": outlines.shape[-1], "quality": masks.quality}


def _unpack_masks(bits: NDArray[Any], facts: dict[str, Any]) -> Masks:
    if bits.ndim != 3 or bits.dtype != np.uint8 or bits.shape[-1] != -(-facts["width"] // 8):
        raise ValueError("the outlines have another size than they say")
    right, left, heart = np.unpackbits(bits, axis=-1, count=facts["width"]).astype(bool)
    return Masks(right, left, heart, facts["quality"])


def _pack(arrays: Arrays, facts: dict[str, Any]) -> bytes:
    words = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    whole = {**arrays, "facts": words}
    return bytes(save({name: np.ascontiguousarray(array) for name, array in whole.items()}))


def _unpack(packed: bytes) -> tuple[Arrays, dict[str, Any]]:
    try:
        arrays: Arrays = load(packed)
        facts = json.loads(arrays.pop("facts").tobytes())
    except (SafetensorError, KeyError, ValueError) as error:
        raise UsageError("no message of ChatCAD's networks: run the same version on both sides") from error
    if not isinstance(facts, dict):
        raise UsageError("a message between ChatCAD and its networks without its facts: it was changed on the way")
    return arrays, facts
