"""The Job of an attempt, whole: an accidental field is seen."""

from pathlib import Path
from typing import Any

import pytest

from controller.attempt import LaunchSpec
from controller.manifest import build_job
from controller.settings import ControllerSettings, JobsConfig, Profile, RedisCa, SecretKey
from offbeat.job import parse_job

RAW = '{"job_id": "Mix 1", "relative_path": "a/ü.mp3", "profile": "big"}'.encode()


@pytest.fixture
def settings() -> ControllerSettings:
    """Return settings that no environment has touched."""
    return ControllerSettings.model_construct(release="rel", log_level="INFO")


def build(config: JobsConfig, settings: ControllerSettings) -> dict[str, Any]:
    """Build the Job of attempt 2 of one run."""
    spec = LaunchSpec(run_id="0123456789abcdef", number=2, job=parse_job(RAW), raw=RAW)
    return build_job(spec, config, settings)


def test_whole_job(settings: ControllerSettings) -> None:
    """Every field of a Job is meant."""
    config = JobsConfig(
        audio_volume={"persistentVolumeClaim": {"claimName": "audio", "readOnly": True}},
        redis_url_secret=SecretKey(name="redis", key="url"),
        profiles={
            "big": Profile(
                image="offbeat/analyzer:1",
                resources={"limits": {"memory": "1Gi"}},
                run_deadline_sec=100,
                total_deadline_sec=300,
                backoff_limit=1,
                scratch_size_limit="2Gi",
            )
        },
    )
    labels = {
        "app.kubernetes.io/managed-by": "offbeat",
        "offbeat.io/release": "rel",
        "offbeat.io/job-id": "Mix-1-2469b4c4",
        "offbeat.io/run": "0123456789abcdef",
        "offbeat.io/attempt": "2",
        "offbeat.io/profile": "big",
    }
    expected = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "offbeat-mix-1-0123456789abcdef-2", "labels": labels},
        "spec": {
            "completions": 1,
            "parallelism": 1,
            "backoffLimit": 1,
            "activeDeadlineSeconds": 300,
            "podFailurePolicy": {
                "rules": [
                    {
                        "action": "Ignore",
                        "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
                    },
                    {
                        "action": "FailJob",
                        "onExitCodes": {
                            "containerName": "analyzer",
                            "operator": "In",
                            "values": [64, 65, 66, 67, 68, 69],
                        },
                    },
                    {
                        "action": "FailJob",
                        "onExitCodes": {
                            "containerName": "analyzer",
                            "operator": "In",
                            "values": [137],
                        },
                    },
                ]
            },
            "template": {
                "metadata": {
                    "labels": labels,
                    "annotations": {"offbeat.io/payload": RAW.decode()},
                },
                "spec": {
                    "restartPolicy": "Never",
                    "activeDeadlineSeconds": 100,
                    "terminationGracePeriodSeconds": 10,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "securityContext": {
                        "runAsNonRoot": True,
                        "runAsUser": 10001,
                        "runAsGroup": 10001,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "containers": [
                        {
                            "name": "analyzer",
                            "image": "offbeat/analyzer:1",
                            "imagePullPolicy": "IfNotPresent",
                            "resources": {"limits": {"memory": "1Gi"}},
                            "env": [
                                {"name": "OFFBEAT_ANALYSIS_QUEUE", "value": "audio_analysis_queue"},
                                {"name": "OFFBEAT_RESULTS_QUEUE", "value": "audio_results_queue"},
                                {
                                    "name": "OFFBEAT_SHARED_MOUNT_PATH",
                                    "value": "/mnt/audio-storage",
                                },
                                {"name": "OFFBEAT_LOG_LEVEL", "value": "INFO"},
                                {"name": "OFFBEAT_PAYLOAD_FILE", "value": "/etc/offbeat/payload"},
                                {"name": "OFFBEAT_RUN_ID", "value": "0123456789abcdef"},
                                {"name": "OFFBEAT_ATTEMPT", "value": "2"},
                                {
                                    "name": "OFFBEAT_REDIS_URL",
                                    "valueFrom": {"secretKeyRef": {"name": "redis", "key": "url"}},
                                },
                            ],
                            "securityContext": {
                                "allowPrivilegeEscalation": False,
                                "capabilities": {"drop": ["ALL"]},
                                "readOnlyRootFilesystem": True,
                            },
                            "terminationMessagePolicy": "FallbackToLogsOnError",
                            "volumeMounts": [
                                {"name": "payload", "mountPath": "/etc/offbeat", "readOnly": True},
                                {
                                    "name": "audio",
                                    "mountPath": "/mnt/audio-storage",
                                    "readOnly": True,
                                },
                                {"name": "scratch", "mountPath": "/tmp"},
                            ],
                        }
                    ],
                    "volumes": [
                        {
                            "name": "payload",
                            "downwardAPI": {
                                "items": [
                                    {
                                        "path": "payload",
                                        "fieldRef": {
                                            "fieldPath": (
                                                "metadata.annotations['offbeat.io/payload']"
                                            )
                                        },
                                    }
                                ]
                            },
                        },
                        {
                            "name": "audio",
                            "persistentVolumeClaim": {"claimName": "audio", "readOnly": True},
                        },
                        {"name": "scratch", "emptyDir": {"sizeLimit": "2Gi"}},
                    ],
                },
            },
        },
    }
    assert build(config, settings) == expected


