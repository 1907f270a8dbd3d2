"""What the chart puts into the cluster."""

import re
from typing import Any

import pytest
import yaml

import offbeat
from controller.settings import ControllerSettings
from offbeat import keys
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
        {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "list"]},
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


def annotations(manifests: Manifests) -> dict[str, str]:
    """Return the annotations of the controller's pods: another one starts a new controller."""
    found = manifests["Deployment", "offbeat"]["spec"]["template"]["metadata"]["annotations"]
    assert isinstance(found, dict)
    return found


def test_changed_profiles_start_new_controllers(render: Render) -> None:
    """They are read once, at the start."""
    before, after = annotations(render()), annotations(render({"profiles": {"new": {}}}))
    assert {name for name in before if before[name] != after[name]} == {"checksum/jobs"}


def test_every_upgrade_starts_a_new_controller(render: Render) -> None:
    """Which reads the URL anew, also one in a Secret that the chart does not know."""
    assert annotations(render())["offbeat.io/revision"] == "1"
    template = (CHART / "templates" / "deployment.yaml").read_text()
    assert "offbeat.io/revision: {{ .Release.Revision | quote }}" in template


def test_nothing_but_the_secret_depends_on_the_url(render: Render) -> None:
    """Not even a hash, which passwords could be tried on."""
    before, after = render(), render({"redis": {"url": "redis://:hunter2@elsewhere:6379/0"}})
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {("Secret", "offbeat-redis")}


def test_what_jobs_need_outlives_the_release(render: Render) -> None:
    """A Job that waits for its pod needs both; everything else goes with the controller."""
    kept = {
        name
        for name, item in render().items()
        if item["metadata"].get("annotations", {}).get("helm.sh/resource-policy") == "keep"
    }
    assert kept == {("Secret", "offbeat-redis"), ("ServiceAccount", "offbeat-analyzer")}


def test_the_next_release_of_that_name_may_take_over_what_was_kept(render: Render) -> None:
    """Helm adopts an object with this label, and with annotations that it writes itself."""
    for kind, name in (("Secret", "offbeat-redis"), ("ServiceAccount", "offbeat-analyzer")):
        labels = render()[kind, name]["metadata"]["labels"]
        assert labels["app.kubernetes.io/managed-by"] == "Helm"


@pytest.mark.parametrize(
    ("ca", "source"),
    [
        (
            {"existingSecret": {"name": "my-ca", "key": "root.pem"}},
            {"secret": {"secretName": "my-ca", "items": [{"key": "root.pem", "path": "ca.crt"}]}},
        ),
        (
            {"existingConfigMap": {"name": "123"}},
            {"configMap": {"name": "123", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        ),
    ],
)
def test_the_ca_of_redis_is_mounted_where_the_variable_says(
    render: Render, ca: dict[str, Any], source: dict[str, Any]
) -> None:
    """Read-only, in the controller and in the test; the Deployment's other volume stays."""
    for pod in pods(render({"redis": {"ca": ca}})):
        assert {"name": "redis-ca", **source} in pod["volumes"]
        (container,) = pod["containers"]
        assert {
            "name": "redis-ca",
            "mountPath": keys.REDIS_CA_MOUNT_PATH,
            "readOnly": True,
        } in container["volumeMounts"]
        path = f"{keys.REDIS_CA_MOUNT_PATH}/{keys.REDIS_CA_FILE_NAME}"
        assert {"name": keys.ENV_REDIS_CA_FILE, "value": path} in container["env"]


def test_without_a_ca_nothing_is_mounted(render: Render) -> None:
    """The test has no volume at all then."""
    controller, test = pods(render())
    assert [volume["name"] for volume in controller["volumes"]] == ["jobs"]
    assert "volumes" not in test
    assert "volumeMounts" not in test["containers"][0]
    assert keys.ENV_REDIS_CA_FILE not in str((controller, test))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {"OFFBEAT_OWNER": None, "OFFBEAT_MAX_RESULTS": None}),
        ({"maxResults": None, "owner": ""}, {"OFFBEAT_OWNER": None, "OFFBEAT_MAX_RESULTS": None}),
        ({"maxResults": 1_000_000}, {"OFFBEAT_MAX_RESULTS": "1000000"}),
        ({"owner": "eu/music/offbeat"}, {"OFFBEAT_OWNER": "eu/music/offbeat"}),
    ],
)
def test_owner_and_limit_are_set_where_the_operator_sets_them(
    render: Render, values: dict[str, Any], expected: dict[str, str | None]
) -> None:
    """Otherwise the controller's own default counts."""
    (container,) = pods(render({"controller": values}))[0]["containers"]
    environment = {item["name"]: item.get("value") for item in container["env"]}
    assert {name: environment.get(name) for name in expected} == expected


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
