"""Letters in a picture: a name is remarked on, side markers and anatomy are not, and noise costs nothing."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from chatcad.config import load_settings
from chatcad.imaging import load
from chatcad.imaging.letters import BURNED_IN, has_letters
from chatcad.ui.phantom import phantom_film, phantom_png

from .phantoms import as_bytes, film


def printed(text: str, ink: int = 255) -> np.ndarray:
    picture = Image.fromarray(np.rint(phantom_film() * 235 + 10).astype(np.uint8))
    ImageDraw.Draw(picture).text((20, 20), text, fill=ink, font=ImageFont.load_default(20))
    return np.asarray(picture, dtype=np.float32) / 255


@pytest.mark.parametrize("ink", [255, 0])
def test_a_name_is_seen_in_white_and_in_black(ink):
    assert has_letters(printed("SMITH JOHN 1951", ink))


@pytest.mark.parametrize("text", ["", "L", "AP", "12:07"])
def test_markers_are_not(text):
    assert not has_letters(printed(text))


@pytest.mark.parametrize("grain", [1, 5, 9])
def test_noise_is_no_print_and_takes_no_time(grain):
    noise = np.random.default_rng(0).random((3000 // grain, 3000 // grain)).repeat(grain, 0).repeat(grain, 1)
    start = time.process_time()
    has_letters(noise.astype(np.float32))
    assert time.process_time() - start < 2


def test_the_remark_is_made_once():
    assert BURNED_IN not in load(phantom_png()).warnings
    marked = load(as_bytes(film(12, BurnedInAnnotation="YES"))).warnings
    assert len([w for w in marked if "burned" in w]) == 1


def test_a_real_film_that_says_portable():
    path = load_settings().data / "originals" / "nih_00009107_006.png"
    if not path.is_file():
        pytest.skip(f"no shared films at {path.parent}")
    assert BURNED_IN in load(path).warnings
