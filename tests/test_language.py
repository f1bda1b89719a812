"""Other languages: the same keys and placeholders, and the same label, certainty, side and numbers as in English."""

import itertools
import random
import re

import pytest

from chatcad.checking.claims import parse_claims
from chatcad.errors import LanguageRefused
from chatcad.findings import measure
from chatcad.findings.wording import clause, describe, describe_group, describe_measurement
from chatcad.language import LANGUAGES, language_of, reminders, speaking, supported, table
from chatcad.planning import mentions_in
from chatcad.retrieval.graph import finding_graph, load_graph
from chatcad.types import Finding, Measurement
from chatcad.vocabulary import terms

OTHERS = ("de", "es")
MODES = ("clinician", "patient")
STATES = ("present", "uncertain", "not_flagged", "absent", "not_assessed")


def leaves(tree, path=()):
    if isinstance(tree, dict):
        return {k: v for key, part in tree.items() for k, v in leaves(part, (*path, str(key))).items()}
    texts = tree if isinstance(tree, list) else [tree]
    return {path: sorted({p.lower() for t in texts for p in re.findall(r"{(\w+)}", str(t))})}


@pytest.mark.parametrize(("language", "name"), itertools.product(OTHERS, ["wording", "replies", "document"]))
def test_every_key_and_placeholder_of_the_english_file_is_there(language, name):
    english, other = leaves(table(name, "en")), leaves(table(name, language))
    extra = {"words", "caveats"}
    assert {k: v for k, v in other.items() if k[0] not in extra} == english
    assert all(text for text in table(name, language).values())


@pytest.mark.parametrize("language", OTHERS)
def test_every_label_phrase_and_caveat_has_its_words(language):
    assert set(table("vocabulary", language)) == set(terms())
    graph = load_graph()
    phrases = {t for c in graph.causes.values() for t in (c.name, c.plain)}
    phrases |= {t for f in graph.findings.values() for c in f.checks for t in (c.check, c.plain)}
    phrases |= {t for s in graph.separating for t in (s.check, s.plain, s.reads)}
    phrases |= {t for s in graph.signs.values() for t in (s.name, s.plain)}
    assert set(table("graph", language)) == phrases
    views = {measure._caveat(name, view) for name in measure.NAMES for view in ("PA", "AP", "unknown")} - {None}
    reasons = {measure.NO_OUTLINES, measure.NO_ARCH, measure.NO_CHEST}
    assert set(table("wording", language)["caveats"]) == views | reasons
    assert all(
        isinstance(w, str) for w in (*table("questions", language)["finding"], *table("small_words", "en")["en"])
    )


@pytest.mark.parametrize("language", OTHERS)
def test_each_name_is_recognised_as_its_own_label(language):
    for label, words in table("vocabulary", language).items():
        for text in (words["name"], words["short"], words["plain"]):
            assert {found for *_, found in mentions_in(text, language)} == {label}, text


def findings(seed):
    dice = random.Random(seed)  # noqa: S311
    for number, label in enumerate(terms(), start=1):
        state, reliability = dice.choice(STATES), dice.choice(["assessed", "weak"])
        if state == "present":
            reliability, band, chance = "assessed", *dice.choice([("definite", 0.93), ("likely", 0.71)])
        elif state == "uncertain":
            band, chance = "possible", dice.choice([0.34, 0.12])
        else:
            band, chance = {"absent": "unlikely"}.get(state), dice.choice([0.04, 0.001])
        side = dice.choice(["left", "right", "bilateral", None]) if state in {"present", "uncertain"} else None
        zone = dice.choice(["upper", "mid", "lower", None]) if side else None
        threshold = dice.choice([0.1, 0.5])
        yield Finding(f"F{number}", label, state, reliability, chance, band, side, zone, "net", threshold)


def read(sentence, language, mode, templates):
    """Parse a sentence by its file's own tables: every template that fits, with label, place and numbers."""
    with speaking(language):
        vocabulary = table("vocabulary", language) if language != "en" else None
        words = {
            label: (t.name, t.plain) if vocabulary is None else (vocabulary[label]["name"], vocabulary[label]["plain"])
            for label, t in terms().items()
        }
        places = {"": (None, None)}
        for side in ("left", "right", "bilateral"):
            places[table("wording")["places"][mode][side]] = (side, None)
            for zone in ("upper", "mid", "lower") if mode == "clinician" else ():
                places[table("wording")["places"][mode][side] + table("wording")["places"][mode][zone]] = (side, zone)
    names = "|".join(re.escape(w) for both in words.values() for w in sorted(both, key=len, reverse=True))
    where = "|".join(re.escape(p) for p in sorted(places, key=len, reverse=True))
    parts = {"name": names, "plain": names, "where": where}
    found = set()
    for key, template in templates.items():
        pattern = re.sub(
            r"\\{(\w+)\\}", lambda m: f"(?P<{m[1].lower()}>{parts.get(m[1].lower(), '.*?')})", re.escape(template)
        )
        if (match := re.fullmatch(pattern, sentence, re.IGNORECASE)) is None:
            continue
        said = match.groupdict()
        name = (said.get("name") or said.get("plain")).lower()
        labels = [label for label, both in words.items() if name in {b.lower() for b in both}]
        numbers = tuple(re.findall(r"\d+\.\d+", sentence.replace(",", ".") if language != "en" else sentence))
        state = key.removesuffix("_plural")  # a matter of English grammar
        found |= {(state, label, places.get(said.get("where") or "", "?"), numbers) for label in labels}
    return found


