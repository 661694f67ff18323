"""The conference that the faults happen to: a hall, two interpreters on the air, listeners, somebody at the desk."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from deploy.load.actors import HALL_HZ, Hearer, Person
from deploy.load.company import Page
from deploy.load.house import House
from interpreting.roles import Role

OLENA_HZ: Final = 1000
MARIA_HZ: Final = 1500
_TONES: Final = (HALL_HZ, OLENA_HZ, MARIA_HZ)


@dataclass(frozen=True, slots=True)
class Cast:
    """Olena speaks Ukrainian, listening to the floor; Maria speaks English, listening to Olena."""

    house: House
    hall: Person
    olena: Person
    maria: Person
    uk: Hearer
    floor: Hearer
    desk: Page

    def state(self) -> dict[str, Any]:
        """What of the room must outlive everything: languages, fallbacks, seats with microphones and relay choices."""
        state = self.desk.state
        seats = [
            (booth["booth"], seat["person"], seat["mic"], seat["outgoing"], seat["incoming"])
            for booth in state["booths"]
            for seat in booth["seats"]
        ]
        channels = [(one["channel"], one["fallback"]) for one in state["channels"]]
        return {"floor_language": state["floor_language"], "channels": channels, "seats": sorted(seats)}

    def seat(self, person: str) -> dict[str, Any] | None:
        """A person's seat as the desk sees it."""
        seats = [seat for booth in self.desk.state["booths"] for seat in booth["seats"]]
        return next((seat for seat in seats if seat["person"] == person), None)


@asynccontextmanager
async def conference(house: House) -> AsyncIterator[Cast]:
    """Everybody at work in a running house, and heard.

    Raises:
        BenchError, SignallingError, SdpError, TimeoutError: somebody could not come in, or is not heard.
    """
    cast = Cast(
        house,
        Person(house, Role.VENUE, "hall", HALL_HZ),
        Person(house, Role.INTERPRETER, "Olena", OLENA_HZ, booth="de-uk"),
        Person(house, Role.INTERPRETER, "Maria", MARIA_HZ, booth="en"),
        Hearer(house, "uk", _TONES),
        Hearer(house, "floor", _TONES),
        Page(house, "hall", house.token(Role.TECHNICIAN, "desk")),
    )
    async with AsyncExitStack() as stack:
        for one in (cast.desk, cast.hall, cast.olena, cast.maria, cast.uk, cast.floor):
            stack.push_async_callback(one.aclose)
            await one.open()
        await cast.desk.command("set_fallback", language="en", fallback="floor")
        await cast.maria.page.command("select_incoming", channel="uk")
        await cast.olena.go_on_air("uk")
        await cast.maria.go_on_air("en")
        await cast.uk.meter.until_heard(OLENA_HZ)
        await cast.floor.meter.until_heard(HALL_HZ)
        await asyncio.sleep(1)
        yield cast
