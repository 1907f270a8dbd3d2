"""What Kubernetes would ask the controllers under test."""

import asyncio

import aiohttp

from tests.faults.controllers import ControllerProcess

__all__ = ["Probes"]

_PROBE_SEC = 2.0


class Probes:
    """Asks `/livez` and `/readyz` of every controller."""

    def __init__(self, controllers: list[ControllerProcess]) -> None:
        self.notes: list[str] = []
        self._controllers = controllers

    async def run(self) -> None:
        """Ask for ever, and note what Kubernetes would have restarted."""
        while True:
            for controller in self._controllers:
                status, text = await self._ask(controller, "livez")
                if status == 503:
                    self.notes.append(f"{controller.name} says that it is not alive: {text}")
            await asyncio.sleep(_PROBE_SEC)

    async def until_ready(self, timeout_sec: float) -> None:
        """Wait until all controllers are ready."""
        async with asyncio.timeout(timeout_sec):
            while await self.unready():
                await asyncio.sleep(0.1)

    async def unready(self) -> list[str]:
        """Return the controllers that are not ready, and why."""
        found: list[str] = []
        for controller in self._controllers:
            status, text = await self._ask(controller, "readyz")
            if status != 200:
                found.append(f"{controller.name}: {text}")
        return found

    async def _ask(self, controller: ControllerProcess, probe: str) -> tuple[int, str]:
        url = f"http://127.0.0.1:{controller.health_port}/{probe}"
        timeout = aiohttp.ClientTimeout(total=3)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(url) as answer,
            ):
                return answer.status, await answer.text()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return 0, f"no answer: {error!r}"
