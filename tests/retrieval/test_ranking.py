"""What stands above what: newer advice, authority, local protocols, one matter once, and silence."""

from pathlib import Path

import pytest

from chatcad.retrieval.retriever import FLOOR, GuidelineRetriever
from tests.retrieval.small import record, retriever

QUESTION = "when is a large pleural effusion drained"
OLDER = "A large pleural effusion should be drained at once with a wide tube, {}."
NEWER = "A large pleural effusion should no longer be drained at once with a wide tube; a small one is enough."

HOW = ("by the surgeon", "on the ward", "in every case", "in theatre", "with care")
WHEN = ("at night", "by day", "if it hurts", "when seen")


def keys(search: GuidelineRetriever, question: str = QUESTION, **options: object) -> list[str]:
    return [p.key for p in search.search(question, **{"k": 5, **options})]  # type: ignore[arg-type]


def test_one_recent_reversal_stands_above_many_older_passages(tmp_path: Path) -> None:
    ends = [f"{how} {when}" for how in HOW for when in WHEN]
    older = [record(f"old-{n}", OLDER.format(end), year=2003 + n % 8) for n, end in enumerate(ends)]
    assert len(older) == 20
    found = keys(retriever(tmp_path, [*older, record("new", NEWER, year=2023)]))
    assert found[0] == "new"


def test_repetitions_are_shown_once_and_by_the_newest(tmp_path: Path) -> None:
    text = OLDER.format("as a rule")
    twins = [record(f"twin-{year}", text, year=year) for year in (2001, 2019, 2011)]
    other = record("other", "An effusion that comes back is drained for good with talc.", year=2005)
    found = keys(retriever(tmp_path, [*twins, other]))
    assert [k for k in found if k.startswith("twin")] == ["twin-2019"]


def test_a_superseding_passage_takes_the_place_of_what_it_replaces(tmp_path: Path) -> None:
    old = record("old", OLDER.format("as a rule"), year=2022)
    # Another matter by its words, and not newer by its year: only the field says that it replaces the other.
    new = record("new", "Talc is no help here.", title="Tubes", year=2021, supersedes=["old"], findings=[])
    found = keys(retriever(tmp_path, [old, new]))
    assert found[:2] == ["new", "old"]


def test_supersession_is_followed_over_several_editions_and_ends_in_a_circle(tmp_path: Path) -> None:
    first = record("first", OLDER.format("as a rule"), supersedes=["third"])
    second = record("second", "Talc is no help here.", title="Tubes", supersedes=["first"])
    third = record("third", "Nothing of this is done today.", title="History", supersedes=["second"])
    assert set(keys(retriever(tmp_path, [first, second, third]))) == {"first", "second", "third"}


def test_a_superseding_passage_for_others_stays_hidden(tmp_path: Path) -> None:
    old = record("old", OLDER.format("as a rule"), audience="patient")
    new = record("new", "Talc is no help here at all.", supersedes=["old"])
    assert keys(retriever(tmp_path, [old, new]), mode="patient") == ["old"]


@pytest.mark.parametrize("year", [2015, 2010])
def test_a_local_protocol_stands_above_older_and_as_old_general_text(tmp_path: Path, year: int) -> None:
    general = record("general", OLDER.format("as a rule"))
    local = record("local", OLDER.format("here"), year=year, evidence="local", origin="added")
    assert keys(retriever(tmp_path, [general, local]))[0] == "local"


def test_a_guideline_stands_above_a_textbook_of_the_same_year(tmp_path: Path) -> None:
    book = record("book", "A large effusion is drained by a tube.", evidence="textbook")
    guideline = record("guideline", "A large effusion is drained by a needle.", evidence="guideline")
    assert keys(retriever(tmp_path, [book, guideline]))[0] == "guideline"


NO_LEAK = record(
    "leak-drain", "A pneumothorax, a collapsed lung, is drained by a tube.",
    title="Leaks", findings=["Pneumothorax"], topics=["next_step"],
)  # fmt: skip
FLUID = record("fluid-drain", "Pleural fluid is drained by a tube.", topics=["next_step"])


@pytest.mark.parametrize(
    "question",
    [
        "no pneumothorax, but an effusion: drain it by a tube?",
        "an effusion without pneumothorax, when is it drained by a tube",
        "negative for pneumothorax. Is the effusion drained by a tube?",
    ],
)
def test_a_denied_finding_pulls_nothing(tmp_path: Path, question: str) -> None:
    found = keys(retriever(tmp_path, [NO_LEAK, FLUID]), question)
    assert found[0] == "fluid-drain"


def test_the_findings_of_the_film_come_after_those_of_the_question(tmp_path: Path) -> None:
    search = retriever(tmp_path, [NO_LEAK, FLUID])
    assert keys(search, "how is an effusion drained", labels=["Pneumothorax"])[0] == "fluid-drain"
    assert keys(search, "what next?", labels=["Pneumothorax"])[0] == "leak-drain"


OUTSIDE = ["how is a large garden drained"]


def test_it_is_silent_where_a_question_is_nearer_to_an_outside_one(tmp_path: Path) -> None:
    search = retriever(tmp_path, [FLUID], OUTSIDE)
    assert keys(search, "how is my garden drained") == []
    assert keys(search, "how is my garden drained", labels=["Effusion"]) == []
    assert keys(search, "how is pleural fluid drained") == ["fluid-drain"]
    never = search.model_copy(update={"abstains": False})
    assert keys(never, "how is my garden drained") == ["fluid-drain"]


def test_a_cross_encoder_has_the_last_word_on_the_match(tmp_path: Path) -> None:
    one = record("one", "A large pleural effusion is drained early.", year=2020)
    two = record("two", "A pleural effusion needs tubes of some width.", title="Width", year=2020)
    search = retriever(tmp_path, [one, two])
    assert keys(search)[0] == "one"
    reads = search.model_copy(update={"rerank": lambda _, texts: [float("width" in t.lower()) for t in texts]})
    assert keys(reads)[0] == "two"


def test_a_passage_is_found_by_the_questions_that_it_answers(tmp_path: Path) -> None:
    texts = ("A large effusion is tapped.", "A small effusion is watched.")
    one, two = record("one", texts[0]), record("two", texts[1], asks=["is a flight safe"])
    assert keys(retriever(tmp_path, [one, two]), "is a flight safe")[0] == "two"


def test_a_question_asked_before_is_answered_though_its_words_are_far_from_the_passage(tmp_path: Path) -> None:
    asks = [
        f"{one}{two} {two}{one} {one}{one}{two}" for one in ("bal", "dor", "fim", "gul") for two in ("ko", "nex", "pra")
    ]
    passage = record("routine", "A film before an operation is not advised as a routine.", findings=[], asks=asks)
    search = retriever(tmp_path, [passage, FLUID])
    assert search.index.nearest(search.embed([asks[0]])[0], {"clinician"}, 1)[0][1] < FLOOR
    assert keys(search, asks[0]) == ["routine"]


def test_a_search_embeds_one_text(tmp_path: Path) -> None:
    search, embedded = retriever(tmp_path, [FLUID]), []

    def embed(texts: list[str]) -> list[list[float]]:
        embedded.extend(texts)
        return search.embed(texts)

    counting = search.model_copy(update={"embed": embed})
    keys(counting, "She has a stent. How is her pleural fluid drained, and what is the tube made of?", labels=["Mass"])
    assert len(embedded) == 1
