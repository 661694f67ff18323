"""Alive, ready, and the figures in Prometheus' text form."""

from __future__ import annotations

import re

from server.keys import REVOCATIONS
from tests.server.conftest import Site

LINE = re.compile(r'[a-z_]+(\{[a-z]+="(\\.|[^"\\])*"(,[a-z]+="(\\.|[^"\\])*")*\})? -?[0-9.e+]+')


async def test_alive_and_ready(site: Site) -> None:
    await site.client.app[REVOCATIONS].look()
    assert (await site.client.get("/healthz")).status == 200
    assert (await site.client.get("/readyz")).status == 200
    site.store.is_down = True
    await site.client.app[REVOCATIONS].look()
    answer = await site.client.get("/readyz")
    assert (answer.status, (await answer.json())["error"]["code"]) == (503, "store_unavailable")
    assert (await site.client.get("/healthz")).status == 200


async def test_figures(site: Site) -> None:
    await site.whep("uk")
    page = await site.page()
    answer = await site.client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    text = await answer.text()
    for line in text.splitlines():
        assert line.startswith("# TYPE ") or LINE.fullmatch(line), line
    assert "tolmach_websockets 1\n" in text
    assert 'tolmach_listeners{room="plenary",channel="uk"} 1\n' in text
    assert "tolmach_engine_peers 1\n" in text
    assert 'tolmach_engine_drops{of="odd\\"reason"} 3\n' in text
    await page.leave()
