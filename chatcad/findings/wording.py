"""Facts in words: the one true sentence for each fact, for the clinician and for the patient, in the language spoken.

The templates are data (``prompts/wording.yaml`` and its translations). What is true of the film is decided in ``bands``
and ``measure``; this module only says it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chatcad.findings.bands import POSSIBLE
from chatcad.findings.measure import limits, shown, standing
from chatcad.language import decimal, spoken, table, words_for
from chatcad.types import Finding, Measurement, Mode, Region, Study, Urgency
from chatcad.vocabulary import terms

PATIENT_LIST = 3
"""Findings that one sentence for a patient lists; a longer list is hard to read."""
_FIRST_NAMED: tuple[Urgency, ...] = ("now", "soon", "none")


SAME_ODDS = 1.25
"""Odds that differ by less than this factor count as the same."""


def describe(finding: Finding, mode: Mode) -> str:
    """Return the sentence that says one finding.

    Parameters
    ----------
    finding
        Any state; ``not_assessed`` is said as such and never as absent.
    mode
        ``"clinician"`` gives the field's term and, for assessed findings, the probability; ``"patient"`` plain words.
        A weak detector's number is left to the table: its low prevalence reads as a denial beside "possible".
    """
    key = _template_of(finding)
    words = words_for(finding.label)
    template: str = table("wording")[mode][key]
    return template.format(
        Name=_capital(words.name),
        name=words.name,
        plain=words.plain,
        where=where(finding, mode),
        probability=_two_places(finding.probability),
        threshold=_two_places(finding.threshold),
    )


def clause(finding: Finding, mode: Mode) -> str:
    """Return one finding as a clause without its number: what a longer sentence lists."""
    words, state = words_for(finding.label), finding.state
    key = finding.band if state == "present" else "possible" if state == "uncertain" else state
    template: str = table("wording")["clauses"][mode][key]
    return template.format(name=words.name, plain=words.plain, where=where(finding, mode))


def measured_clause(measurement: Measurement) -> str:
    """Return one measurement as a clinician's clause: its value, and where that lies."""
    template: str = table("wording")["measured"][measurement.name][standing(measurement)]
    return template.format(value=decimal(shown(measurement)))


def _template_of(finding: Finding) -> str:
    if finding.state == "not_assessed" and terms()[finding.label].plural:
        return "not_assessed_plural"
    if finding.state in {"absent", "not_flagged", "not_assessed"}:
        return finding.state
    if finding.state != "present" and finding.reliability == "weak":
        return "possible_weak"
    if finding.state == "present" or finding.probability is None:
        return str(finding.band)
    if finding.probability >= POSSIBLE:
        return "possible"
    # A low probability that is called possible needs its reason, or it reads as a slip.
    fired = finding.threshold is not None and finding.probability >= finding.threshold
    return "possible_low" if fired else "possible_measured"


def _two_places(value: float | None) -> str:
    """Return a probability as it is written; what would round to 0 or 1 is never told as certain."""
    if value is None:
        return ""
    bound = ("below", 0.01) if value < 0.005 else ("above", 0.99) if value >= 0.995 else None
    if bound is None:
        return decimal(f"{value:.2f}")
    return decimal(table("wording")["bounds"][bound[0]].format(value=f"{bound[1]:.2f}"))


def where(finding: Finding, mode: Mode) -> str:
    """Return the place of a finding as a phrase with its leading space, or ``""``."""
    if finding.side is None:
        return ""
    places: dict[str, str] = table("wording")["places"][mode]
    if mode == "patient" or finding.zone is None:
        return places[finding.side]
    return places[finding.side] + places[finding.zone]


def describe_unseen(findings: Sequence[Finding], mode: Mode) -> str:
    """Return what says that findings were not assessed: for a patient the urgent ones, and how to hear the rest."""
    if mode == "clinician" or len(findings) <= PATIENT_LIST:
        return describe_group(findings, "not_assessed", mode)
    names = ", ".join(words_for(f.label).plain for f in most_urgent_first(findings)[:PATIENT_LIST])
    template: str = table("wording")["groups"]["patient"]["not_assessed_brief"]
    return template.format(names=names, count=len(findings))


