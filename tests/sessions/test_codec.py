"""What is stored comes back as it was: facts, masks and heat maps exactly, the picture as the page draws it."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest

from chatcad.config import load_settings
from chatcad.pipeline import Conversation
from chatcad.sessions.codec import (
    LONGEST_SIDE,
    Unreadable,
    decode_study,
    decode_turn,
    encode_facts,
    encode_study,
    encode_turn,
)
from chatcad.types import Study
from chatcad.ui.overlay import DISPLAY_SIDE, everything, render
from tests.test_pipeline import QUESTIONS, STUDY, system
from tests.ui.fake import study

from .made import same, turn, without_pixels


@pytest.fixture(scope="module")
def real() -> Study:
    from cad_models.reader import CadReader
    from chatcad.pipeline import read_film

    settings = load_settings()
    film = settings.data / "dicom" / "chest_pa_mono1_15bit_j2k_RG1.dcm"
    if not film.is_file():
        pytest.skip(f"no shared films in {settings.data} (set CHATCAD_DATA)")
    return read_film(film, CadReader(), settings)


def test_a_real_reading_comes_back_exactly_and_its_picture_at_page_size(real: Study) -> None:
    back = decode_study(encode_study(real))
    assert same(without_pixels(back), without_pixels(real))
    assert any(f.heat_map is not None for f in back.findings)
    assert max(back.radiograph.pixels.shape) == LONGEST_SIDE == DISPLAY_SIDE
    assert (back.radiograph.height, back.radiograph.width) == real.radiograph.pixels.shape
    drawn, drawn_back = (render(s, everything(s)).astype(int) for s in (real, back))
    assert np.abs(drawn - drawn_back).max() <= 1


def test_what_came_back_is_stored_as_the_same_bytes_again(real: Study) -> None:
    back = decode_study(encode_study(real))
    assert encode_facts(back) == encode_facts(real)
    assert encode_study(back) == encode_study(real)


def test_a_small_films_pixels_keep_sixteen_bits() -> None:
    made = study()
    back = decode_study(encode_study(made))
    assert same(without_pixels(back), without_pixels(made))
    assert back.radiograph.pixels.dtype == np.float32
    assert np.abs(back.radiograph.pixels - made.radiograph.pixels).max() < 1 / 65535


def test_numbers_that_a_library_made_come_back_as_numbers() -> None:
    made = study()
    odd = replace(made, gate=replace(made.gate, score=np.float32(0.1)))
    assert decode_study(encode_study(odd)).gate.score == float(np.float32(0.1))


def test_a_turn_comes_back_exactly() -> None:
    asked = turn("Ist das „gefährlich“? \x00 🫁")
    assert decode_turn(encode_turn(asked)) == asked
    assert encode_turn(decode_turn(encode_turn(asked))) == encode_turn(asked)


def test_the_pipelines_own_answers_come_back_exactly() -> None:
    turns = system().converse(QUESTIONS, Conversation(STUDY))
    assert [decode_turn(encode_turn(t)) for t in turns] == list(turns)


def test_no_pickle_is_written_or_read() -> None:
    stored = encode_study(study())
    hostile = io.BytesIO()
    np.savez(hostile, np.array([{"a": 1}], dtype=object))
    with pytest.raises(Unreadable):
        decode_study(replace(stored, arrays=hostile.getvalue()))


@pytest.mark.parametrize("part", ["facts", "picture", "arrays"])
def test_a_cut_or_foreign_part_is_refused(part: str) -> None:
    stored = encode_study(study())
    whole = getattr(stored, part)
    for data in (b"", whole[: len(whole) // 2], b"{}", b"GIF89a"):
        with pytest.raises(Unreadable):
            decode_study(replace(stored, **{part: data}))


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", encode_turn(turn())[:-1], encode_turn(turn()).replace(b'"patient"', b'"nobody"')]
)
def test_a_damaged_turn_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        decode_turn(data)
