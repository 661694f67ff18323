"""Alive, and ready."""

from __future__ import annotations

from server.keys import REVOCATIONS
from tests.server.conftest import Site


async def test_alive_and_ready(site: Site) -> None:
    await site.client.app[REVOCATIONS].look()
    assert (await site.client.get("/healthz")).status == 200
    assert (await site.client.get("/readyz")).status == 200
    site.store.is_down = True
    await site.client.app[REVOCATIONS].look()
    answer = await site.client.get("/readyz")
    assert (answer.status, (await answer.json())["error"]["code"]) == (503, "store_unavailable")
    assert (await site.client.get("/healthz")).status == 200
