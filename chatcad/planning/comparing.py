"""What changed between two films, in statements: each finding then and now, never better or worse.

It knows what may be compared (`chatcad.findings.change`) and fixed words.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatcad.findings.change import Change, compare, ratio_change
from chatcad.findings.wording import positives
from chatcad.language import words_for
from chatcad.planning.statements import replies, say_finding
from chatcad.types import Mode, Statement, Study

OF_THE_HEART = "Cardiomegaly"
MOST_POSITIVES = 3


def say_changes(study: Study, prior: Study, labels: Sequence[str], mode: Mode) -> list[Statement]:
    """Return what is known of the labels asked for, else of those that either film has, on both films.

    Parameters
    ----------
    study, prior
        The film, and the earlier one.
    labels
        Those asked for; possibly none.
    mode
        Who reads.
    """
    compared = _compared(study, prior, labels)
    said = [s for change in compared for s in _say_change(change, mode)]
    if any(c.now.label == OF_THE_HEART for c in compared):
        said += _compare_ratios(study, prior, mode)
    return said


def _compared(study: Study, prior: Study, labels: Sequence[str]) -> list[Change]:
    # What is gone now is a change as well.
    flagged = dict.fromkeys(f.label for film in (study, prior) for f in positives(film)[:MOST_POSITIVES])
    pairs = [(prior.finding(label), study.finding(label)) for label in labels or flagged]
    return [compare(then, now, study, prior) for then, now in pairs if then is not None and now is not None]


def _say_change(change: Change, mode: Mode) -> list[Statement]:
    support = (change.now.id,)
    if change.apart is not None:
        words = words_for(change.now.label)
        apart = replies("prior_apart", mode, support, name=words.name, plain=words.plain)
        return [*apart, say_finding(change.now, mode)]
    then, now = (say_finding(f, mode).text for f in (change.then, change.now))
    return (
        replies("prior_same", mode, support, now=now)
        if then == now
        else replies("prior", mode, support, then=then, now=now)
    )


def _compare_ratios(study: Study, prior: Study, mode: Mode) -> list[Statement]:
    ratios = ratio_change(study, prior)
    if ratios is None or ratios.then.value is None or ratios.now.value is None or not ratios.same_networks:
        return []
    then, now = (f"{m.value:.2f}" for m in (ratios.then, ratios.now))
    said = replies("prior_ratio", mode, (ratios.now.id,), then=then, now=now)
    return said + (replies("views_differ", mode) if prior.view != study.view else [])
