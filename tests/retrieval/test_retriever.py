import pytest

from chatcad.retrieval.retriever import GuidelineRetriever


def keys(retriever: GuidelineRetriever, question: str, **options: object) -> list[str]:
    return [p.key for p in retriever.search(question, **options)]  # type: ignore[arg-type]


def test_passages_are_numbered_best_first_and_carry_their_source(retriever: GuidelineRetriever) -> None:
    found = retriever.search("Is a heart bigger on a portable AP film?", k=3)
    assert [p.id for p in found] == ["P1", "P2", "P3"]
    assert found[0].key == "cardiomegaly-ap"
    assert found[0].url.startswith("https://")
    assert "limits" in found[0].topics
    scores = [p.score for p in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= s <= 1 for s in scores)


@pytest.mark.parametrize(
    ("question", "key"),
    [
        ("how much pleural liquid shows up on an upright film", "effusion-look"),
        ("is a skin fold a collapsed lung or not", "pneumothorax-mimics"),
        ("pneumothroax on a supine flim", "pneumothorax-supine"),
        ("millisieverts of a thorax scan", "radiation-ct"),
    ],
)
def test_questions_in_other_words_and_with_typos(retriever: GuidelineRetriever, question: str, key: str) -> None:
    assert key in keys(retriever, question, k=8)


def test_labels_and_topics_steer_a_vague_question(retriever: GuidelineRetriever) -> None:
    found = retriever.search("What should I do next?", labels=["Effusion"], topics=["next_step"], k=2)
    assert all("Effusion" in p.findings and "next_step" in p.topics for p in found)
    other = retriever.search("What should I do next?", labels=["Pneumothorax"], topics=["next_step"], k=1)
    assert other[0].findings == ("Pneumothorax",)


def test_the_mode_decides_the_audience(retriever: GuidelineRetriever) -> None:
    question = "What does fluid around the lung mean?"
    assert {p.audience for p in retriever.search(question, mode="patient")} <= {"patient", "both"}
    assert {p.audience for p in retriever.search(question, mode="clinician")} <= {"clinician", "both"}


def test_a_clinician_gets_patient_passages_where_no_other_fits(retriever: GuidelineRetriever) -> None:
    assert "pneumothorax-plain-flying" in keys(retriever, "flying after a pneumothorax", k=60)


@pytest.mark.parametrize(
    "question",
    ["What is the capital of France?", "How do I bake sourdough bread?", "kubernetes cluster autoscaling", "", "   "],
)
@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_it_abstains_on_alien_questions(retriever: GuidelineRetriever, question: str, mode: str) -> None:
    assert keys(retriever, question, mode=mode) == []


def test_the_films_labels_do_not_carry_an_alien_question(retriever: GuidelineRetriever) -> None:
    assert keys(retriever, "How do I bake sourdough bread?", labels=["Effusion"], mode="patient") == []


def test_no_passage_twice(retriever: GuidelineRetriever) -> None:
    found = keys(retriever, "big heart", k=10)
    assert len(found) == len(set(found)) > 3


def test_it_is_a_langchain_retriever(retriever: GuidelineRetriever) -> None:
    documents = retriever.invoke("ultrasound for pleural fluid")
    assert documents[0].id == documents[0].metadata["key"] == "effusion-ultrasound"
    assert documents[0].page_content
    assert documents[0].metadata["source"]
