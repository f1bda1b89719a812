"""The report drafter without a network: the grammar's first wording of each reading.

It is the other choice beside ``cad_models.reporter``; ``evaluation/reporter.py`` compares the two.
"""

from __future__ import annotations

from pathlib import Path

from cad_models.report_grammar import write
from cad_models.reporter import facts_of
from chatcad.types import LabelReading, Masks, Radiograph, View


class TemplateReporter:
    """Writes the report from the readings alone."""

    def draft(self, film: Radiograph, masks: Masks, view: View, labels: tuple[LabelReading, ...]) -> str:
        """Draft the findings; the film itself isn't looked at."""
        return write(facts_of(labels, masks))


def load(file: Path) -> TemplateReporter:
    """Return the template writer; its sentences are those of the given file (``weights/template.json``)."""
    return TemplateReporter()
