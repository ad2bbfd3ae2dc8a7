"""The manifests of `deploy/` are accepted by a real API server, also under its strictest Pod security."""

import subprocess

import pytest
import yaml

from devcluster.api import Api
from devcluster.cluster import ControlPlane
from devcluster.product import DEPLOY
from devcluster.users import NAMESPACE


def kubectl(plane: ControlPlane, *arguments: str) -> str:
    command = [plane.kubectl, "--kubeconfig", plane.kubeconfig(), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_of_it_is_accepted(control_plane):
    accepted = kubectl(
        control_plane, "apply", "--dry-run=server", "--server-side", "--force-conflicts", "-k", str(DEPLOY)
    )
    assert "deployment.apps/netpol-registry-controller serverside-applied" in accepted
    assert "deployment.apps/netpol-registry-server serverside-applied" in accepted
    assert "service/netpol-registry serverside-applied" in accepted


@pytest.mark.parametrize("file", ["controller.yaml", "server.yaml"])
def test_its_pods_pass_the_restricted_pod_security_of_their_namespace(api: Api, file):
    deployment = next(iter(yaml.safe_load_all((DEPLOY / file).read_text())))
    pod = {"metadata": {"name": "probe"}, "spec": deployment["spec"]["template"]["spec"]}
    created = api.create(f"/api/v1/namespaces/{NAMESPACE}/pods", pod, dryRun="All")
    assert created["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
