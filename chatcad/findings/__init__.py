"""Raw readings become facts: states, bands, sides, zones, measurements, and the sentences that say them."""

from chatcad.findings.interpret import interpret

__all__ = ["interpret"]
