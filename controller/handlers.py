"""The watch on our Jobs and Pods, kept by kopf: it brings notices and decides nothing.

kopf does not retry handlers of raw events, so they only put a name on the reconciler's list. They
return nothing and write nothing: kopf's own annotations and finalizers never touch a Job.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

import kopf

from controller.attempt import Phase
from controller.launcher.kubernetes import observe
from controller.outcome import (
    CONFIG_ERRORS,
    IMAGE_ERRORS,
    IMAGE_ERRORS_AT_ONCE,
    waiting_reason,
)
from controller.reconcile import Reconciler
from controller.settings import ControllerSettings
from offbeat import keys

__all__ = ["watch"]

_MARGIN_SEC = 1.0


async def watch(
    reconciler: Reconciler,
    settings: ControllerSettings,
    *,
    namespace: str,
    on_ready: Callable[[], None],
) -> None:
    """Watch until cancelled, or until kopf has taken a signal to stop."""
    selector = f"{keys.LABEL_RELEASE}={settings.release},{keys.LABEL_RUN}"
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    async def login(**kwargs: Any) -> kopf.ConnectionInfo | None:  # noqa: ANN401 - kopf's protocol
        return kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)

    @kopf.on.event("batch", "v1", "jobs", registry=registry)
    async def on_job(event: Mapping[str, Any], **_: object) -> None:
        attempt = observe(event["object"])
        if attempt.collected:
            return
        if event["type"] == "DELETED":
            reconciler.look_at(attempt.run)
        elif attempt.phase is not Phase.ACTIVE:
            reconciler.finished(attempt)

    @kopf.on.event("", "v1", "pods", registry=registry)
    async def on_pod(event: Mapping[str, Any], **_: object) -> None:
        pod = event["object"]
        if event["type"] == "DELETED":
            return
        run = pod["metadata"]["labels"][keys.LABEL_RUN]
        if pod.get("status", {}).get("reason") == "DeadlineExceeded":
            reconciler.look_at(run)
        waiting = waiting_reason(pod)
        if waiting in IMAGE_ERRORS_AT_ONCE:
            reconciler.look_at(run)
        elif waiting in IMAGE_ERRORS | CONFIG_ERRORS:
            reconciler.look_at(run, after_sec=settings.image_grace_sec + _MARGIN_SEC)

    logging.getLogger("kopf.objects").setLevel(logging.WARNING)  # a line a handled event
    options = kopf.OperatorSettings()
    options.posting.enabled = False
    options.scanning.disabled = True
    options.watching.label_selectors["batch", "v1", "jobs"] = selector
    options.watching.label_selectors["", "v1", "pods"] = selector
    ready = asyncio.Event()
    watching = asyncio.create_task(
        kopf.operator(
            registry=registry,
            settings=options,
            standalone=True,
            namespaces=[namespace],
            ready_flag=ready,
        )
    )
    announced = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait([watching, announced], return_when=asyncio.FIRST_COMPLETED)
        if not watching.done():
            on_ready()
        await watching
    finally:
        for task in (announced, watching):
            task.cancel()
        await asyncio.wait([watching])
