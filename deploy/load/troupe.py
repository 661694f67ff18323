"""A house with a hall and two interpreters on the air, in a thread of its own beside a browser's driver.

Each hums at a pitch of their own: multiples of 375 Hz (a block of the recorder) and of 50 Hz (a packet), so that both
tell them apart exactly. German is the floor's language, so its channel carries the hall.
"""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from deploy.load.actors import Person
from deploy.load.house import House, opened
from interpreting.roles import Role

ROOM: Final = "hall"
TONES_HZ: Final = {"floor": 750, "uk": 1500, "en": 2250}
"""What sounds on each channel."""

_END_S: Final = 60.0
T = TypeVar("T")


class Troupe:
    """`hall` is None where another program is the hall, `maria` (into English) before she has come."""

    def __init__(self, folder: Path) -> None:
        self.house = House(folder)
        self.hall: Person | None = None
        self.maria: Person | None = None
        self._stack = AsyncExitStack()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def run(self, work: Coroutine[Any, Any, T], seconds: float = 90) -> T:
        """Have something done in the thread, and wait for it. Raises what it raises, and TimeoutError."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def link(self, role: Role, who: str, booth: str | None = None) -> str:
        """A personal link's path."""
        return f"/join/{self.house.token(role, who, booth=booth)}"

    async def come(self, *, has_hall: bool) -> None:
        """Everybody at work, the interpreters on the air.

        Raises:
            BenchError, SignallingError, SdpError, TimeoutError: somebody could not come in.
        """
        await self._stack.enter_async_context(opened(self.house))
        if has_hall:
            self.hall = await self._enter(Person(self.house, Role.VENUE, "hall", TONES_HZ["floor"]))
        olena = await self._enter(Person(self.house, Role.INTERPRETER, "Olena", TONES_HZ["uk"], booth="de-uk"))
        self.maria = await self._enter(Person(self.house, Role.INTERPRETER, "Maria", TONES_HZ["en"], booth="en"))
        await olena.go_on_air("uk")
        await self.maria.go_on_air("en")

    def start(self) -> None:
        """Begin the thread; `aclose` ends it."""
        self._thread.start()

    def end(self) -> None:
        """Have everybody leave, and end the thread."""
        try:
            self.run(self._stack.aclose(), _END_S)
        finally:
            self.house.end()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_END_S)
            self._loop.close()

    async def _enter(self, person: Person) -> Person:
        self._stack.push_async_callback(person.aclose)
        await person.open()
        return person


@contextmanager
def troupe(folder: Path, *, has_hall: bool = True) -> Iterator[Troupe]:
    """Everybody at work; on leaving, nothing is left behind.

    Raises:
        BenchError, SignallingError, SdpError, TimeoutError: somebody could not come in.
    """
    company = Troupe(folder)
    company.start()
    try:
        company.run(company.come(has_hall=has_hall))
        yield company
    finally:
        company.end()
