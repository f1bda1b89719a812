"""``make train`` names steps that exist."""

from importlib.util import find_spec

from cad_models import registry
from cad_models.training.__main__ import STEPS
from chatcad.commands.eval import benchmarks


def test_every_step_exists_and_every_network_is_measured():
    modules = [step[1] for step in STEPS]
    assert all(find_spec(m) for m in modules)
    measured = {step[-1] for step in STEPS if "eval" in step}
    assert measured == {n.name for n in registry.entries() if n.embedded} <= set(benchmarks())
