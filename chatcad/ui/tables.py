"""A study in HTML: figure, findings, measurements, remarks. Every value is escaped here, and only here.

It knows how a fact looks on the page; what is true of the film, and the sentences that say it, come from
``findings``.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from html import escape as escape_tags

from PIL import Image

from cad_models.reliability import curve_of
from chatcad.findings.measure import shown
from chatcad.findings.wording import positives, urgent, where
from chatcad.language import decimal, words_for
from chatcad.types import Finding, Measurement, Mode, Study
from chatcad.ui.curve import KEY, curve_svg
from chatcad.ui.labels import caveat, label
from chatcad.ui.overlay import Layers, Picture

SHAPES = {"present": "●", "uncertain": "◐", "not_flagged": "○", "absent": "–", "not_assessed": "×"}
STATES = {
    "uncertain": "possible",
    "absent": "unlikely",
    "not_flagged": "not flagged",
    "not_assessed": "not assessed",
}
RELIABILITY = {
    "assessed": "tested on another source",
    "weak": "weak: confirm on film",
    "not_assessed": "no network looks for it",
}
MEASURES = {
    "cardiothoracic_ratio": "Cardiothoracic ratio",
    "lung_area_ratio": "Lung area ratio, right to left",
    "mediastinal_width_ratio": "Mediastinal width ratio",
    "heart_width_mm": "Heart's width",
    "thoracic_width_mm": "Thoracic width",
}


def escape(text: str) -> str:
    """Escape a value for HTML, and the signs that Gradio's HTML templates read (``${…}``, ``{{…}}``)."""
    return escape_tags(text).replace("{", "&#123;").replace("$", "&#36;")


def name_of(finding: Finding, mode: Mode) -> str:
    """Return a finding's name for its reader, as it stands within a sentence."""
    words = words_for(finding.label)
    return words.short if mode == "clinician" else words.plain


def title_of(finding: Finding, mode: Mode) -> str:
    """Return a finding's name with a capital."""
    name = name_of(finding, mode)
    return name[:1].upper() + name[1:]


def state_of(finding: Finding) -> str:
    """Return how sure the system is of a finding, in words, as HTML."""
    said = label(STATES.get(finding.state) or str(finding.band))
    return said + (f" <small>({label('doesn’t rule it out')})</small>" if finding.state == "not_flagged" else "")


def ordered(study: Study) -> tuple[Finding, ...]:
    """Return what was looked for: the flagged findings first, the surest on top, then the rest by number."""
    flagged = positives(study)
    return flagged + tuple(f for f in study.findings if f not in flagged and f.state != "not_assessed")


