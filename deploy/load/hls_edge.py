"""A thousand low-latency viewers through nginx beside ten: `python -m deploy.load.hls_edge`, one `name: value` a line.

A whole server with the demo room's stream, the real nginx with the configuration of deploy/nginx before it, and wrk as
viewers: four connections each (playlist and part of a picture and of a sound track), every request waiting for what
comes next. Counted is what the server was asked for in the same time. A viewer of our own among them tells how long
after its last sample a part has come, over nginx and past it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import aiohttp

from deploy.load.hls import Origin, cpu_s, origin, wrk
from deploy.load.nginx import nginx

VIEWERS: Final = (10, 1000)
_LINES: Final = 4
"""Connections a viewer."""
_TRACKS: Final = ("video", "de")
_ROOM: Final = "/hls/plenary/"


async def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.hls_edge", description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=int, default=20, help="how long each crowd is watched (20)")
    watch_s = parser.parse_args(arguments).seconds
    print(f"hls_edge_load_before: {os.getloadavg()[0]:.2f}")
    with tempfile.TemporaryDirectory(prefix="tolmach-edge-") as name:
        folder = Path(name)
        with origin(folder) as here:
            rates = [await _watched(here, folder, viewers, watch_s) for viewers in VIEWERS]
    print(f"hls_edge_origin_ratio: {rates[1] / rates[0]:.3f}")
    print(f"hls_edge_load_after: {os.getloadavg()[0]:.2f}")


async def _watched(here: Origin, folder: Path, viewers: int, watch_s: int) -> float:
    """Return how many requests a second reached the server from so many viewers behind an nginx of their own."""
    place = folder / f"nginx-{viewers}"
    place.mkdir()
    async with nginx(place, here.site.removeprefix("http://")) as (url, pid):
        # The crowd comes in before anything is counted.
        crowd = asyncio.create_task(
            asyncio.to_thread(
                wrk, url, "hls_viewers.lua", _ROOM, *_TRACKS, connections=viewers * _LINES, seconds=watch_s + 10
            )
        )
        await asyncio.sleep(6.0)
        asked, spent, began = here.asked(), cpu_s(here.pid), time.monotonic()
        nginx_spent = _workers_s(pid)
        late, late_past = await asyncio.gather(_lateness(url, watch_s), _lateness(here.site, watch_s))
        seconds = time.monotonic() - began
        # Our own two viewers are counted too: the one past nginx asks the server itself.
        rate = (here.asked() - asked - late_past[1]) / seconds
        name = f"hls_edge_{viewers}"
        print(f"{name}_origin_requests_s: {rate:.1f}")
        print(f"{name}_origin_cores: {(cpu_s(here.pid) - spent) / seconds:.3f}")
        print(f"{name}_nginx_cores: {(_workers_s(pid) - nginx_spent) / seconds:.3f}")
        print(f"{name}_part_late_ms: {_ms(late[0], 0.5)} (99 %: {_ms(late[0], 0.99)})")
        print(f"{name}_part_late_past_nginx_ms: {_ms(late_past[0], 0.5)} (99 %: {_ms(late_past[0], 0.99)})")
        seen = await crowd
        print(f"{name}_viewer_requests_s: {seen.requests / seen.seconds:.0f}")
        print(f"{name}_failed: {seen.failed}", flush=True)
    return rate


async def _lateness(site: str, watch_s: int) -> tuple[list[float], int]:
    """Follow a sound track; return by how many seconds each part came after its last sample, and the requests made."""
    late: list[float] = []
    asked = 0
    until = time.monotonic() + watch_s
    track = _TRACKS[1]
    async with aiohttp.ClientSession() as session:
        query = ""
        while time.monotonic() < until:
            async with session.get(f"{site}{_ROOM}{track}.m3u8{query}") as answer:
                text = await answer.text()
            hint = re.findall(rf'PRELOAD-HINT:TYPE=PART,URI="{track}/(\d+)\.(\d+)', text)[0]
            part = re.findall(rf'EXT-X-PART:[^\n]*URI="({track}/[^"]+)"', text)[-1]
            async with session.get(f"{site}{_ROOM}{part}") as answer:
                await answer.read()
            asked += 2
            if query:
                late.append(time.time() - _ends_at(text))
            query = f"?_HLS_msn={hint[0]}&_HLS_part={hint[1]}"
    return late, asked


def _ends_at(text: str) -> float:
    """Return when the newest listed part's last sample was, by the date of its segment, in epoch seconds."""
    _, _, last = text.rpartition("#EXT-X-PROGRAM-DATE-TIME:")
    lengths = re.findall(r"EXT-X-PART:DURATION=([\d.]+)", last)
    return datetime.fromisoformat(last.partition("\n")[0]).timestamp() + sum(map(float, lengths))


def _workers_s(master: int) -> float:
    """Return the CPU seconds of an nginx and its workers."""
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return cpu_s(master) + sum(cpu_s(int(child)) for child in children)


def _ms(values: list[float], share: float) -> str:
    ordered = sorted(values)
    return f"{1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]:.0f}" if ordered else "none"


if __name__ == "__main__":
    asyncio.run(main())
