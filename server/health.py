"""Is it alive, is it ready: for supervisors and balancers. How it is, is `server.metrics_web`'s.

`/healthz` says that the process answers. `/readyz` says that rooms are loaded and the store is in reach; sound goes
on without the store, so nobody should be restarted for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from server.access import Handler
from server.keys import CONDUCTOR, REVOCATIONS
from server.problems import Problem


async def healthz(request: web.Request) -> web.Response:
    """GET /healthz: 200 while the process answers."""
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """GET /readyz: 200, or 503 store_unavailable."""
    if not (request.app[CONDUCTOR].is_ready and request.app[REVOCATIONS].is_store_reachable):
        raise Problem("store_unavailable", headers={"Retry-After": "2"})
    return web.json_response({"status": "ready"})


HANDLERS: Final[Mapping[str, Handler]] = {"healthz": healthz, "readyz": readyz}
