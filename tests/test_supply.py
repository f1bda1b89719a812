"""What the program is made of: every pin is locked with hashes, and an audit that asked nobody isn't called clean."""

import importlib.util
import json
import re
import subprocess

import pytest

from cad_models import registry
from chatcad.config import ROOT


def load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


audit, sbom = load("audit"), load("sbom")


def lines(path):
    """Yield the requirements of a file and of those that it includes."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            yield from lines(path.parent / line.removeprefix("-r "))
        elif line and not line.startswith(("#", " ")):
            yield line


def pins(path):
    found = [re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", line) for line in lines(ROOT / path)]
    assert all(found), f"{path}: a requirement without a pin"
    return {re.sub(r"[-_.]+", "-", pin[1]).lower(): pin[2] for pin in found}


@pytest.mark.parametrize(
    ("lock", "file"),
    [("requirements.lock", "requirements/dev.txt"), ("requirements/weights.lock", "requirements/weights.txt")],
)
def test_every_pin_is_locked_at_its_version_with_hashes(lock, file):
    locked, wanted = pins(lock), pins(file)
    assert wanted and {name: locked.get(name) for name in wanted} == wanted, "run `make lock`"
    blocks = re.split(r"\n(?=[a-z])", (ROOT / lock).read_text(encoding="utf-8"))
    assert all("--hash=sha256:" in block for block in blocks if "==" in block.split("\n")[0])


def test_setting_up_brings_neither_ray_nor_a_gpu_package():
    assert not {"ray", "flwr", "bitsandbytes"} & pins("requirements/dev.txt").keys()


def test_every_requirements_file_that_is_named_is_there():
    folders = [p for d, kind in (("docs", "md"), ("scripts", "*"), ("chatcad", "py"), ("evaluation", "py"))
               for p in (ROOT / d).rglob(f"*.{kind}")]  # fmt: skip
    texts = [
        p.read_text(encoding="utf-8") for p in (*folders, ROOT / "Makefile", ROOT / "Dockerfile", ROOT / "README.md")
    ]
    named = {name for text in texts for name in re.findall(r"requirements[/-]?\w*\.(?:txt|lock)", text)}
    assert len(named) > 5 and not [name for name in named if not (ROOT / name).is_file()]


def package(name, **more):
    return {"name": name, "version": "1", "vulns": [], **more}


def skipped(name):
    return {"name": name, "skip_reason": "Dependency not found on PyPI and could not be audited"}


ADVISORY = {"id": "PYSEC-1", "fix_versions": ["2"]}


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([package("a"), package("b")], 0, "2 packages were looked up, 0 advisories"),
        ([package("a", vulns=[ADVISORY])], 1, "1 advisories"),
        ([package("a"), skipped("b")], 2, "NOT clean, not checked: 1 of 2"),
        ([skipped("a"), skipped("b")], 2, "NOT clean, not checked: 2 of 2"),
        ([package("a", vulns=[ADVISORY]), skipped("b")], 1, "NOT clean"),
        ([], 2, "NOT clean"),
    ],
)
def test_only_an_audit_that_looked_everything_up_is_clean(packages, code, said):
    found, lines = audit.judged(packages)
    assert found == code and said in lines[-1]


def test_a_database_that_cannot_be_asked_is_one_line_and_no_success(monkeypatch, capsys):
    gone = "Traceback …\nrequests.exceptions.ConnectionError: Failed to resolve 'pypi.org'"
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess((), 1, "", gone))
    assert audit.main() == 2
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and "nothing was checked" in said and "Failed to resolve" in said


def test_the_bill_of_materials_names_the_weights():
    named = {c["name"]: c["hashes"][0]["content"] for c in sbom.weights()}
    assert named == {n.name: n.sha256 for n in registry.entries() if n.embedded}
    json.dumps(sbom.weights())
