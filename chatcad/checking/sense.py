"""What a rewording must keep beside its claims: certainty, denials, directions, sides, views, conditions, amounts.

Each function returns the reason of a failure or ``None``. Texts come with contractions written out
(``claims.expand``). It compares two sentences and knows no film.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from chatcad.checking.claims import stances_of
from chatcad.checking.cues import AMOUNTS, GROUPS, NEGATION, RATIO_DIRECTION, SIDES, VIEWS
from chatcad.checking.words import stem
from chatcad.vocabulary import find_mentions

_FUNCTION = """a an the any some of on in at to for by with than what is are was were be been being am do does did has
have had it its this that these those them they there he she you your my our i we as so and or if which who when yet
such anything all pa ap also too only just own usually"""
FUNCTION = frozenset(_FUNCTION.split())
"""Words that a negation or a comparison passes over on its way to what it is about."""

SAME_TARGET = {
    word: words.split()[0]
    for words in (
        "see sign signs seen saw seeing find found detect detected evidence trace",
        "rule ruled exclude excluded excludes",
        "tell say told said judge judged know known",
        "earlier older previous prior",
        "one label",
    )
    for word in words.split()
}
"""Words that are denied alike: "no signs of X were seen" and "X was not found"."""

CAN = re.compile(r"\bcan\b", re.IGNORECASE)
MODAL = re.compile(r"\b(?:can|may|might|could|possibl[ey]|perhaps|maybe)\b", re.IGNORECASE)
CONDITION = re.compile(
    r"\b(?:if|when|whenever|whether|where|unless|until|in case|once|suspected|such as)\b", re.IGNORECASE
)
UNLESS = re.compile(r"\b(?:unless|until|except|rather than|instead of)\b", re.IGNORECASE)
EXISTS = re.compile(
    r"(?<!if )(?<!whether )\b(?:(?:it|one|they|this|that|these) (?:is|are|was|were) (?:there|present|here|seen|found)|"
    r"there (?:is|are|was|were) (?:one|it|some|something|any|these|them))\b(?!-)",
    re.IGNORECASE,
)
DEIXIS = re.compile(
    r"\b(?:this|these|your|yours|you|my|here|our|his|her|the patient|that (?:is|was)|the film|the picture)\b", re.I
)


def certainty(draft: str, statement: str) -> str | None:
    """Refuse a cue of another certainty, and a hedge that was left out, whichever clause it stood in."""
    said, meant = ({GROUPS[s] for s in stances_of(t)[0] if s in GROUPS} for t in (draft, statement))
    if extra := said - meant:
        return f"speaks of something as {min(extra)}, which the statement doesn't"
    if missing := meant - said:
        return f"leaves out what the statement calls {min(missing)}"
    return None


def existence(draft: str, statement: str) -> str | None:
    """Refuse "it is there", which asserts a finding without naming it, unless the statement says so too."""
    if len(EXISTS.findall(draft)) > len(EXISTS.findall(statement)):
        return "says that something is there, which the statement doesn't"
    return None


def denials(draft: str, statement: str) -> str | None:
    """Refuse a negation that is new, missing, or denies something else."""
    if Counter(_denied(draft)) != Counter(_denied(statement)):
        return "the negation differs from the statement"
    return None


def directions(draft: str, statement: str) -> str | None:
    """Refuse another direction ("above" for "within"), or one that compares with something else."""
    if Counter(_compared(draft)) != Counter(_compared(statement)):
        return "the direction differs from the statement"
    return None


def sides(draft: str, statement: str) -> str | None:
    """Refuse another side; of two sides, also another order."""
    said, meant = ([_side(m) for m in SIDES.findall(t)] for t in (draft, statement))
    in_order = len(set(meant)) > 1
    if (said if in_order else sorted(said)) != (meant if in_order else sorted(meant)):
        return "the side differs from the statement"
    return None


def views(draft: str, statement: str) -> str | None:
    """Refuse another view of the film, or views in another order."""
    return "the view differs from the statement" if VIEWS.findall(draft) != VIEWS.findall(statement) else None


def conditions(draft: str, statement: str) -> str | None:
    """Refuse what turns "if", "whether" or "can" into a plain fact."""
    if CAN.search(statement) and not MODAL.search(draft):
        return "leaves out 'can'"
    if CONDITION.search(statement) and not CONDITION.search(draft):
        return "leaves out the condition"
    if bool(UNLESS.search(draft)) != bool(UNLESS.search(statement)):
        return "turns a condition around"
    return None


def general(draft: str, statement: str) -> str | None:
    """Refuse a general sentence told of this reader or film, of other amounts, or with "and" for "or"."""
    if {m.lower() for m in DEIXIS.findall(draft)} - {m.lower() for m in DEIXIS.findall(statement)}:
        return "tells a general sentence of this film or reader"
    said, meant = _amounts(draft), _amounts(statement)
    if meant - said or said - meant - {"some"}:
        return "the amount differs from the statement"
    if re.search(r"\bor\b", statement) and not re.search(r"\bor\b", draft):
        return "leaves out an alternative"
    return None


def _denied(text: str) -> Iterator[str]:
    _, text = stances_of(_with_labels(text))
    for match in NEGATION.finditer(text):
        yield _target(text[match.end() :])


def _compared(text: str) -> Iterator[tuple[str, str]]:
    text = _with_labels(text)
    for match in RATIO_DIRECTION.finditer(text):
        yield str(match.lastgroup), _target(text[match.end() :])


def _target(text: str) -> str:
    """Return the first word that carries content, as its stem, or "" at the end of the clause."""
    for word in re.findall(r"[A-Za-z][\w'-]*|[.,;:()](?!\d)", text):
        if word in ".,;:()":
            break
        if word.lower() not in FUNCTION:
            return SAME_TARGET.get(word.lower(), stem(word.lower()))
    return ""


def _with_labels(text: str) -> str:
    """Put one word for each label that a text names, and keep the negations inside its phrase."""
    for mention in reversed(find_mentions(text)):
        inner = " ".join(NEGATION.findall(text[mention.start : mention.end]))
        text = f"{text[: mention.start]}{inner} label {text[mention.end :]}"
    return text


def _side(word: str) -> str:
    return word.lower() if word.lower() in {"left", "right"} else "both"


def _amounts(text: str) -> set[str]:
    return {name for name, pattern in AMOUNTS.items() if pattern.search(text)}
