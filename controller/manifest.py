"""From one launch spec to one `batch/v1` Job: a pure function of its arguments."""

from pathlib import Path
from typing import Any

from controller.attempt import LaunchSpec
from controller.settings import ControllerSettings, JobsConfig, Profile, RedisCa
from offbeat import keys
from offbeat.failure import FINAL_EXIT_CODES, ExitCode
from offbeat.slug import job_name, label_value

__all__ = ["CONTAINER", "build_job"]

CONTAINER = "analyzer"

_CONTAINER_SECURITY = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
_POD_SECURITY = {
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "runAsGroup": 10001,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def build_job(spec: LaunchSpec, config: JobsConfig, settings: ControllerSettings) -> dict[str, Any]:
    """Build the Job of one attempt.

    The message travels as an annotation of the pod, which the downward API mounts as a file: the
    environment would limit it to 128 KiB, and so a run survives a Redis that has forgotten it.
    """
    profile = config.profiles[spec.job.profile]
    labels = {
        keys.LABEL_MANAGED_BY: "offbeat",
        keys.LABEL_RELEASE: settings.release,
        keys.LABEL_JOB_ID: label_value(spec.job.job_id),
        keys.LABEL_RUN: spec.run_id,
        keys.LABEL_ATTEMPT: str(spec.number),
        keys.LABEL_PROFILE: spec.job.profile,
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(spec.job.job_id, spec.run_id, spec.number),
            "labels": labels,
        },
        "spec": {
            "completions": 1,
            "parallelism": 1,
            "backoffLimit": profile.backoff_limit,
            "activeDeadlineSeconds": profile.total_deadline_sec,
            "podFailurePolicy": _failure_policy(),
            "template": {
                "metadata": {
                    "labels": labels,
                    "annotations": {keys.ANNOTATION_PAYLOAD: spec.raw.decode("utf-8")},
                },
                "spec": _pod_spec(spec, profile, config, settings),
            },
        },
    }


def _failure_policy() -> dict[str, Any]:
    """Say which ends are not the message's fault, and which no other pod can repair. The first
    match counts.
    """

    def fails(codes: list[int]) -> dict[str, Any]:
        return {
            "action": "FailJob",
            "onExitCodes": {"containerName": CONTAINER, "operator": "In", "values": codes},
        }

    return {
        "rules": [
            {
                "action": "Ignore",
                "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
            },
            fails(sorted(FINAL_EXIT_CODES)),
            fails([int(ExitCode.KILLED)]),
        ]
    }


def _pod_spec(
    spec: LaunchSpec, profile: Profile, config: JobsConfig, settings: ControllerSettings
) -> dict[str, Any]:
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "activeDeadlineSeconds": profile.run_deadline_sec,
        "terminationGracePeriodSeconds": 10,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": _POD_SECURITY | config.pod_security_context,
        "containers": [
            {
                "name": CONTAINER,
                "image": profile.image,
                "imagePullPolicy": profile.image_pull_policy,
                "resources": profile.resources,
                "env": _environment(spec, config, settings),
                "securityContext": _CONTAINER_SECURITY,
                "terminationMessagePolicy": "FallbackToLogsOnError",
                "volumeMounts": [
                    {"name": "payload", "mountPath": keys.PAYLOAD_MOUNT_PATH, "readOnly": True},
                    {
                        "name": "audio",
                        "mountPath": str(settings.shared_mount_path),
                        "readOnly": True,
                    },
                    {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108 - the pod's own
                ],
            }
        ],
        "volumes": [
            {"name": "payload", "downwardAPI": {"items": [_payload_file()]}},
            {"name": "audio", **config.audio_volume},
            {"name": "scratch", "emptyDir": {"sizeLimit": profile.scratch_size_limit}},
        ],
    }
    mounts: list[dict[str, Any]] = pod["containers"][0]["volumeMounts"]
    if config.output_volume is not None:
        mounts.append({"name": "output", "mountPath": str(_output_mount_path(settings))})
        pod["volumes"].append({"name": "output", **config.output_volume})
    if config.redis_ca is not None:
        mounts.append({"name": "redis-ca", "mountPath": keys.REDIS_CA_MOUNT_PATH, "readOnly": True})
        pod["volumes"].append({"name": "redis-ca", **_ca_source(config.redis_ca)})
    optional = {
        "serviceAccountName": config.service_account_name,
        "imagePullSecrets": config.image_pull_secrets,
        "nodeSelector": profile.node_selector,
        "tolerations": profile.tolerations,
        "affinity": profile.affinity,
        "priorityClassName": profile.priority_class_name,
        "runtimeClassName": profile.runtime_class_name,
    }
    return pod | {name: value for name, value in optional.items() if value}


def _payload_file() -> dict[str, Any]:
    source = {"fieldPath": f"metadata.annotations['{keys.ANNOTATION_PAYLOAD}']"}
    return {"path": keys.PAYLOAD_FILE_NAME, "fieldRef": source}


def _ca_source(ca: RedisCa) -> dict[str, Any]:
    items = [{"key": ca.key, "path": keys.REDIS_CA_FILE_NAME}]
    if ca.secret is not None:
        return {"secret": {"secretName": ca.secret, "items": items}}
    return {"configMap": {"name": ca.config_map, "items": items}}


def _environment(
    spec: LaunchSpec, config: JobsConfig, settings: ControllerSettings
) -> list[dict[str, Any]]:
    plain = {
        keys.ENV_ANALYSIS_QUEUE: settings.analysis_queue,
        keys.ENV_RESULTS_QUEUE: settings.results_queue,
        keys.ENV_SHARED_MOUNT_PATH: str(settings.shared_mount_path),
        keys.ENV_LOG_LEVEL: settings.log_level,
        keys.ENV_PAYLOAD_FILE: f"{keys.PAYLOAD_MOUNT_PATH}/{keys.PAYLOAD_FILE_NAME}",
        keys.ENV_RUN_ID: spec.run_id,
        keys.ENV_ATTEMPT: str(spec.number),
    }
    if config.output_volume is not None:
        plain[keys.ENV_OUTPUT_MOUNT_PATH] = str(_output_mount_path(settings))
    if config.redis_ca is not None:
        plain[keys.ENV_REDIS_CA_FILE] = f"{keys.REDIS_CA_MOUNT_PATH}/{keys.REDIS_CA_FILE_NAME}"
    environment: list[dict[str, Any]] = [
        {"name": name, "value": value} for name, value in plain.items()
    ]
    if config.redis_url_secret is not None:
        secret = config.redis_url_secret
        reference = {"secretKeyRef": {"name": secret.name, "key": secret.key}}
        environment.append({"name": keys.ENV_REDIS_URL, "valueFrom": reference})
    return environment + config.env


def _output_mount_path(settings: ControllerSettings) -> Path:
    return settings.output_mount_path or Path(keys.DEFAULT_OUTPUT_MOUNT_PATH)
