import pytest

from cad_models import registry
from cad_models.references import Reference, read_references, write_references
from chatcad.errors import ModelMissing


def test_ranges_are_read_as_written(tmp_path):
    file = tmp_path / "references.json"
    ranges = {"lung_area_ratio": Reference(1.0, 1.4, 120, "films", "ab" * 32)}
    write_references(ranges, file)
    assert read_references(file) == ranges


def test_a_missing_file_says_the_remedy(tmp_path):
    with pytest.raises(ModelMissing, match="git checkout"):
        read_references(tmp_path / "nothing.json")


def test_the_shipped_ranges_were_measured_with_the_shipped_segmenter():
    assert {r.segmenter_sha256 for r in read_references().values()} == {registry.get("segmenter").sha256}
    assert all(r.n >= 50 for r in read_references().values())
