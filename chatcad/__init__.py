"""ChatCAD: conversational computer-aided diagnosis for chest radiographs, local and checked.

A research tool, not a cleared medical device.
"""

__version__ = "0.4.0"

DISCLAIMER = "Research tool, not a medical device: not cleared for diagnosis. A qualified reader must check the film."
