"""The simulated film is a film-like picture, the same every time."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from chatcad.ui.phantom import SIZE, phantom_film, phantom_png

from .fake import masks


def test_lungs_are_darker_than_heart_and_corners_are_black() -> None:
    film, anatomy = phantom_film(), masks()
    lungs = film[anatomy.right_lung | anatomy.left_lung].mean()
    assert lungs < film[anatomy.heart].mean() - 0.15
    assert film[:20, :20].max() < 0.2


def test_the_file_holds_the_film_and_no_metadata() -> None:
    with Image.open(io.BytesIO(phantom_png())) as picture:
        assert picture.size == (SIZE, SIZE)
        assert picture.mode == "L"
        assert picture.info == {}
        assert np.abs(np.asarray(picture) / 255 - phantom_film()).max() <= 1 / 255
