"""A small reliability diagram beside a detector: what it gave, what was there, its threshold and this film.

It knows SVG and nothing of how a curve was measured (``cad_models.reliability``).
"""

from __future__ import annotations

from collections.abc import Sequence

from cad_models.reliability import Bin
from chatcad.types import Finding

WIDTH, HEIGHT, LEFT, LOW = 104, 66, 16, 12
"""In pixels; the axes begin ``LEFT`` and ``LOW`` from the lower left corner."""

KEY = (
    "Small curves: of films that were given a probability (across), the share that had the finding (up), with its 95% "
    "interval. Dashed: where both are the same. Orange line: threshold. ▲: this film. What was not flagged shows its "
    "curve when it is chosen."
)


def curve_svg(finding: Finding, bins: Sequence[Bin]) -> str:
    """Return the diagram with its text alternative.

    Parameters
    ----------
    finding
        Its probability and threshold are marked.
    bins
        Measured, lowest probabilities first; at least one.
    """
    marked = [v for v in (finding.probability, finding.threshold) if v is not None]
    top = min(1.0, 1.08 * max(*(b.high for b in bins), *(b.predicted for b in bins), *marked, 0.1))
    wide, high = WIDTH - LEFT - 4, HEIGHT - LOW - 4

    def x(value: float) -> str:
        return f"{LEFT + wide * min(value / top, 1):.1f}"

    def y(value: float) -> str:
        return f"{4 + high * (1 - min(value / top, 1)):.1f}"

    zero, full = y(0), x(top)
    line = " ".join(f"{x(b.predicted)},{y(b.observed)}" for b in bins)
    parts = [
        f'<path class="axis" d="M{LEFT} 4V{zero}H{full}"></path>',
        f'<path class="ideal" d="M{LEFT} {zero}L{full} {y(top)}"></path>',
        *(f'<path class="spread" d="M{x(b.predicted)} {y(b.low)}V{y(b.high)}"></path>' for b in bins),
        f'<polyline class="measured" points="{line}"></polyline>',
        f'<text x="{LEFT - 2}" y="10" text-anchor="end">{top:.1f}</text>',
        f'<text x="{LEFT - 2}" y="{zero}" text-anchor="end">0</text>',
    ]
    if finding.threshold is not None:
        parts.append(f'<path class="threshold" d="M{x(finding.threshold)} 4V{zero}"></path>')
    if finding.probability is not None:
        at = float(x(finding.probability))
        parts.append(f'<path class="here" d="M{at:.1f} {zero}l4 8h-8z"></path>')
    words = in_words(finding, bins)
    return (
        f'<svg class="curve" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" aria-label="{words}">'
        f"<title>{words}</title>{''.join(parts)}</svg>"
    )


def in_words(finding: Finding, bins: Sequence[Bin]) -> str:
    """Return what the diagram shows, for who can't see it."""
    n = sum(b.n for b in bins)
    pairs = "; ".join(f"given {b.predicted:.2f}, {100 * b.observed:.0f}% had it (n {b.n})" for b in bins)
    here = [f"this film {finding.probability:.2f}"] if finding.probability is not None else []
    here += [f"threshold {finding.threshold:.2f}"] if finding.threshold is not None else []
    return f"Reliability on {n} films not trained on: {pairs}. {', '.join(here).capitalize()}."
