"""Raw readings become facts: states, bands, sides, zones, measurements, and the sentences that say them."""

from chatcad.findings.interpret import interpret
from chatcad.findings.region import box_of, look

__all__ = ["box_of", "interpret", "look"]
