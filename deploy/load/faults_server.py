"""What happens when the server falls over, is stopped, or lacks what a process needs."""

import asyncio
import itertools
import os
import resource
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import aiohttp

from deploy.load.actors import FAINT, HALL_HZ
from deploy.load.company import Page, Refused
from deploy.load.house import House, opened
from deploy.load.processes import BenchError
from deploy.load.scene import OLENA_HZ, Cast, conference
from interpreting.roles import Role

Figure = tuple[str, float]
# How soon a supervisor (systemd's RestartSec, a container's restart policy) starts what has died.
_SUPERVISOR_S: Final = 1.0
_TIMES: Final = 3
_DESCRIPTORS: Final = 64
_TMPFS_KIB: Final = 512
_CLOCK: Final = """
import os, time
_true = time.time
def _set():
    with open(os.environ["TOLMACH_TRIAL_CLOCK"]) as file:
        return _true() + float(file.read() or 0)
time.time = _set
"""


def _is_open_since(desk: Page, at: float, _: object) -> bool:
    return desk.opened_at[-1] > at


async def killed(folder: Path) -> AsyncIterator[Figure]:
    """The server is killed in the midst of it and started again a second later, three times."""
    async with opened(House(folder)) as house, conference(house) as cast:
        worst, ready = 0.0, 0.0
        before, version = cast.state(), cast.desk.version
        for _ in range(_TIMES):
            at = time.monotonic()
            await house.stop(signal.SIGKILL)
            await asyncio.sleep(_SUPERVISOR_S)
            ready = max(ready, await house.start())
            heard = await cast.uk.meter.until_heard(OLENA_HZ, 30)
            await cast.desk.until(partial(_is_open_since, cast.desk, at), "the desk is back")
            await cast.desk.until(lambda state: cast.state() == before, "the room is as it was")
            worst = max(worst, heard - at)
            await asyncio.sleep(2)
        yield "killed_on_air_again_s_worst", worst
        yield "killed_start_s_worst", ready
        yield "killed_state_whole", int(cast.state() == before)
        yield "killed_version_went_back", int(cast.desk.version < version)


async def stopped(folder: Path) -> AsyncIterator[Figure]:
    """An administrator stops the server and starts it again at once, three times."""
    async with opened(House(folder)) as house, conference(house) as cast:
        gaps, before, warned = [], cast.state(), 0
        for _ in range(_TIMES):
            at = time.monotonic()
            took = await house.stop()
            await house.start()
            await cast.uk.meter.until_heard(OLENA_HZ, 30)
            await asyncio.sleep(2)
            gaps.append(cast.uk.meter.longest_gap_s(OLENA_HZ, at, time.monotonic()))
            pages = (cast.olena.page, cast.maria.page)
            warned += sum(any(told >= at and code == "stopping" for told, code in page.closings) for page in pages)
        yield "stopped_gap_s_worst", max(gaps)
        yield "stopped_took_s_last", took
        yield "stopped_booths_warned_of_6", warned
        yield "stopped_state_whole", int(cast.state() == before)


async def descriptors(folder: Path) -> AsyncIterator[Figure]:
    """The server may open 64 files; two hundred strangers connect and hold on."""
    house = House(folder, limit=_few_descriptors)
    async with opened(house), conference(house) as cast:
        at, held, answers = time.monotonic(), [], []
        for _ in range(200):
            reader, writer = await asyncio.open_connection(house.host, house.port)
            held.append((reader, writer))
        await asyncio.sleep(2)
        answers = [await _ask_once(house) for _ in range(20)]
        for _, writer in held:
            writer.close()
        yield "descriptors_503_of_20", answers.count(503)
        yield "descriptors_no_answer_of_20", answers.count(0)
        yield "descriptors_old_gap_ms", 1000 * cast.uk.meter.longest_gap_s(OLENA_HZ, at, time.monotonic())
        yield "descriptors_old_pages_stayed", int(cast.desk.is_open and len(cast.desk.opened_at) == 1)
        await asyncio.sleep(2)
        yield "descriptors_free_again", int(await _ask_once(house) == 200)


def _few_descriptors() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (_DESCRIPTORS, _DESCRIPTORS))


async def _ask_once(house: House) -> int:
    """The status of one request on a connection of its own; 0 when there is no answer within 2 s."""
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(2)) as http:
            async with http.get(f"{house.url}/healthz") as response:
                return response.status
    except (aiohttp.ClientError, TimeoutError, OSError):
        return 0


