"""``doctor`` on language models: where they run, what fits, and what writes when a server fails."""

import argparse

import pytest

from chatcad.commands import doctor
from chatcad.config import Settings
from chatcad.llm import catalogue, memory


def said(capsys, **settings):
    doctor.run(argparse.Namespace(), Settings(**settings))
    return capsys.readouterr().out


def test_memory_and_suggestions(capsys, monkeypatch):
    monkeypatch.setattr(memory, "free_gpu", lambda: 10 * memory.GIB)
    out = said(capsys)
    assert "10.0 GiB on the GPU" in out
    assert "local language models run" in out
    assert all(f"for a GPU of {card} GB" in out for card in catalogue.CARDS)
    assert "not run by us" in out


@pytest.mark.parametrize(
    ("fallback", "line"), [(True, "the embedded model takes over"), (False, "CHATCAD_FALLBACK=off")]
)
def test_what_happens_when_the_server_fails(capsys, fallback, line):
    assert line in said(capsys, backend="openai", fallback=fallback)
    assert line not in said(capsys)


def test_a_chosen_model_that_is_none_is_told(capsys):
    assert "missing  language model olama (chosen)" in said(capsys, backend="olama")


def test_four_bit_names_its_remedy_only_where_it_is_missing(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "find_spec", lambda _: None)
    assert "requirements/gpu.txt" in said(capsys)
    monkeypatch.setattr(doctor, "find_spec", lambda _: "there")
    assert "requirements/gpu.txt" not in said(capsys)