def most_urgent_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings in the order of how soon each would need help; those alike keep theirs."""
    return sorted(findings, key=lambda f: _FIRST_NAMED.index(terms()[f.label].urgency))


def name_in_list(label: str, mode: Mode) -> str:
    """Return what a list calls a label."""
    words = words_for(label)
    return words.short if mode == "clinician" else words.plain


def describe_group(findings: Iterable[Finding], state: str, mode: Mode) -> str:
    """Return what names several findings ``not_flagged`` or ``not_assessed``: one sentence, for patients several."""
    findings = list(findings)
    if mode == "patient" and len(findings) == 1:
        return describe(findings[0], mode)  # "these" are several
    names = [name_in_list(f.label, mode) for f in findings]
    templates: dict[str, str] = table("wording")["groups"][mode]
    if mode == "clinician":
        return templates[state].format(names=", ".join(names))
    lists = [names[i : i + PATIENT_LIST] for i in range(0, len(names), PATIENT_LIST)]
    said = [
        templates[state if i == 0 else f"{state}_more"].format(names=", ".join(part)) for i, part in enumerate(lists)
    ]
    return " ".join(said)


def describe_measurement(measurement: Measurement, mode: Mode) -> tuple[str, ...]:
    """Return the sentences that say a measurement: its value against the reference, then its caveat."""
    words, place = table("wording")["measurements"][mode][measurement.name], standing(measurement)
    said_caveat = _caveat(measurement)
    if measurement.value is None:
        return (words["withheld"].format(caveat=said_caveat),)
    low, high = (decimal(f"{limit:.{0 if measurement.unit == 'mm' else 2}f}") for limit in limits(measurement.name))
    said: str = words[place].format(value=decimal(shown(measurement)), low=low, high=high)
    if measurement.caveat is None or (place == "within" and measurement.unit != "mm"):
        return (said,)  # what widens can't make a heart look smaller
    caveat: str = words.get("caveat", "{Caveat}.")
    return said, caveat.format(Caveat=_capital(said_caveat))


def _caveat(measurement: Measurement) -> str:
    """Return a measurement's caveat, one of the few that ``measure`` gives, in the language spoken."""
    if measurement.caveat is None or spoken() == "en":
        return measurement.caveat or ""
    return str(table("wording")["caveats"][measurement.caveat])


def measurement_line(measurement: Measurement) -> str:
    """Return a measurement as one line of a table: id, name, value, reference, and the caveat where there is one."""
    caveat = "" if measurement.caveat is None else f"; {measurement.caveat}"
    name = measurement.name.removesuffix("_mm").replace("_", " ")
    return f"{measurement.id} {name}: {shown(measurement)} (reference {measurement.reference}{caveat})"


def describe_region(region: Region, mode: Mode) -> tuple[str, ...]:
    """Return the sentences that say where a marked part lies; for the clinician also what it overlaps.

    Parameters
    ----------
    region
        Without reliable outlines, its place is said not to have been worked out.
    mode
        A patient is told the structure only.
    """
    words, places = table("wording")["region"][mode], table("wording")["places"][mode]
    structure = _structure(region)
    side = "" if region.side is None else places[region.side]
    zone = "" if region.zone is None else places.get(region.zone, "")
    place: str = words["place"][structure].format(side=side, zone=zone)
    parts = [(name, round(100 * share)) for name, share in region.shares.items()]
    if mode == "patient" or sum(percent > 0 for _, percent in parts) <= 1:
        return (place,)
    listed = ", ".join(words["part"][name].format(share=percent) for name, percent in parts if percent)
    return place, words["shares"].format(parts=listed)


def _structure(region: Region) -> str:
    """Return what a part mostly lies over: outside only where more than half of it does."""
    shares = dict(region.shares)
    outside = shares.pop("outside", 0.0)
    return "outside" if outside > 0.5 else max(shares, key=lambda name: shares[name], default="unknown")


def describe_evidence(finding: Finding, region: Region, mode: Mode) -> tuple[str, ...]:
    """Return what ties a finding to a marked part: its heat there, and its score without the part.

    A weak detector's numbers are left out, as in `describe`.
    """
    words, said = table("wording")["region"][mode], []
    if finding.label in region.heat:
        key = "heat" if finding.label in region.hot else "no_heat"
        share, area = (round(100 * v) for v in (region.heat[finding.label], region.area))
        said.append(words[key].format(share=share, area=max(area, 1)))
    if finding.label in region.scores:
        before, after = region.scores[finding.label]
        key = shift(before, after)
        if key != "same" and "scores" in words and finding.reliability == "assessed":
            key = "scores"
        said.append(words[key].format(before=_two_places(before), after=_two_places(after)))
    return tuple(said)


def shift(before: float, after: float) -> str:
    """Return whether a probability is ``"lower"``, ``"higher"`` or the ``"same"``, by its odds."""
    odds = [p / max(1 - p, 1e-6) for p in (before, after)]
    if _two_places(before) == _two_places(after) or 1 / SAME_ODDS < odds[1] / max(odds[0], 1e-6) < SAME_ODDS:
        return "same"
    return "lower" if after < before else "higher"


def positives(study: Study) -> tuple[Finding, ...]:
    """Return the present and uncertain findings: present first, assessed before weak, then by probability."""
    flagged = [f for f in study.findings if f.state in {"present", "uncertain"}]
    return tuple(
        sorted(flagged, key=lambda f: (f.state != "present", f.reliability == "weak", -(f.probability or 0.0)))
    )


def urgent(study: Study) -> tuple[Finding, ...]:
    """Return the flagged findings that call for help now; a weak detector alone raises no alarm."""
    return tuple(f for f in positives(study) if terms()[f.label].urgency == "now" and f.reliability == "assessed")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