async def clock(folder: Path) -> AsyncIterator[Figure]:
    """The clock is set ten minutes forward, and then ten minutes back, for all that the server's Python asks it."""
    offset = folder / "offset"
    offset.write_text("+0\n")
    (folder / "sitecustomize.py").write_text(_CLOCK)
    faked = {"PYTHONPATH": str(folder), "TOLMACH_TRIAL_CLOCK": str(offset)}
    async with opened(House(folder, faked)) as house, conference(house) as cast:
        for name, text in (("forward", "+600"), ("back", "-600")):
            at = time.monotonic()
            offset.write_text(f"{text}\n")
            await asyncio.sleep(5)
            yield f"clock_{name}_gap_ms", 1000 * cast.uk.meter.longest_gap_s(OLENA_HZ, at, time.monotonic())
            yield f"clock_{name}_timeline_jumps", _jumps(cast, at)
            yield f"clock_{name}_pages_lost", sum(len(one.opened_at) > 1 for one in (cast.desk, cast.olena.page))
            yield f"clock_{name}_link_of_an_hour_works", int(await _is_let_in(house, 3600))
            yield f"clock_{name}_commands_work", int(await _commands_work(cast))
        offset.write_text("+600\n")
        await asyncio.sleep(1)
        # The clock is 600 s ahead: links that ended 540 s from now are within the 60 s that are borne.
        yield "clock_forward_ended_50_s_ago_works", int(await _is_let_in(house, 550))
        yield "clock_forward_ended_70_s_ago_works", int(await _is_let_in(house, 530))
        yield "clock_forward_says_why", int(await _closing(house, 530) == "expired")


def _jumps(cast: Cast, since: float) -> int:
    moments = [moment for moment in cast.uk.meter.moments if moment.at >= since]
    steps = [(after.timestamp - before.timestamp) % 2**32 for before, after in itertools.pairwise(moments)]
    return sum(step != 960 for step in steps)


async def _is_let_in(house: House, seconds: float) -> bool:
    """Whether a link that is good for so long by the machine's own clock lets somebody in."""
    token = house.token(Role.MODERATOR, f"guest-{seconds}", hours=seconds / 3600)
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{house.url}/join/{token}", allow_redirects=False) as response:
            return response.status == 303


async def _closing(house: House, seconds: float) -> str:
    page = Page(house, "hall", house.token(Role.MODERATOR, f"guest-{seconds}", hours=seconds / 3600))
    try:
        await page.open()
    except TimeoutError:
        return page.closings[0][1] if page.closings else ""
    finally:
        await page.aclose()
    return page.closings[0][1] if page.closings else ""


async def _commands_work(cast: Cast) -> bool:
    try:
        await cast.desk.command("set_fallback", language="en", fallback="floor")
    except (Refused, TimeoutError):
        return False
    return True


async def disk(folder: Path) -> AsyncIterator[Figure]:
    """The disk that holds the state is full, and has room again. Needs root, for a small file system of its own."""
    async with small_disk(folder / "data", _TMPFS_KIB), opened(House(folder)) as house, conference(house) as cast:
        filler, at = folder / "data" / "filler", time.monotonic()
        _fill(filler)
        refused = 0
        for turn in range(60):
            try:
                await cast.desk.command("set_fallback", language="de", fallback=("floor", "ducked")[turn % 2])
            except Refused as refusal:
                refused += str(refusal) == "store_unavailable"
            await asyncio.sleep(0.06)
        yield "disk_full_commands_refused_of_60", refused
        yield "disk_full_gap_ms", 1000 * cast.uk.meter.longest_gap_s(OLENA_HZ, at, time.monotonic())
        yield "disk_full_floor_gap_ms", 1000 * cast.floor.meter.longest_gap_s(HALL_HZ, at, time.monotonic(), FAINT)
        filler.unlink()
        freed = time.monotonic()
        while not await _commands_work_once(cast) and time.monotonic() - freed < 20:
            await asyncio.sleep(0.1)
        yield "disk_free_again_s", time.monotonic() - freed


async def _commands_work_once(cast: Cast) -> bool:
    try:
        await cast.desk.command("set_fallback", language="de", fallback="silence")
    except Refused:
        return False
    return True


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as out:
        try:
            while True:
                out.write(b"x" * 4096)
        except OSError:
            return


@asynccontextmanager
async def small_disk(where: Path, kib: int) -> AsyncIterator[None]:
    """A file system of that size in memory, while the context lasts.

    Raises:
        BenchError: we are not root.
    """
    if os.geteuid() != 0:
        raise BenchError("the trial needs root, to mount a small file system")
    where.mkdir()
    options = f"size={kib}k"
    await asyncio.to_thread(_command, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(where))
    try:
        yield
    finally:
        await asyncio.to_thread(_command, "umount", "--lazy", str(where))


def _command(*words: str) -> None:
    subprocess.run(words, check=True)
