"""`offbeat check`: is Redis there, what waits in it, and would it lose anything."""

import time
from dataclasses import dataclass

import typer

from offbeat.cli.connection import RedisUrl, connected, running, settings_for

__all__ = ["Findings", "check", "concerns"]


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What was found out about a Redis. Settings that it does not reveal are None."""

    version: str
    eviction: str | None
    append_only: bool | None
    depths: dict[str, int]


def check(redis_url: RedisUrl = None) -> None:
    """Check Redis, and show what waits there."""
    from offbeat.client import Client
    from offbeat.settings import without_password

    settings = settings_for(redis_url)
    url = settings.redis_url.get_secret_value() if settings.redis_url else ""

    async def look() -> tuple[Findings, float]:
        async with connected(settings) as client:
            begun = time.monotonic()
            await client.store.ping()
            return await _findings(client), time.monotonic() - begun

    async def _findings(client: Client) -> Findings:
        from redis.exceptions import ResponseError

        from offbeat.store import translated

        keys, redis = client.store.keys, client.store.client
        async with translated(redis):
            info = await redis.info()
            pipeline = redis.pipeline(transaction=False)
            pipeline.llen(keys.queue)
            pipeline.llen(keys.results)
            pipeline.zcard(keys.inflight)
            pipeline.llen(keys.dead)
            queue, results, inflight, dead = await pipeline.execute()
            try:
                policy = (await redis.config_get("maxmemory-policy")).get("maxmemory-policy")
            except ResponseError:  # managed services forbid CONFIG
                policy = info.get("maxmemory_policy")
        return Findings(
            version=str(info.get("redis_version", "?")),
            eviction=policy,
            append_only=None if "aof_enabled" not in info else bool(info["aof_enabled"]),
            depths={
                f"waiting in {keys.queue}": queue,
                "in flight": inflight,
                f"results in {keys.results}": results,
                "dead letters": dead,
            },
        )

    found, seconds = running(look)
    typer.echo(
        f"Redis OK at {without_password(url)} (version {found.version}, {seconds * 1000:.0f} ms)"
    )
    width = max(map(len, found.depths))
    for name, depth in found.depths.items():
        typer.echo(f"  {name:<{width}}  {depth:>7,}")
    for concern in concerns(found):
        typer.echo(f"warning: {concern}", err=True)


def concerns(found: Findings) -> list[str]:
    """Say in what way this Redis may lose messages."""
    said = []
    version = tuple(int(part) for part in found.version.split(".")[:2] if part.isdigit())
    if version < (6, 2):
        said.append(f"Redis {found.version} is too old: Offbeat needs 6.2 or newer for BLMOVE")
    if found.eviction not in {None, "noeviction"}:
        said.append(
            f"maxmemory-policy is {found.eviction}: Redis may drop messages when memory is short; "
            "set noeviction"
        )
    if found.append_only is False:
        said.append(
            "appendonly is off: what was pushed since the last snapshot is lost when Redis crashes"
        )
    return said
