"""A workshop in three rooms: `python -m deploy.load.workshop`, one `name: value` a line.

Three rooms of three languages, in each a hall, two booths on the air, a moderator, and twenty who take part from afar,
of whom two have the floor with sound and picture; each of the twenty sees both. Three hundred listen besides, a hundred
a room. All of it by WebSocket, WHIP and WHEP against one server process; server and people share the machine's cores.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import aiohttp

from deploy.load.actors import Person, tone_packets
from deploy.load.afar import SEEN, Attendee, Speaker
from deploy.load.company import Page, Refused
from deploy.load.house import ROOMS, House, opened
from deploy.load.lean import allow_descriptors
from deploy.load.listening import Figures
from deploy.load.measure import Usage
from deploy.load.processes import BenchError, Children, Steered
from deploy.load.sdp import SdpError
from deploy.load.swarm import SignallingError
from interpreting.roles import Role

LANGUAGES: Final = ("de", "uk", "en")
ATTENDEES_A_ROOM: Final = 20
SPEAKERS_A_ROOM: Final = 2
_BOOTHS: Final = (("de-uk", "uk", 1000), ("en", "en", 1250))
_HALL_HZ: Final = 500
_SPEAKER_HZ: Final = 1500
_SETTLE_S: Final = 5.0
_JOIN_S: Final = 120.0
_MARK_S: Final = 15.0
_AT_ONCE: Final = 8
_MIXER: Final = ("ticks", "late_ticks", "skipped_ticks", "failed_ticks", "encoded_packets", "shared_packets")
_LOST_ON_THE_WAY_IN: Final = "tolmach_source_packets_lost_total"


class Workshop:
    """All who are there but the listeners. `open` brings them; what they saw is in `attendees`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.attendees: list[Attendee] = []
        self._moderators: dict[str, Page] = {}

    async def open(self, stack: AsyncExitStack) -> None:
        """Everybody comes, and two a room get the floor.

        Raises:
            BenchError, SignallingError, SdpError, TimeoutError, Refused: somebody could not.
        """
        for room in ROOMS:
            await self._open_house(stack, room)
            sound = tone_packets(_SPEAKER_HZ)
            for number in range(ATTENDEES_A_ROOM):
                name, language = f"{room}-{number}", LANGUAGES[number % len(LANGUAGES)]
                is_speaker = number < SPEAKERS_A_ROOM
                made = Attendee(self._house, room, name, language)
                if is_speaker:
                    made = Speaker(self._house, room, name, language, sound=sound)
                self.attendees.append(made)
        gate = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(_enter(stack, gate, attendee) for attendee in self.attendees))
        await self._give_floors()

    async def _open_house(self, stack: AsyncExitStack, room: str) -> None:
        hall = Person(self._house, Role.VENUE, f"hall-{room}", _HALL_HZ, room=room)
        await _open(stack, hall)
        for booth, language, hertz in _BOOTHS:
            person = Person(self._house, Role.INTERPRETER, f"{booth}-{room}", hertz, room=room, booth=booth)
            await _open(stack, person)
            await person.go_on_air(language)
        token = self._house.token(Role.MODERATOR, f"moderator-{room}", room=room)
        page = self._moderators[room] = Page(self._house, room, token, keeps_states=False)
        await _open(stack, page)
        await page.command("enter_room", name="Sofia", language=None)

    async def _give_floors(self) -> None:
        for speaker in (one for one in self.attendees if isinstance(one, Speaker)):
            await self._moderators[speaker.room].command("give_floor", person=speaker.name)
        for room, page in self._moderators.items():
            await page.until(lambda state: len(state["speakers"]) == SPEAKERS_A_ROOM, f"two have the floor in {room}")

    def count(self, what: str, *, of_sound: bool) -> int:
        """A figure of `SequenceCheck` over everybody."""
        return sum(attendee.count(what, of_sound=of_sound) for attendee in self.attendees)

    @property
    def least_streams(self) -> int:
        """How many streams the one who has fewest gets."""
        return min(len(attendee.streams) for attendee in self.attendees)


async def _open(stack: AsyncExitStack, one: Person | Page | Attendee) -> None:
    stack.push_async_callback(one.aclose)
    await one.open()


