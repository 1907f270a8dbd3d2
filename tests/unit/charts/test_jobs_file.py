"""What the chart tells the controller about Jobs."""

import json
from typing import Any

import pytest

from controller.settings import JobsConfig
from tests.unit.charts.conftest import Render

DEFAULT_PROFILE = {
    "image": "offbeat/analyzer:0.1.0",
    "imagePullPolicy": "IfNotPresent",
    "resources": {
        "requests": {"cpu": "500m", "memory": "256Mi", "ephemeral-storage": "64Mi"},
        "limits": {"cpu": "1", "memory": "512Mi", "ephemeral-storage": "2Gi"},
    },
    "scratchSizeLimit": "1Gi",
    "runDeadlineSec": 7200,
    "totalDeadlineSec": 21600,
    "backoffLimit": 2,
    "nodeSelector": {},
    "tolerations": [],
    "affinity": {},
    "priorityClassName": "",
    "runtimeClassName": "",
}

STEMS_PROFILE = DEFAULT_PROFILE | {
    "resources": {
        "requests": {"cpu": "500m", "memory": "768Mi", "ephemeral-storage": "64Mi"},
        "limits": {"cpu": "2", "memory": "1Gi", "ephemeral-storage": "2Gi"},
    }
}


def jobs(render: Render, values: dict[str, Any] | None = None) -> dict[str, Any]:
    """Read jobs.json out of the rendered ConfigMap."""
    loaded = json.loads(render(values)["ConfigMap", "offbeat-jobs"]["data"]["jobs.json"])
    assert isinstance(loaded, dict)
    return loaded


def test_minimal_values_give_one_complete_profile(render: Render) -> None:
    """Nothing but the Redis and the audio files has to be said."""
    assert jobs(render) == {
        "audioVolume": {"persistentVolumeClaim": {"claimName": "audio", "readOnly": True}},
        "outputVolume": None,
        "redisUrlSecret": {"name": "offbeat-redis", "key": "redis-url"},
        "redisCa": None,
        "podSecurityContext": {},
        "serviceAccountName": "offbeat-analyzer",
        "imagePullSecrets": [],
        "env": [],
        "profiles": {"default": DEFAULT_PROFILE, "stems": STEMS_PROFILE},
    }


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"profiles": {"long": {"runDeadlineSec": 28800}}},
        {"profiles": {"bare": {"resources": {"limits": {"cpu": None}}}}},
        {"analyzer": {"env": [{"name": "A", "value": "b"}]}},
        {"output": {"existingClaim": "waveforms"}},
        {"redis": {"ca": {"existingSecret": {"name": "ca"}}}},
        {"redis": {"ca": {"existingConfigMap": {"name": "ca"}}}},
    ],
)
def test_the_controller_accepts_what_the_chart_writes(
    render: Render, values: dict[str, Any]
) -> None:
    """Both sides are strict, so this is the contract between them."""
    JobsConfig.model_validate(jobs(render, values))


def test_another_profile_says_only_what_differs(render: Render) -> None:
    """Everything else comes from `default`, also inside of maps."""
    own = {"resources": {"limits": {"memory": "4Gi"}}, "image": "registry.example/analyzer:gpu"}
    expected = DEFAULT_PROFILE | {
        "image": "registry.example/analyzer:gpu",
        "resources": {
            "requests": DEFAULT_PROFILE["resources"]["requests"],  # type: ignore[index]
            "limits": {"cpu": "1", "memory": "4Gi", "ephemeral-storage": "2Gi"},
        },
    }
    assert jobs(render, {"profiles": {"big": own}})["profiles"] == {
        "default": DEFAULT_PROFILE,
        "stems": STEMS_PROFILE,
        "big": expected,
    }


def test_another_profile_may_set_zero_and_empty(render: Render) -> None:
    """A value that is falsy is a value."""
    values = {
        "profiles": {
            "default": {"backoffLimit": 3, "tolerations": [{"operator": "Exists"}]},
            "once": {"backoffLimit": 0, "tolerations": []},
        }
    }
    once = jobs(render, values)["profiles"]["once"]
    assert (once["backoffLimit"], once["tolerations"]) == (0, [])


