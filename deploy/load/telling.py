"""What it costs to tell a full room of a change: `python -m deploy.load.telling`, one `name: value` a line.

One server of its own; in its hall 450 people take part from afar and 1,000 watch, each by a WebSocket, with a moderator
and a technician. The CPU is that of the server's main thread, the web side's event loop, over what it uses when nothing
changes: the command, the rules, the telling and the writing into all sockets.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import aiohttp

from deploy.load.company import Page, Refused
from deploy.load.house import ROOMS, House, opened
from deploy.load.lean import allow_descriptors
from deploy.load.listening import Figures
from deploy.load.measure import Usage
from deploy.load.processes import BenchError
from interpreting.roles import Role

_ROOM: Final = ROOMS[0]
_AN_ADDRESS: Final = 900
"""So many come from one address of loopback: fewer than one may open at once."""
_AT_ONCE: Final = 32
_SETTLE_S: Final = 3.0
_IDLE_S: Final = 10.0
_QUIET_S: Final = 0.5
_BURST: Final = 20
_LATE: Final = 'tolmach_web_loop_lag_seconds_bucket{le="0.01"}'
_LOOKS: Final = "tolmach_web_loop_lag_seconds_count"

Change = Callable[[int], Awaitable[object]]


class Crowd:
    """All who are told. `messages` and `size_bytes` are of all pages but those that act, `at` when the last came."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stack = AsyncExitStack()
        self._reading: list[asyncio.Task[None]] = []
        self.messages = 0
        self.size_bytes = 0
        self.at = 0.0

    async def come(self, participants: int, viewers: int) -> None:
        """Everybody opens a page, the participants enter.

        Raises:
            aiohttp.ClientError, TimeoutError: somebody could not.
        """
        gate = asyncio.Semaphore(_AT_ONCE)
        people = [*(f"person-{number}" for number in range(participants)), *([None] * viewers)]
        async with asyncio.TaskGroup() as group:
            for number, who in enumerate(people):
                group.create_task(self._enter(gate, f"127.0.0.{2 + number // _AN_ADDRESS}", who))

    async def aclose(self) -> None:
        """Everybody leaves."""
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)
        await self._stack.aclose()

    async def _enter(self, gate: asyncio.Semaphore, address: str, who: str | None) -> None:
        headers = {}
        if who is not None:
            headers["Authorization"] = f"Bearer {self._house.token(Role.PARTICIPANT, who)}"
        async with gate:
            connector = aiohttp.TCPConnector(local_addr=(address, 0))
            http = await self._stack.enter_async_context(aiohttp.ClientSession(connector=connector))
            socket = await http.ws_connect(f"{self._house.url}/ws?room={_ROOM}", headers=headers, max_msg_size=0)
            await socket.receive_str()
            if who is not None:
                args = {"name": who, "language": None}
                await socket.send_json({"type": "command", "id": who, "name": "enter_room", "args": args})
                while (await socket.receive_json())["type"] != "done":
                    pass
        self._reading.append(asyncio.create_task(self._read(socket)))

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            self.messages += 1
            self.size_bytes += len(message.data)
            self.at = time.monotonic()


