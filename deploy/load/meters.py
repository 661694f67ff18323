"""What the desk's meters cost: three rooms, forty meters, twenty technicians, and how often each page is told.

    python -m deploy.load.meters [--seconds 15] [--technicians 20]

The server is one of its own; its CPU is read before anybody looks and while all do. The forty are three rooms' floors
and twelve channels each, and the hall, which publishes a tone.
"""

import argparse
import asyncio
import struct
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from deploy.load.actors import Person
from deploy.load.house import ROOMS, House, opened
from deploy.load.measure import Usage
from interpreting.roles import Role

_LANGUAGES: Final = ("de", "uk", "en", "pl", "fr", "es", "it", "nl", "cs", "ro", "tr", "ar")
_TITLE: Final = '{ de = "Probe", uk = "Проба", en = "Trial" }'
_SETTLE_S: Final = 3.0


def _configuration() -> str:
    listed = ", ".join(f'"{language}"' for language in _LANGUAGES)
    lines = ["[[conference]]", 'id = "trial"', f"title = {_TITLE}"]
    for room in ROOMS:
        lines += ["[[conference.room]]", f'id = "{room}"', f"title = {_TITLE}", f"languages = [{listed}]"]
        lines += ['floor_language = "de"', 'booth = [{ id = "en", languages = ["en", "de"] }]', "livestream = false"]
    return "\n".join(lines) + "\n"


@dataclass
class Desk:
    """One technician's page."""

    messages: int = 0
    meters: int = 0

    async def look(self, house: House, number: int) -> None:
        """Take what comes until cancelled."""
        bearer = house.token(Role.TECHNICIAN, f"technician-{number}")
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {bearer}"}) as http:
            async with http.ws_connect(house.url + "/meters") as socket:
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.BINARY:
                        struct.unpack_from("<H", message.data)
                        self.meters = (len(message.data) - 2) // 4
                        self.messages += 1


async def measure(seconds: float, technicians: int) -> dict[str, float]:
    """The figures, by name.

    Raises:
        BenchError: the server does not start.
    """
    with tempfile.TemporaryDirectory(prefix="tolmach-meters-") as folder:
        house = House(Path(folder))
        (Path(folder) / "tolmach.toml").write_text(_configuration())
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(opened(house))
            hall = Person(house, Role.VENUE, "hall", 750)
            stack.push_async_callback(hall.aclose)
            await hall.open()
            await asyncio.sleep(_SETTLE_S)
            alone = await _cpu_percent(house, seconds)
            desks = [Desk() for _ in range(technicians)]
            looking = [asyncio.create_task(desk.look(house, number)) for number, desk in enumerate(desks)]
            try:
                await asyncio.sleep(_SETTLE_S)
                before = [desk.messages for desk in desks]
                watched = await _cpu_percent(house, seconds)
                rates = [(desk.messages - one) / seconds for desk, one in zip(desks, before, strict=True)]
            finally:
                for task in looking:
                    task.cancel()
                await asyncio.gather(*looking, return_exceptions=True)
    return {
        "meters": desks[0].meters,
        "meters_technicians": technicians,
        "meters_alone_cpu_percent": alone,
        "meters_watched_cpu_percent": watched,
        "meters_cpu_percent": watched - alone,
        "meters_messages_per_s_least": min(rates),
    }


async def _cpu_percent(house: House, seconds: float) -> float:
    before = Usage.of(house.pid)
    await asyncio.sleep(seconds)
    return 100 * Usage.of(house.pid).share_since(before)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0, help="how long each part is measured (15)")
    parser.add_argument("--technicians", type=int, default=20, help="how many look (20)")
    asked = parser.parse_args(arguments)
    for name, value in asyncio.run(measure(asked.seconds, asked.technicians)).items():
        print(f"{name}: {value:.2f}")


if __name__ == "__main__":
    main()
