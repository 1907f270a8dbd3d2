"""What the chart puts into the cluster."""

import re
from typing import Any

import pytest
import yaml

import offbeat
from controller.settings import ControllerSettings
from tests.unit.charts.conftest import CHART, MINIMAL, Helm, Manifests, Render, merged

POD_SECURITY = {
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "runAsGroup": 10001,
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONTAINER_SECURITY = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def pods(manifests: Manifests) -> list[dict[str, Any]]:
    """Return the pod specs of the Deployment and of the test."""
    deployment = manifests["Deployment", "offbeat"]["spec"]["template"]["spec"]
    return [deployment, manifests["Pod", "offbeat-test"]["spec"]]


def test_it_is_these_objects_and_no_others(render: Render) -> None:
    """Nothing is cluster-wide."""
    assert set(render()) == {
        ("ConfigMap", "offbeat-jobs"),
        ("Deployment", "offbeat"),
        ("Pod", "offbeat-test"),
        ("Role", "offbeat"),
        ("RoleBinding", "offbeat"),
        ("Secret", "offbeat-redis"),
        ("ServiceAccount", "offbeat"),
        ("ServiceAccount", "offbeat-analyzer"),
    }


def test_the_role_allows_this_and_no_more(render: Render) -> None:
    """No secrets, no wildcards."""
    assert render()["Role", "offbeat"]["rules"] == [
        {
            "apiGroups": ["batch"],
            "resources": ["jobs"],
            "verbs": ["create", "get", "list", "watch", "patch", "delete"],
        },
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["events"], "verbs": ["create"]},
    ]


def test_every_pod_is_restricted(render: Render) -> None:
    """Pod Security `restricted`, with numeric users and a read-only root."""
    for pod in pods(render()):
        assert pod["securityContext"] == POD_SECURITY
        assert pod["enableServiceLinks"] is False
        for container in pod["containers"]:
            assert container["securityContext"] == CONTAINER_SECURITY
            for amounts in (container["resources"]["requests"], container["resources"]["limits"]):
                assert set(amounts) == {"cpu", "memory", "ephemeral-storage"}


def test_only_the_controller_gets_a_token(render: Render) -> None:
    """Neither Jobs nor the test talk to the API."""
    manifests = render()
    assert [pod["automountServiceAccountToken"] for pod in pods(manifests)] == [True, False]
    for kind, name in manifests:
        if kind == "ServiceAccount":
            assert manifests[kind, name]["automountServiceAccountToken"] is False


def test_the_url_is_only_in_the_secret(render: Render) -> None:
    """A password must not be readable by those who may read Deployments."""
    manifests = render({"redis": {"url": "redis://:hunter2@redis:6379/0"}})
    holders = [name for name, item in manifests.items() if "hunter2" in str(item)]
    assert holders == [("Secret", "offbeat-redis")]


def test_every_variable_is_a_setting_of_the_controller(render: Render) -> None:
    """A misspelt name would be ignored in silence."""
    container = pods(render())[0]["containers"][0]
    names = {item["name"].removeprefix("OFFBEAT_").lower() for item in container["env"]}
    assert names <= set(ControllerSettings.model_fields)


def test_numbers_reach_the_controller_as_they_are_written(render: Render) -> None:
    """Helm holds numbers as floats, which must not show as 1e+06."""
    values = {"controller": {"maxConcurrentJobs": 100_000, "pendingTimeoutSec": 1_000_000}}
    container = pods(render(values))[0]["containers"][0]
    environment = {item["name"]: item.get("value") for item in container["env"]}
    assert environment["OFFBEAT_MAX_CONCURRENT_JOBS"] == "100000"
    assert float(environment["OFFBEAT_PENDING_TIMEOUT_SEC"]) == 1_000_000


def test_changed_settings_start_new_controllers(render: Render) -> None:
    """They are read once, at the start."""

    def checksums(values: dict[str, Any]) -> dict[str, str]:
        template = render(values)["Deployment", "offbeat"]["spec"]["template"]
        annotations = template["metadata"]["annotations"]
        assert isinstance(annotations, dict)
        return annotations

    before = checksums({})
    after = checksums({"profiles": {"new": {}}, "redis": {"url": "redis://other:6379/0"}})
    assert {name for name in before if before[name] != after[name]} == {
        "checksum/jobs",
        "checksum/redis",
    }


def test_two_releases_share_no_name(render: Render) -> None:
    """They may live in one namespace."""
    assert not set(render(release="offbeat")) & set(render(release="offbeat-two"))


@pytest.mark.parametrize(
    ("release", "name"),
    [("offbeat", "offbeat"), ("music", "music-offbeat"), ("my-offbeat", "my-offbeat")],
)
def test_objects_are_named_after_the_release(render: Render, release: str, name: str) -> None:
    """And after the chart, unless the release says so already."""
    assert ("Deployment", name) in render(release=release)


def test_the_longest_release_name_gives_valid_names(render: Render) -> None:
    """Helm allows 53 characters, labels 63."""
    for _, name in render(release="a" * 53):
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name)


def test_the_chart_and_the_code_have_one_version() -> None:
    """Its default image tag is the version of the code."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == offbeat.__version__


def test_lint_is_clean(helm: Helm) -> None:
    """The only remark is that there is no icon."""
    done = helm("lint", "--strict", str(CHART), values=merged(MINIMAL, {}))
    assert done.returncode == 0, done.stdout + done.stderr