def test_an_output_volume_is_all_that_may_be_written_to(settings: ControllerSettings) -> None:
    """The Job differs in one volume, its mount and the variable that names it; nothing loosens."""
    plain = JobsConfig(profiles={"big": Profile(image="i")})
    claim = {"persistentVolumeClaim": {"claimName": "waveforms"}}
    expected = build(plain, settings)
    pod = expected["spec"]["template"]["spec"]
    pod["volumes"].append({"name": "output", **claim})
    (container,) = pod["containers"]
    container["volumeMounts"].append({"name": "output", "mountPath": "/mnt/offbeat-output"})
    container["env"].append({"name": "OFFBEAT_OUTPUT_MOUNT_PATH", "value": "/mnt/offbeat-output"})
    assert build(plain.model_copy(update={"output_volume": claim}), settings) == expected


def test_the_output_volume_is_mounted_where_the_operator_says(settings: ControllerSettings) -> None:
    """The variable and the mount agree."""
    config = JobsConfig(profiles={"big": Profile(image="i")}, output_volume={"emptyDir": {}})
    moved = settings.model_copy(update={"output_mount_path": Path("/out")})
    (container,) = build(config, moved)["spec"]["template"]["spec"]["containers"]
    assert container["volumeMounts"][-1] == {"name": "output", "mountPath": "/out"}
    assert {"name": "OFFBEAT_OUTPUT_MOUNT_PATH", "value": "/out"} in container["env"]


@pytest.mark.parametrize(
    ("ca", "source"),
    [
        (
            RedisCa.model_validate({"secret": "my-ca", "key": "root.pem"}),
            {"secret": {"secretName": "my-ca", "items": [{"key": "root.pem", "path": "ca.crt"}]}},
        ),
        (
            RedisCa.model_validate({"configMap": "my-ca", "key": "root.pem"}),
            {"configMap": {"name": "my-ca", "items": [{"key": "root.pem", "path": "ca.crt"}]}},
        ),
    ],
)
def test_the_ca_of_redis_is_a_file(
    settings: ControllerSettings, ca: RedisCa, source: dict[str, Any]
) -> None:
    """The Job differs in one volume, its read-only mount and the variable that names the file."""
    plain = JobsConfig(profiles={"big": Profile(image="i")})
    expected = build(plain, settings)
    pod = expected["spec"]["template"]["spec"]
    pod["volumes"].append({"name": "redis-ca", **source})
    (container,) = pod["containers"]
    container["volumeMounts"].append(
        {"name": "redis-ca", "mountPath": "/etc/offbeat-redis-ca", "readOnly": True}
    )
    container["env"].append(
        {"name": "OFFBEAT_REDIS_CA_FILE", "value": "/etc/offbeat-redis-ca/ca.crt"}
    )
    assert build(plain.model_copy(update={"redis_ca": ca}), settings) == expected


def test_placement_is_passed_through(settings: ControllerSettings) -> None:
    """What the operator sets reaches the pod; what is empty leaves no trace."""
    profile = Profile(
        image="i",
        node_selector={"disk": "fast"},
        tolerations=[{"operator": "Exists"}],
        affinity={"nodeAffinity": {}},
        priority_class_name="low",
        runtime_class_name="gvisor",
    )
    config = JobsConfig(
        profiles={"big": profile},
        service_account_name="analyzer",
        image_pull_secrets=[{"name": "registry"}],
        pod_security_context={"runAsUser": 5, "fsGroup": 6},
        env=[{"name": "OFFBEAT_SILENCE_TOP_DB", "value": "50"}],
    )
    spec = build(config, settings)["spec"]["template"]["spec"]
    assert spec["nodeSelector"] == {"disk": "fast"}
    assert spec["tolerations"] == [{"operator": "Exists"}]
    assert spec["affinity"] == {"nodeAffinity": {}}
    assert spec["priorityClassName"] == "low"
    assert spec["runtimeClassName"] == "gvisor"
    assert spec["serviceAccountName"] == "analyzer"
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    assert spec["securityContext"]["runAsUser"] == 5
    assert spec["securityContext"]["fsGroup"] == 6
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["containers"][0]["env"][-1]["value"] == "50"
