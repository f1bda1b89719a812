"""One door to the YAML files of ``knowledge/``: parsed, validated against a type, faults named in one line."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from chatcad.errors import KnowledgeInvalid

T = TypeVar("T")


def read_typed(path: Path, kind: type[T]) -> T:
    """Return the content of ``path`` as ``kind``.

    Raises
    ------
    KnowledgeInvalid
        The file cannot be read, is no YAML, or does not fit ``kind``; the message names the field.
    """
    try:
        return TypeAdapter(kind).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise KnowledgeInvalid(f"{path.name}: cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise KnowledgeInvalid(f"{path.name}: is no YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise KnowledgeInvalid(f"{path.name}: {where + ': ' if where else ''}{first['msg']}") from error