@pytest.mark.parametrize(("language", "mode"), itertools.product(OTHERS, MODES))
def test_a_sentence_says_the_same_label_certainty_place_and_numbers(language, mode):
    compared = 0
    for finding in itertools.chain.from_iterable(map(findings, range(40))):
        for say, templates in ((describe, lambda t: t[mode]), (clause, lambda t: t["clauses"][mode])):
            english = say(finding, mode)
            with speaking(language):
                other = say(finding, mode)
            meant = read(english, "en", mode, templates(table("wording", "en")))
            said = read(other, language, mode, templates(table("wording", language)))
            assert said == meant, (english, other)
            assert {label for _, label, *_ in said} == {finding.label}
            assert len({key for key, *_ in said} & {"absent", "not_flagged", "not_assessed"}) <= 1
            compared += 1
    assert compared == 40 * 2 * len(terms())


@pytest.mark.parametrize("language", OTHERS)
def test_certainties_are_told_apart(language):
    for mode in MODES:
        texts = table("wording", language)[mode]
        kinds = [texts[k] for k in ("definite", "likely", "possible", "absent", "not_flagged", "not_assessed")]
        assert len(set(kinds)) == len(kinds)


@pytest.mark.parametrize(("language", "mode"), itertools.product(OTHERS, MODES))
def test_measurements_keep_their_values_and_their_direction(language, mode):
    for name, value in itertools.product(measure.NAMES, [0.2, 0.55, 1.1, 1.9, 90.0, 148.0, 400.0]):
        unit = "mm" if name in measure.LENGTHS else "1"
        measured = Measurement("M1", name, value, unit, "", measure._caveat(name, "AP"))
        english = describe_measurement(measured, mode)
        with speaking(language):
            other = describe_measurement(measured, mode)
        assert len(other) == len(english)
        numbers = [re.findall(r"\d+(?:\.\d+)?", t) for t in (english[0], other[0].replace(",", "."))]
        assert numbers[0] == numbers[1]
        place = measure.standing(measured)
        template = table("wording", language)["measurements"][mode][name][place]
        low, high = (f"{limit:.{0 if unit == 'mm' else 2}f}".replace(".", ",") for limit in measure.limits(name))
        assert other[0] == template.format(value=measure.shown(measured).replace(".", ","), low=low, high=high)


@pytest.mark.parametrize("language", OTHERS)
def test_groups_name_each_finding_once(language):
    group = [f for f in findings(3) if f.state == "not_assessed"]
    with speaking(language):
        said = describe_group(group, "not_assessed", "clinician")
    assert [label for *_, label in mentions_in(said, language)] == [f.label for f in group]


@pytest.mark.parametrize("language", OTHERS)
def test_the_graph_is_told_in_the_language_and_stays_itself(language):
    with speaking(language):
        told = finding_graph()
    english = finding_graph()
    assert told.causes["heart_failure"].name != english.causes["heart_failure"].name
    assert [c.key for c in told.candidates(["Cardiomegaly"])] == [c.key for c in english.candidates(["Cardiomegaly"])]
    assert list(told.sources()) == list(english.sources())


def test_the_reminder_stands_in_every_language():
    assert len(set(reminders())) == len(LANGUAGES) * len(MODES)


def test_speaking_ends_with_its_block():
    finding = next(f for f in findings(1) if f.state == "absent")
    with speaking("de"), speaking("es"):
        assert describe(finding, "patient").startswith("El ordenador")
    assert parse_claims(describe(finding, "clinician"))[0].label == finding.label


def test_an_unsupported_language_is_refused_with_those_that_are():
    assert supported("de-AT") == "de"
    with pytest.raises(LanguageRefused, match=r"'fr'.*en \(English\), de \(German\), es \(Spanish\)"):
        supported("fr")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ist das Herz vergrößert?", "de"), ("¿Hay neumotórax?", "es"), ("Is the heart enlarged?", "en"),
        ("cual es el indice cardiotoracico", "es"), ("Kardiomegalie?", "en"), ("que significa el derrame", "es"),
    ],
)  # fmt: skip
def test_the_language_of_a_question(text, language):
    assert language_of(text, "en") == language
