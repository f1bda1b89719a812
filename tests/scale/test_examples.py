"""The files for containers and clusters: well formed, every setting known, nothing run as root.

They can't be built or applied here; this is what can be checked without Docker and a cluster.
"""

import re
from dataclasses import fields

import pytest
import yaml

from chatcad.config import ROOT, Settings

EXAMPLES = ROOT / "docs" / "examples"
COMPOSE, KUBERAY, SERVE = ROOT / "compose.yaml", EXAMPLES / "kuberay.yaml", EXAMPLES / "serve.yaml"
NAMING = (COMPOSE, KUBERAY, ROOT / "Dockerfile", ROOT / "docs" / "scale.md")
KNOWN = {f"CHATCAD_{f.name.upper()}" for f in fields(Settings)}


@pytest.mark.parametrize("path", NAMING, ids=lambda p: p.name)
def test_every_setting_that_is_named_exists(path):
    named = set(re.findall(r"CHATCAD_[A-Z0-9_]+", path.read_text(encoding="utf-8")))
    assert named and named <= KNOWN | {"CHATCAD_EVAL_LIMIT"}, named - KNOWN


def test_compose_keeps_stores_inside_and_publishes_on_loopback_only():
    compose = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    assert compose["networks"]["inside"]["internal"] is True
    for name, service in compose["services"].items():
        assert set(service["networks"]) <= set(compose["networks"])
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", []))
        assert name == "app" or service["networks"] == ["inside"]
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source.startswith("${") or source in compose["volumes"]


def test_the_dockerfile_runs_as_nobody_in_particular_and_copies_what_exists():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER")][-1] != "USER root"
    stages = "\n".join(lines).split("\nFROM ")[1:]
    assert all("HEALTHCHECK" in s and re.findall(r"^USER (.*)$", s, re.M)[-1] == "10001:10001" for s in stages)
    for line in lines:
        if line.startswith("COPY"):
            assert all((ROOT / source).exists() for source in line.split()[1:-1]), line


def documents():
    return list(yaml.safe_load_all(KUBERAY.read_text(encoding="utf-8")))


def pods(document):
    """Return the pod templates in a document."""
    if document["kind"] == "RayService":
        cluster = document["spec"]["rayClusterConfig"]
        return [g["template"] for g in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"])]
    return [document["spec"]["template"]] if document["kind"] == "Deployment" else []


def test_the_cluster_example_keeps_to_kubernetes_schemas():
    validate = pytest.importorskip("kubernetes_validate", reason="make scale-test installs it")
    for document in documents():
        if document["kind"] != "RayService":  # its schema is KubeRay's
            validate.validate(document, "1.33", strict=True)
        for number, pod in enumerate(pods(document)):
            whole = {"apiVersion": "v1", "kind": "Pod", **pod, "metadata": {**pod["metadata"], "name": f"pod-{number}"}}
            validate.validate(whole, "1.33", strict=True)


def test_no_pod_is_root_or_may_become_it():
    for pod in (p for document in documents() for p in pods(document)):
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        for container in pod["spec"]["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert "limits" in container["resources"]


def test_the_deployment_that_the_examples_describe_can_be_made():
    pytest.importorskip("ray", reason="the extras are not installed: make scale-test")
    from ray.serve import Application
    from ray.serve._private.api import call_user_app_builder_with_args_if_necessary
    from ray.serve.schema import ServeDeploySchema

    from chatcad.scale.serve import Size, build

    service = next(d for d in documents() if d["kind"] == "RayService")
    for text in (SERVE.read_text(encoding="utf-8"), service["spec"]["serveConfigV2"]):
        (application,) = ServeDeploySchema.model_validate(yaml.safe_load(text)).applications
        assert application.import_path == "chatcad.scale.serve:build"
        assert Size(**application.args).batch == 8
        # As Ray does it: a builder whose annotations are strings is given the file's words as they are.
        built = call_user_app_builder_with_args_if_necessary(build, application.args)
        assert isinstance(built, Application)
