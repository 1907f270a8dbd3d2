"""The watch on what has ended, kept by kopf: it brings notices and decides nothing.

Only Jobs that have succeeded and Pods that have failed are watched, by field selectors: what runs
costs nothing, however much it is. A Job that ended without either is found when its run is due.
kopf does not retry handlers of raw events, so they only put a name on the reconciler's list. They
return nothing and write nothing: kopf's own annotations and finalizers never touch a Job.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

import kopf

from controller.attempt import Phase
from controller.launcher import observe
from controller.reconcile import Reconciler
from controller.settings import ControllerSettings
from offbeat import keys

__all__ = ["watch"]

_CHUNK = 200
_IDLE_SEC = 0.5


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
    async def on_succeeded_job(event: Mapping[str, Any], **_: object) -> None:
        attempt = observe(event["object"])
        if attempt is None or attempt.cleanup_scheduled:
            return
        if event["type"] == "DELETED":
            reconciler.notice(attempt.run_id)
        elif attempt.phase is not Phase.ACTIVE:  # its pods may still be ending
            reconciler.finished(attempt)

    @kopf.on.event("", "v1", "pods", registry=registry)
    async def on_failed_pod(event: Mapping[str, Any], **_: object) -> None:
        run_id = event["object"]["metadata"].get("labels", {}).get(keys.LABEL_RUN)
        if run_id and event["type"] != "DELETED":
            reconciler.notice(run_id, doubtful=True)

    logging.getLogger("kopf.objects").setLevel(logging.WARNING)  # a line a handled event
    options = kopf.OperatorSettings()
    options.posting.enabled = False
    options.scanning.disabled = True
    options.watching.chunk_size = _CHUNK
    options.queueing.idle_timeout = _IDLE_SEC
    jobs, pods = ("batch", "v1", "jobs"), ("", "v1", "pods")
    options.watching.label_selectors[jobs] = f"{selector},!{keys.LABEL_SETTLED}"
    options.watching.field_selectors[jobs] = "status.successful=1"
    options.watching.label_selectors[pods] = selector
    options.watching.field_selectors[pods] = "status.phase=Failed"
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
