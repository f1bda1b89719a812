"""``make train`` names steps that exist."""

from importlib.util import find_spec

from cad_models import registry
from cad_models.training.__main__ import STEPS
from chatcad.commands.eval import benchmarks
from evaluation.cad import NETWORKS


def test_every_step_exists_and_every_network_is_measured():
    modules = [step[1] for step in STEPS]
    assert all(find_spec(m) for m in modules)
    assert ("-m", "chatcad", "eval", "cad") in STEPS
    assert {n.name for n in registry.entries() if n.embedded} <= set(NETWORKS) <= set(benchmarks())
