import json

from evaluation.reproduction import compare


def written(folder, *, dice, auroc, reliability):
    folder.mkdir()
    figure = {"on": "films", "value": dice, "low": 0.9, "high": 0.96}
    cohort = {"label": "Edema", "films": "there", "auroc": [auroc, 0.7, 0.9]}
    (folder / "cad.json").write_text(json.dumps({"bars": [{"what": "Dice", "figure": figure}, {"figure": None}]}))
    labels = {"Edema": {"reliability": reliability}}
    (folder / "classifier.json").write_text(json.dumps({"labels": labels, "cohorts": [cohort]}))
    return folder


def test_a_rebuilt_figure_is_held_against_the_shipped_interval(tmp_path):
    shipped = written(tmp_path / "a", dice=0.95, auroc=0.8, reliability="weak")
    same = compare(shipped, written(tmp_path / "b", dice=0.91, auroc=0.75, reliability="weak"))
    assert (same["aims within"], same["labels in the same class"]) == ([1, 1], [1, 1])
    other = compare(shipped, written(tmp_path / "c", dice=0.89, auroc=0.95, reliability="assessed"))
    assert other["aims within"] == [0, 1]
    assert other["classifier, AUROC on a set of films, within"] == [0, 1]
    assert other["labels in the same class"] == [0, 1]
