"""The contact sheet: varied films on one picture."""

import shutil

import numpy as np
import pytest
from PIL import Image

from chatcad.cli import main
from chatcad.commands.contact_sheet import varied
from chatcad.errors import ImageRefused, UsageError
from chatcad.ui.sheet import CAPTION, COLUMNS, TILE, Refused, caption, sheet
from tests.cli.test_cli import DATA, FILM, needs_data, run
from tests.factories import make_film, make_study


def test_six_films_take_two_rows_and_a_refused_one_is_a_tile_too():
    page = sheet(
        [make_study()] * 4 + [Refused(ImageRefused("not read: blank")), Refused(ImageRefused("no"), make_film())]
    )
    assert page.size == (COLUMNS * TILE, 2 * (TILE + CAPTION))
    assert np.asarray(page.crop((0, 0, TILE, TILE))).std() > 5


def test_the_caption_names_each_state():
    text = " ".join(caption(make_study()))
    assert "view AP" in text
    assert "cardiothoracic 0.57" in text
    assert "present: cardiomegaly 0.82" in text
    assert "possible: pleural effusion on the right side 0.46" in text


def test_kinds_take_turns(tmp_path):
    for name in "abcdef":
        Image.new("L", (8, 8)).save(tmp_path / f"{name}.png")
    (tmp_path / "films.csv").write_text("image,view\na.png,PA\nb.png,PA\nc.png,PA\nd.png,AP\ne.png,AP\nlost.png,LL\n")
    assert [p.name for p in varied(tmp_path / "films.csv", 4)] == ["a.png", "d.png", "b.png", "e.png"]
    assert len(varied(tmp_path, 3)) == 3
    with pytest.raises(UsageError):
        varied(tmp_path / "nowhere", 3)


def test_an_empty_folder_is_wrong_usage(capsys, tmp_path):
    assert main(["contact-sheet", str(tmp_path), "--out", str(tmp_path / "sheet.png")]) == 2


@needs_data
def test_a_folder_becomes_a_sheet(capsys, tmp_path):
    folder, out = tmp_path / "films", tmp_path / "sheet.png"
    folder.mkdir()
    shutil.copy(FILM, folder / "a.png")
    shutil.copy(DATA / "ood" / "mednist_Hand_10.png", folder / "b.png")
    code, said, _ = run(capsys, "contact-sheet", folder, "--out", out, "--n", "2")
    assert code == 0
    assert "b.png  (refused)" in said
    assert Image.open(out).size == (COLUMNS * TILE, TILE + CAPTION)