def jpeg(picture: Picture) -> str:
    """Return a picture as an address that holds it."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="JPEG", quality=92, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def legend(study: Study, layers: Layers) -> list[str]:
    """Return what each mark on the film means, as HTML."""
    items = []
    if study.masks is not None:
        items.append(f"<b>R</b> {label('the patient’s right, as the networks see it')}")
        if layers.lungs:
            items.append(f'<i class="key lung"></i>{label("lungs: solid line")}')
        if layers.heart:
            items.append(f'<i class="key heart"></i>{label("heart: dashed line")}')
        if layers.widths:
            items.append(f'<i class="key span"></i>{label("widths of the cardiothoracic ratio: bars with ends")}')
    finding = study.finding(layers.heat) if layers.heat else None
    if finding is not None:
        shown = escape(name_of(finding, "clinician"))
        seen, ring = label("what the network looked at for"), label("white ring: half of its maximum")
        items.append(f'<i class="key heat"></i>{seen} {shown}; {ring}')
    return items


def described(study: Study, layers: Layers) -> str:
    """Return what is drawn over the film, in words."""
    shown = [w for w, on in (("lung outlines", layers.lungs), ("heart outline", layers.heart)) if on]
    shown += [f"heat map of {name_of(f, 'clinician')}" for f in study.findings if f.label == layers.heat]
    return f"Frontal chest film, view {study.view}, with {', '.join(shown) or 'nothing'} drawn over it"


def findings_html(study: Study, mode: Mode, picked: str | None = None) -> str:
    """Return the table of findings for a reader, and a line on what no network looks for; each name is a button.

    A patient sees words only: numbers without a clinician's knowledge mislead. ``picked`` is the label that was chosen.
    """
    rows = "".join(_finding_row(f, study, mode, picked) for f in ordered(study))
    note = _not_assessed(study, mode)
    note += f'<p class="small">{escape(label(KEY))}</p>' if mode == "clinician" and "<svg" in rows else ""
    titles = ["No.", "Finding", "How sure", "Where"]
    titles += ["Probability", "Detector", "AUROC on held-out films (95% interval)"] if mode == "clinician" else []
    hint = f'<p class="small">{label("Choose a finding to see its heat map and to ask about it.")}</p>'
    return hint + table("Findings", titles, rows) + note


def table(caption: str, titles: Sequence[str], rows: str) -> str:
    """Return a table that scrolls within itself; captions, titles and rows are HTML."""
    caption, titles = label(caption), [label(t) for t in titles]
    head = "".join(f'<th scope="col">{t}</th>' for t in titles)
    rows = "".join(_with_titles(row, titles) for row in re.split(r"(?=<tr)", rows))
    return (
        f'<div class="scroll" role="region" aria-label="{caption}" tabindex="0"><table class="facts">'
        f"<caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _with_titles(row: str, titles: Sequence[str]) -> str:
    """Give each cell its column's title: on a phone the row is shown as a list, and the head is hidden."""
    named = iter(titles)
    return re.sub(r"<t[dh]\b", lambda m: f'{m[0]} data-title="{next(named)}"', row)


def _not_assessed(study: Study, mode: Mode) -> str:
    """Return the line on what no network looks for; marks of these findings lead to it."""
    missing = [f for f in study.findings if f.state == "not_assessed"]
    if not missing:
        return ""
    names, ids = ", ".join(name_of(f, mode) for f in missing), " ".join(f.id for f in missing)
    said = f"<b>{label('Not assessed')}</b>, {label('neither cleared nor flagged')}"
    return f'<p data-fact="{escape(ids)}" tabindex="-1">{said}: {escape(names)}.</p>'


def _finding_row(finding: Finding, study: Study, mode: Mode, picked: str | None) -> str:
    auroc = finding.held_out_auroc
    place = where(finding, mode).removeprefix(" on the ").removeprefix(" on ")
    cells = [state_of(finding), escape(place) or "–"]
    if mode == "clinician":
        cells += [
            "–" if finding.probability is None else f"{finding.probability:.2f}",
            label(RELIABILITY[finding.reliability]) + _curve(finding, study),
            "–" if auroc is None else f"{auroc[0]:.2f} <small>({auroc[1]:.2f}–{auroc[2]:.2f})</small>",
        ]
    number, pressed = escape(finding.id), str(finding.label == picked).lower()
    return (
        f'<tr class="{finding.state}"><td class="id"><span aria-hidden="true">{SHAPES[finding.state]}</span> '
        f'{number}</td><th scope="row"><button type="button" class="pick" data-finding="{number}" '
        f'aria-pressed="{pressed}">{escape(title_of(finding, mode))}</button></th>'
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + "</tr>"
    )


def _curve(finding: Finding, study: Study) -> str:
    """Return the detector's reliability as measured, or that nobody measured it for these networks."""
    bins = curve_of(finding.label, study.run.weights_sha256)
    return curve_svg(finding, bins) if bins else f"<br><small>{label('no curve was measured')}</small>"


def measurements_html(study: Study) -> str:
    """Return the table of measurements, each with its reference and its caveat, or why it was withheld."""
    rows = "".join(_measurement_row(m) for m in study.measurements)
    if not rows:
        return ""
    return table("Measurements", ("No.", "Measurement", "Value", "Reference", "Caveat"), rows)


