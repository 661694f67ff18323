"""The event loop's lateness: seen when somebody holds it, told in /metrics."""

from __future__ import annotations

import asyncio
import re
import time

from server.lateness import EVERY_S, Lateness
from tests.server.conftest import Site


def test_what_is_later_than_a_fifth_of_a_second_is_counted() -> None:
    lateness = Lateness()
    for late_s in (0.01, 0.3, 0.15):
        lateness.note(late_s)
    assert (lateness.worst_s, lateness.times_late) == (0.3, 1)


async def test_who_holds_the_loop_is_noticed() -> None:
    lateness = Lateness()
    lateness.open()
    await asyncio.sleep(EVERY_S / 2)
    time.sleep(0.3)  # noqa: ASYNC251 - it is this that is to be noticed
    await asyncio.sleep(2 * EVERY_S)
    await lateness.aclose()
    assert lateness.worst_s > 0.2
    assert lateness.times_late >= 1


async def test_it_is_told(site: Site) -> None:
    text = await (await site.client.get("/metrics")).text()
    assert re.search(r"^tolmach_web_loop_worst_late_seconds \d", text, re.MULTILINE)
    assert "\ntolmach_web_loop_late_total " in text