@pytest.mark.parametrize("profile", ["default", "unlimited"])
def test_null_takes_a_limit_away(render: Render, profile: str) -> None:
    """A CPU limit is what some operators do not want at all."""
    values = {"profiles": {profile: {"resources": {"limits": {"cpu": None}}}}}
    limits = jobs(render, values)["profiles"][profile]["resources"]["limits"]
    assert limits == {"memory": "512Mi", "ephemeral-storage": "2Gi"}


def test_any_volume_source_is_passed_through(render: Render) -> None:
    """The chart does not need to know the storage."""
    source = {"nfs": {"server": "nas", "path": "/music", "readOnly": True}}
    values = {"audio": {"existingClaim": "", "volume": source}}
    assert jobs(render, values)["audioVolume"] == source


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ({"existingClaim": "waves"}, {"persistentVolumeClaim": {"claimName": "waves"}}),
        ({"volume": {"nfs": {"server": "s"}}}, {"nfs": {"server": "s"}}),
    ],
)
def test_an_output_volume_is_a_claim_or_any_source(
    render: Render, output: dict[str, Any], expected: dict[str, Any]
) -> None:
    """It is not read-only: Jobs write their waveforms to it."""
    assert jobs(render, {"output": output})["outputVolume"] == expected


def test_images_are_named_by_registry_tag_and_digest(render: Render) -> None:
    """A digest wins over a tag, and the registry stands before both."""
    values = {
        "image": {"registry": "registry.example/team/"},
        "analyzer": {"image": {"tag": "1.2", "digest": "sha256:" + "a" * 64}},
        "controller": {"image": {"tag": "1.2"}},
    }
    image = jobs(render, values)["profiles"]["default"]["image"]
    assert image == "registry.example/team/offbeat/analyzer@sha256:" + "a" * 64
    pod = render(values)["Deployment", "offbeat"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "registry.example/team/offbeat/controller:1.2"


@pytest.mark.parametrize(
    ("ca", "expected"),
    [
        ({"existingSecret": {"name": "ca"}}, {"secret": "ca", "key": "ca.crt"}),
        ({"existingSecret": {"name": "ca", "key": "k"}}, {"secret": "ca", "key": "k"}),
        ({"existingConfigMap": {"name": "ca", "key": "k"}}, {"configMap": "ca", "key": "k"}),
        ({"existingSecret": {"key": "k"}}, None),
    ],
)
def test_a_ca_of_redis_is_a_secret_or_a_config_map(
    render: Render, ca: dict[str, Any], expected: dict[str, str] | None
) -> None:
    """A key alone names nothing."""
    assert jobs(render, {"redis": {"ca": ca}})["redisCa"] == expected


def test_jobs_may_log_in_as_another_user_than_the_controller(render: Render) -> None:
    """With a Secret of their own; the controller keeps its own."""
    values = {"analyzer": {"redis": {"existingSecret": {"name": "for-jobs", "key": "url"}}}}
    assert jobs(render, values)["redisUrlSecret"] == {"name": "for-jobs", "key": "url"}
    pod = render(values)["Deployment", "offbeat"]["spec"]["template"]["spec"]
    reference = {"secretKeyRef": {"name": "offbeat-redis", "key": "redis-url"}}
    url = {"name": "OFFBEAT_REDIS_URL", "valueFrom": reference}
    assert url in pod["containers"][0]["env"]


def test_an_existing_secret_is_used_and_none_is_made(render: Render) -> None:
    """The URL then never passes through helm."""
    values = {"redis": {"url": "", "existingSecret": {"name": "mine", "key": "url"}}}
    assert jobs(render, values)["redisUrlSecret"] == {"name": "mine", "key": "url"}
    assert not [kind for kind, _ in render(values) if kind == "Secret"]
