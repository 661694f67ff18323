"""What a full disk does to a recording, and what it must not do to the sound and the livestream."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import aiohttp

from deploy.load.actors import FAINT, HALL_HZ
from deploy.load.faults_server import Figure, small_disk
from deploy.load.house import House, opened
from deploy.load.scene import OLENA_HZ, Cast, conference
from server.recordings.folders import read_folder
from server.recordings.index import Recording

_DISK_KIB: Final = 64 * 1024
_LEFT_TO_OTHERS_MB: Final = 16
_FILLED_TO: Final = 8 * 1024 * 1024
_TAKE_S: Final = 6.0
_PATIENCE_S: Final = 20.0


async def recording(folder: Path) -> AsyncIterator[Figure]:
    """The disk fills up while a room is recorded, and has room again. Needs root, for a small file system."""
    data = folder / "data"
    told = {"TOLMACH_RECORDINGS_MIN_FREE_MB": str(_LEFT_TO_OTHERS_MB)}
    async with small_disk(data, _DISK_KIB), opened(House(folder, told)) as house, conference(house) as cast:
        await _parts(house)  # somebody watches
        await cast.desk.command("start_recording")
        await asyncio.sleep(_TAKE_S)
        filler, at = data / "filler", time.monotonic()
        parts = await _parts(house)
        _leave(filler, data)
        yield "recording_disk_full_told_after_s", await _until(cast, is_paused=True)
        await asyncio.sleep(_TAKE_S)
        grown = await _parts(house) - parts
        now = time.monotonic()
        yield "recording_disk_full_gap_ms", 1000 * cast.uk.meter.longest_gap_s(OLENA_HZ, at, now)
        yield "recording_disk_full_floor_gap_ms", 1000 * cast.floor.meter.longest_gap_s(HALL_HZ, at, now, FAINT)
        yield "recording_disk_full_livestream_goes_on", int(grown >= 1)
        filler.unlink()
        yield "recording_disk_free_resumed_after_s", await _until(cast, is_paused=False)
        await asyncio.sleep(_TAKE_S)
        await cast.desk.command("stop_recording")
        found = await _put_away(data / "recordings")
        yield "recording_disk_takes", len(found.takes)
        yield "recording_disk_kept_s", sum(stretch.length_s for stretch in found.timeline().values())


def _leave(filler: Path, data: Path) -> None:
    """Fill the disk until little is left."""
    with filler.open("wb", buffering=0) as out:
        while _free(data) > _FILLED_TO:
            out.write(bytes(256 * 1024))


def _free(where: Path) -> int:
    return shutil.disk_usage(where).free


async def _until(cast: Cast, *, is_paused: bool) -> float:
    """How many seconds until the desk is told that the recording pauses, or no longer."""
    began = time.monotonic()
    while ("recording_paused" in cast.desk.state["troubles"]) != is_paused:
        if time.monotonic() - began > _PATIENCE_S:
            raise TimeoutError
        await asyncio.sleep(0.05)
    return time.monotonic() - began


async def _parts(house: House) -> int:
    """The newest segment of the room's livestream."""
    async with aiohttp.ClientSession() as http:
        for _ in range(100):
            async with http.get(f"{house.url}/hls/hall/floor.m3u8") as answer:
                text = await answer.text()
                lines = [line for line in text.splitlines() if line.endswith(".m4s")]
                numbers = [int(line.split("/")[-1].split(".")[0]) for line in lines]
                if answer.status == 200 and numbers:
                    return numbers[-1]
            await asyncio.sleep(0.2)
    raise TimeoutError


async def _put_away(root: Path) -> Recording:
    """The only recording, once it is closed."""
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            found = read_folder(next(root.iterdir()))
            if found is not None and found.ended_at is not None:
                return found
            await asyncio.sleep(0.2)
