"""Where the Jobs are: the small API server of this suite, or a kind cluster."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.faults.bare.server import a_bare_api
from tests.faults.kube import Api

__all__ = ["Site", "a_bare_site"]

NAMESPACE = "offbeat-faults"


@dataclass(frozen=True, kw_only=True)
class Site:
    """An API server and how to reach it."""

    url: str
    api: Api
    tls: ssl.SSLContext | None = None


@asynccontextmanager
async def a_bare_site() -> AsyncIterator[Site]:
    """Serve an empty API from this process."""
    async with a_bare_api() as url, Api.connect(url, NAMESPACE) as api:
        yield Site(url=url, api=api)
