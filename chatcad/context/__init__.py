"""What was told of the patient, as free text or FHIR, becomes a ``Context`` that names nobody."""

from chatcad.context.private import without_identity
from chatcad.context.read import in_words, load, parse

__all__ = ["in_words", "load", "parse", "without_identity"]