def reference_of(measurement: Measurement) -> str:
    """Return what a measurement is compared with, in the language spoken."""
    return decimal(measurement.reference.replace("<=", "≤ ").removesuffix(" on PA")) + f" {label('on PA')}"


def _measurement_row(measurement: Measurement) -> str:
    cells = (
        label("withheld") if measurement.value is None else decimal(shown(measurement)),
        reference_of(measurement),
        caveat(measurement.caveat) if measurement.caveat else "–",
    )
    name = label(MEASURES.get(measurement.name, measurement.name.replace("_", " ")))
    return (
        f'<tr data-fact="{escape(measurement.id)}" tabindex="-1"><td class="id">{escape(measurement.id)}</td>'
        f'<th scope="row">{escape(name)}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
    )


def remarks_html(study: Study) -> str:
    """Return what the reader must know about the film itself: view, patient band, warnings."""
    film = study.radiograph
    about = [
        f"{film.width} × {film.height} {label('pixels')}",
        f"{label('view')} {study.view}",
        f"{label('frontal chest film')}: {study.gate.score:.2f}",
    ]
    about += [t for t in (film.modality, film.age_band and f"age {film.age_band}") if t]
    about += [] if film.sex == "unknown" else [f"sex {film.sex}"]
    warnings = "".join(f"<li>{escape(w)}</li>" for w in (*study.missing, *film.warnings))
    listed = f'<ul class="warnings" aria-label="{label("Warnings about the film")}">{warnings}</ul>' if warnings else ""
    return f'<p class="small">{escape(" · ".join(about))}</p>{listed}'


def small_print_html(study: Study) -> str:
    """Return times, versions and weights of the run."""
    times = " · ".join(f"{k.replace('_', ' ')} {v:.0f} ms" for k, v in study.run.timings_ms.items())
    versions = " · ".join(f"{k} {v}" for k, v in study.run.versions.items())
    weights = " · ".join(f"{k} {v[:12]}" for k, v in study.run.weights_sha256.items())
    lines = (("Times", times), ("Versions", versions), ("Weights (sha256)", weights), ("Film", study.radiograph.sha256))
    return "".join(f'<p class="small"><b>{k}</b> {escape(v)}</p>' for k, v in lines if v)


def urgent_html(study: Study, mode: Mode) -> str:
    """Return the banner over a film that may need help now, or ``""``."""
    found = urgent(study)
    if not found:
        return ""
    said = "; ".join(f"{title_of(f, mode)}: {state_of(f)} ({f.id})" for f in found)
    for_reader, for_patient = (
        label("have a qualified reader look at the film now"),
        label("ask a doctor to look at it now"),
    )
    remedy = for_reader if mode == "clinician" else for_patient
    return notice_html(f"{label('Urgent if it is confirmed')}. {said}: {remedy}.", "error")


def notice_html(text: str, kind: str) -> str:
    """Return a message box: ``kind`` is ``"error"`` (read out at once), ``"busy"`` or ``"done"``; ``""`` clears it."""
    if not text:
        return ""
    role = "alert" if kind == "error" else "status"
    return f'<div class="notice {escape(kind)}" role="{role}">{escape(label(text))}</div>'


def problem_html(error: BaseException) -> str:
    """Return the message box of an error that a user may see."""
    said = ended(error)
    return notice_html(said[:1].upper() + said[1:], "error")


def ended(error: BaseException) -> str:
    """Return an error's words as the end of a sentence."""
    return f"{str(error).rstrip('.')}."


def prior_html(prior: Study) -> str:
    """Return one line on an earlier film that answers may compare with."""
    flagged = ", ".join(f"{name_of(f, 'clinician')} {state_of(f)}" for f in positives(prior)) or label(
        "nothing flagged"
    )
    ratio = prior.measurement("cardiothoracic_ratio")
    measured = "" if ratio is None or ratio.value is None else f"; {label('cardiothoracic ratio')} {shown(ratio)}"
    return notice_html(f"{label('Earlier film read')}: {label('view')} {prior.view}; {flagged}{measured}.", "done")