class Trials:
    """The changes that are told. Figures are printed as they are known."""

    def __init__(self, house: House, crowd: Crowd, figures: Figures) -> None:
        self._house = house
        self._crowd = crowd
        self._figures = figures
        self._idle_share = 0.0

    async def idle(self, seconds: float) -> None:
        """Measure what the event loop uses while nothing changes."""
        before = self._usage()
        await asyncio.sleep(seconds)
        self._idle_share = self._usage().share_since(before)
        self._figures.add("telling_idle_cpu_percent", 100 * self._idle_share)

    async def run(self, name: str, changes: int, change: Change, at_once: int = 1, pause_s: float = 0.0) -> None:
        """Make changes, so many at once, and wait after each time until everybody was told; and then so long.

        Raises:
            Refused, TimeoutError: one could not be made.
        """
        metrics, messages, size = await self._house.metrics(), *self._heard()
        before = self._usage()
        reached = []
        for number in range(0, changes, at_once):
            began = time.monotonic()
            await asyncio.gather(*(change(one) for one in range(number, number + at_once)))
            while (silent := time.monotonic() - max(began, self._crowd.at)) < _QUIET_S:
                await asyncio.sleep(_QUIET_S - silent)
            reached.append(max(0.0, self._crowd.at - began))
            await asyncio.sleep(pause_s)
        usage, after = self._usage(), await self._house.metrics()
        cpu_s = usage.cpu_s - before.cpu_s - self._idle_share * (usage.at - before.at)
        heard, size_after = self._heard()
        looks = after[_LOOKS] - metrics[_LOOKS]
        self._figures.add(f"telling_{name}_cpu_ms", 1000 * cpu_s / changes)
        self._figures.add(f"telling_{name}_messages", (heard - messages) / changes)
        self._figures.add(f"telling_{name}_kib", (size_after - size) / 1024 / changes)
        self._figures.add(f"telling_{name}_last_told_ms", 1000 * sorted(reached)[len(reached) // 2])
        late = 100 * (1 - (after[_LATE] - metrics[_LATE]) / looks)
        self._figures.add(f"telling_{name}_loop_late_over_10_ms_percent", late)

    def _usage(self) -> Usage:
        return Usage.of_main_thread(self._house.pid)

    def _heard(self) -> tuple[int, int]:
        return self._crowd.messages, self._crowd.size_bytes


async def run(participants: int, viewers: int, changes: int) -> None:
    """One full room; its figures."""
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="tolmach-telling-") as folder:
        async with opened(House(Path(folder))) as house, AsyncExitStack() as stack:
            crowd = Crowd(house)
            stack.push_async_callback(crowd.aclose)
            await crowd.come(participants, viewers)
            moderator = Page(house, _ROOM, house.token(Role.MODERATOR, "sofia"), keeps_states=False)
            technician = Page(house, _ROOM, house.token(Role.TECHNICIAN, "petro"), keeps_states=False)
            for page in (moderator, technician):
                stack.push_async_callback(page.aclose)
                await page.open()
            await moderator.command("enter_room", name="Sofia", language=None)
            await moderator.until(lambda state: len(state["people"]) == participants + 1, "everybody is in the room")
            await asyncio.sleep(_SETTLE_S)
            trials = Trials(house, crowd, figures)
            await trials.idle(_IDLE_S)
            await _tell(trials, moderator, technician, changes)


async def _tell(trials: Trials, moderator: Page, technician: Page, changes: int) -> None:
    """What a few are shown, what everybody is, a line to the room, and what everybody is shown many times at once."""
    places = itertools.cycle(range(1, 90))

    async def hand(number: int) -> None:
        await moderator.command("raise_hall_hand", label=f"microphone {next(places)}")

    async def floor(number: int) -> None:
        await technician.command("set_floor_language", language=("uk", "de")[number % 2])

    async def line(number: int) -> None:
        await moderator.command("say", to="room", text=f"Please mute your microphones, {number}.")

    await trials.run("hand", changes, hand)
    await trials.run("floor", changes, floor)
    # A person may say five lines in ten seconds.
    await trials.run("line", min(changes, 10), line, pause_s=1.6)
    await trials.run("burst", changes // _BURST * _BURST, floor, at_once=_BURST)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; 1 when somebody could not come or a change not be made."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.telling", description=__doc__.split("\n\n")[0])
    parser.add_argument("--participants", type=int, default=450, help="how many take part from afar (450)")
    parser.add_argument("--viewers", type=int, default=1000, help="how many watch (1000)")
    parser.add_argument("--changes", type=int, default=40, help="how many changes of each kind (40)")
    asked = parser.parse_args(arguments)
    allow_descriptors(asked.participants + asked.viewers + 1000)
    try:
        asyncio.run(run(asked.participants, asked.viewers, asked.changes))
    except (BenchError, Refused, aiohttp.ClientError, TimeoutError) as error:
        print(f"telling: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
