"""What may be compared between two films of one patient, and which of the two has the higher level.

A change is stated only where both films carry the fact and the same network, with the same weights, read both. What is
compared is how sure the network was; that is no measure of a disease, and nothing here says that one grew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chatcad.types import Finding, Measurement, State, Study

RATIO = "cardiothoracic_ratio"

Level = Literal["same", "higher", "lower"]
Apart = Literal["not_assessed_then", "not_assessed_now", "networks"]

_RANKS: dict[State, int] = {"absent": 0, "not_flagged": 0, "uncertain": 1, "present": 2}


@dataclass(frozen=True, slots=True)
class Change:
    """One label on two films: ``level`` of the current one against the earlier one, or why they stand ``apart``."""

    then: Finding
    now: Finding
    level: Level | None = None
    apart: Apart | None = None

    @property
    def flagged(self) -> bool:
        """Whether either film has it."""
        return any(f.state in {"present", "uncertain"} for f in (self.then, self.now))


@dataclass(frozen=True, slots=True)
class RatioChange:
    """The cardiothoracic ratio on two films; a value may be withheld, and ``same_view`` needs both views known."""

    then: Measurement
    now: Measurement
    same_networks: bool
    same_view: bool

    @property
    def difference(self) -> float | None:
        """Now minus then, where both were measured by the same networks on the same view."""
        if self.then.value is None or self.now.value is None or not (self.same_networks and self.same_view):
            return None
        return round(self.now.value - self.then.value, 2)


def changes(study: Study, prior: Study) -> tuple[Change, ...]:
    """Return every label that was looked for on either film, those that either film has first.

    Parameters
    ----------
    study, prior
        The current film's facts and the earlier film's.
    """
    both = [(prior.finding(now.label), now) for now in study.findings]
    found = [compare(then, now, study, prior) for then, now in both if then is not None and _looked_for(then, now)]
    return tuple(sorted(found, key=lambda c: not c.flagged))


def compare(then: Finding, now: Finding, study: Study, prior: Study) -> Change:
    """Compare one label; where that is not allowed, say why."""
    if then.state == "not_assessed":
        return Change(then, now, apart="not_assessed_then")
    if now.state == "not_assessed":
        return Change(then, now, apart="not_assessed_now")
    if then.network != now.network or any(
        study.run.weights_sha256.get(k) != prior.run.weights_sha256.get(k) for k in (now.network or "", "calibration")
    ):
        return Change(then, now, apart="networks")
    ranks = _rank(then), _rank(now)
    return Change(then, now, "same" if ranks[0] == ranks[1] else "higher" if ranks[1] > ranks[0] else "lower")


def ratio_change(study: Study, prior: Study) -> RatioChange | None:
    """Return the cardiothoracic ratios, or ``None`` where one film has none, not even withheld."""
    then, now = prior.measurement(RATIO), study.measurement(RATIO)
    if then is None or now is None:
        return None
    same_networks = dict(study.run.weights_sha256) == dict(prior.run.weights_sha256)
    return RatioChange(then, now, same_networks, study.view == prior.view != "unknown")


def _looked_for(then: Finding, now: Finding) -> bool:
    return not then.state == now.state == "not_assessed"


def _rank(finding: Finding) -> int:
    return _RANKS[finding.state] + (finding.band == "definite" and finding.state == "present")
