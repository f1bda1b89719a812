"""A record makes the same conversation again, and tells what is not the same."""

import hashlib
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from chatcad import context, record
from chatcad.cli import main
from chatcad.config import Settings
from chatcad.errors import UsageError
from chatcad.findings import look
from chatcad.llm.script import ScriptedChatModel
from chatcad.llm.writer import Writer
from chatcad.pipeline import ChatCAD, Conversation
from chatcad.ui.phantom import phantom_png
from tests.factories import make_study
from tests.test_pipeline import QUESTIONS, Shelf, understand


def faithful(messages):
    return str(messages[-1].content).split(": ", 1)[1]


class System(ChatCAD):
    """Reads any file as one study, whose sha256 is the file's."""

    def read(self, source):
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
        study = make_study()
        return replace(study, radiograph=replace(study.radiograph, sha256=digest))


def system(replies=faithful, retriever=None):
    writer = Writer(ScriptedChatModel(replies=replies), "scripted:test")
    return System(None, understand, retriever or Shelf(), writer, Settings(backend="scripted"))


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "film.png"
    path.write_bytes(b"a film")
    return path


def recorded(chatcad, film, **more):
    talk = Conversation(chatcad.read(film), **more)
    made = record.record_of(replace(talk, turns=chatcad.converse(QUESTIONS, talk)), chatcad.settings)
    return json.loads(json.dumps(made))


def test_the_same_film_prompt_and_seed_give_the_identical_record(film):
    told = context.parse("68 year old woman, fever for two days, CRP 120 mg/L, takes warfarin")
    first = recorded(system(), film, mode="patient", context=told)
    again = json.loads(json.dumps(record.replay(first, system(), film)))
    assert list(record.differences(first, again)) == []
    assert first == again
    assert record._context(first["context"]) == told


def test_the_memory_that_is_free_is_no_difference(film):
    chatcad = system()
    talk = Conversation(chatcad.read(film))
    turn = chatcad.answer(QUESTIONS[0], talk)
    here, there = (replace(turn, machine={"device": "cpu", "free_bytes": free}) for free in (1, 2))
    records = [record.record_of(replace(talk, turns=(t,)), chatcad.settings) for t in (here, there)]
    assert records[0] == records[1]
    assert records[0]["turns"][0]["machine"] == {"device": "cpu"}


def test_what_suffices_to_make_it_again_is_there(film):
    made = recorded(system(), film)
    assert len(made["film"]["sha256"]) == len(made["film"]["facts_sha256"]) == 64
    assert set(made) >= {"versions", "weights_sha256", "settings", "seed", "mode", "design", "language", "turns"}
    for turn, question in zip(made["turns"], QUESTIONS, strict=True):
        assert turn["question"] == question
        assert len(turn["prompt_sha256"]) == 64
        assert all(set(p) == {"key", "text_sha256"} for p in turn["passages"])
    assert "api_key" not in json.dumps(made)


def test_another_wording_and_another_passage_are_told(film):
    class Newer(Shelf):
        def search(self, *_, **given):
            (passage,) = super().search("", **given)
            return (replace(passage, text="Echocardiography is the next test."),)

    first = recorded(system(), film)
    found = list(record.differences(first, record.replay(first, system(("",)), film)))
    assert any(line.startswith("turns[1].sentences[1].checked: ") for line in found)
    found = list(record.differences(first, record.replay(first, system(retriever=Newer()), film)))
    assert any("passages[1].text_sha256" in line for line in found)


def test_another_film_is_refused(film, tmp_path):
    first = recorded(system(), film)
    film.write_bytes(b"another film")
    with pytest.raises(UsageError, match="not the recorded film"):
        record.replay(first, system(), film)


def test_an_earlier_film_belongs_to_the_record(film):
    chatcad = system()
    first = recorded(chatcad, film, prior=chatcad.read(film))
    with pytest.raises(UsageError, match="--prior"):
        record.replay(first, chatcad, film)
    assert record.replay(first, chatcad, film, film)["prior"] == first["prior"]


def test_a_marked_part_belongs_to_the_record(film):
    chatcad = system()
    object.__setattr__(chatcad, "reader", SimpleNamespace(occluded=lambda *_: {}))
    first = recorded(chatcad, film, region=look(chatcad.read(film), (0.1, 0.1, 0.4, 0.4)))
    assert first["region"] == [0.1, 0.1, 0.4, 0.4]
    assert record.replay(first, chatcad, film) == first


@pytest.mark.parametrize("content", ["{half", "[]", '{"format": 99}'])
def test_what_is_no_record_is_wrong_usage(tmp_path, content):
    path = tmp_path / "record.json"
    path.write_text(content)
    with pytest.raises(UsageError, match="record"):
        record.read(path)


def test_settings_that_change_the_words_come_from_the_record(film):
    made = recorded(system(), film)
    mine = Settings(backend="embedded", api_key="mine", answer_seconds=1.0)
    used = record.settings_of(made, mine)
    assert (used.backend, used.api_key, used.answer_seconds) == ("scripted", "mine", record.PATIENCE)
    assert set(made["settings"]) <= set(Settings.__dataclass_fields__)


def test_the_commands(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CHATCAD_BACKEND", "scripted")
    film, out = tmp_path / "film.png", tmp_path / "record.json"
    film.write_bytes(phantom_png())
    assert main(["ask", str(film), "Is the heart enlarged?", "How sure are you?", "--record", str(out)]) == 0
    capsys.readouterr()
    assert main(["replay", str(out), str(film)]) == 0
    assert capsys.readouterr().out == "identical: 2 answers, word for word\n"
    changed = json.loads(out.read_text())
    changed["turns"][0]["prompt_sha256"] = "0" * 64
    out.write_text(json.dumps(changed))
    assert main(["replay", str(out), str(film)]) == 1
    assert "turns[1].prompt_sha256" in capsys.readouterr().out