async def _enter(stack: AsyncExitStack, gate: asyncio.Semaphore, attendee: Attendee) -> None:
    async with gate:
        await _open(stack, attendee)


async def measure(house: House, workshop: Workshop, viewers: Steered, seconds: float, figures: Figures) -> None:
    """Let it be for so long, and print what was seen.

    Raises:
        BenchError: it is not what it should be, so that its figures would say nothing.
    """
    if workshop.least_streams < 1 + len(SEEN):
        raise BenchError(f"somebody gets {workshop.least_streams} streams")
    before, counted = await house.metrics(), _counts(workshop)
    await asyncio.to_thread(viewers.ask, "mark", _MARK_S)
    usage, own, began = Usage.of(house.pid), time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    figures.add("seconds", time.monotonic() - began)
    figures.add("cpu_percent", 100 * Usage.of(house.pid).share_since(usage))
    figures.add("attendees_own_cpu_percent", 100 * (time.process_time() - own) / seconds)
    marked = await asyncio.to_thread(viewers.ask, "mark", _MARK_S)
    _report_mixer(figures, before, await house.metrics())
    for name, value in _counts(workshop).items():
        figures.add(name, value - counted[name])
    _report_viewers(figures, marked)


def _counts(workshop: Workshop) -> dict[str, int]:
    kinds = {"sound": True, "pictures": False}
    return {
        f"attendees_{kind}_packets_{what}": workshop.count(what, of_sound=of_sound)
        for kind, of_sound in kinds.items()
        for what in ("received", "lost")
    }


def _report_mixer(figures: Figures, before: dict[str, float], after: dict[str, float]) -> None:
    for name in _MIXER:
        key = f"tolmach_mixer_{name}_total"
        figures.add(f"mixer_{name}", after[key] - before[key])
    figures.add("mixer_late_percent", 100 * figures.values["mixer_late_ticks"] / figures.values["mixer_ticks"])
    figures.add("mixer_encodings_per_tick", figures.values["mixer_encoded_packets"] / figures.values["mixer_ticks"])
    lost = sum(after[key] - before.get(key, 0) for key in after if key.startswith(_LOST_ON_THE_WAY_IN))
    figures.add("sources_packets_lost", lost)


def _report_viewers(figures: Figures, marked: dict[str, Any]) -> None:
    tally = marked["tally"]
    figures.add("listeners_connected", tally["connected"])
    figures.add("listeners_packets", tally["packets"])
    figures.add("listeners_lost", tally["lost"])
    figures.add("listeners_least_packets_per_second", marked["least"] / marked["seconds"])


async def run(seconds: float, listeners: int) -> None:
    """One workshop; its figures."""
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="tolmach-load-") as folder, Children(Path(folder)) as children:
        async with opened(House(Path(folder))) as house, AsyncExitStack() as stack:
            workshop = Workshop(house)
            await workshop.open(stack)
            viewers = _start_viewers(house, children)
            joined = await asyncio.to_thread(viewers.ask, f"join {listeners}", _JOIN_S)
            figures.add("listeners_failed", sum(joined["failed"].values()))
            await asyncio.sleep(_SETTLE_S)
            await measure(house, workshop, viewers, seconds, figures)
            await asyncio.to_thread(viewers.stop)


def _start_viewers(house: House, children: Children) -> Steered:
    """Listeners in a process of their own, to all channels of all rooms in turn."""
    command = [sys.executable, "-m", "deploy.load.lean", "--commands"]
    for room in ROOMS:
        for language in LANGUAGES:
            command += ["--whep", f"{house.url}/whep/{room}/{language}"]
    return Steered("listeners", children.start("listeners", command, is_steered=True), children)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; 1 when it could not be held."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.workshop", description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (60)")
    parser.add_argument("--listeners", type=int, default=300, help="how many listen besides (300)")
    options = parser.parse_args(arguments)
    allow_descriptors(options.listeners + 1000)
    try:
        asyncio.run(run(options.seconds, options.listeners))
    except (BenchError, Refused, SignallingError, SdpError, aiohttp.ClientError, TimeoutError) as error:
        print(f"workshop: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
