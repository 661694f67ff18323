"""Two rooms with booths and a running order, people from afar who hum at a pitch of their own, a moderator's page."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Locator
from playwright.sync_api import Page as Tab

from deploy.load.actors import Meter, tone_packets
from deploy.load.company import Page
from deploy.load.house import House, opened
from deploy.load.troupe import Troupe
from deploy.load.voice import Ear, Voice
from interpreting.ids import BoothId, PersonId, RoomId
from interpreting.roles import Role
from server.tokens import Invitation, issue
from tests.browser.stagehand import WAIT_S, Server, wait_until
from tests.browser.visits import LAPTOP, visitor

_ROOM: Final = """
[[conference.room]]
id = "{id}"
title = {{ de = "{de}", uk = "{uk}", en = "{en}" }}
languages = {languages}
floor_language = "de"
workshop = "open"
booth = [{{ id = "de-uk", languages = {booth} }}]
"""
_ITEMS: Final = """
[[conference.room.item]]
id = "opening"
title = { de = "Eröffnung", uk = "Відкриття", en = "Opening" }
speaker = "Dr. Anna Beispiel"
language = "de"
starts = "09:00"

[[conference.room.item]]
id = "cities"
title = { de = "Partnerstädte", uk = "Міста-партнери", en = "Twin cities" }
speaker = "Іван Приклад"
language = "uk"
starts = "09:30"

[[conference.room.item]]
id = "break"
title = { de = "Pause", uk = "Перерва", en = "Break" }
kind = "break"
starts = "10:00"
"""
RULES: Final = (
    '[[conference]]\nid = "meeting"\ntitle = { de = "Treffen", uk = "Зустріч", en = "Meeting" }\n'
    + _ROOM.format(id="hall", de="Saal", uk="Зала", en="Hall", languages='["de", "uk", "en"]', booth='["de", "uk"]')
    + _ITEMS
    + _ROOM.format(id="annex", de="Anbau", uk="Прибудова", en="Annex", languages='["de", "pl"]', booth='["de", "pl"]')
)
ROOMS: Final = (RoomId("hall"), RoomId("annex"))
_SECRET: Final = "a secret of the tests, long enough to be one"


class RoundTable(House):
    """A server with the two rooms."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._secret = _SECRET
        (self.folder / "tolmach.toml").write_text(RULES, "utf-8")

    def link(
        self, role: Role, who: str = "", *, room: str = "hall", booth: str | None = None, both: bool = False
    ) -> str:
        """A personal link's path; with `both` it is good for both rooms."""
        others = tuple(other for other in ROOMS if other != room) if both else ()
        invitation = Invitation.new(
            RoomId(room),
            role,
            booth=BoothId(booth) if booth else None,
            name=who,
            id=f"{room}-{role.value}-{zlib.crc32(who.lower().encode()):x}",
            person=PersonId(who.lower().replace(" ", "-") or role.value),
            also=others,
        )
        return f"/join/{issue(_SECRET, invitation)}"


@dataclass
class FarPerson:
    """Somebody from afar: a page's WebSocket, and a voice once it is wished."""

    house: RoundTable
    name: str
    hertz: int = 600
    language: str | None = None
    role: Role = Role.PARTICIPANT
    room: str = "hall"
    voice: Voice | None = None
    _task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.token = self.house.link(self.role, self.name, room=self.room).removeprefix("/join/")
        self.page = Page(self.house, self.room, self.token, keeps_states=False)

    async def come(self, *, has_hand: bool = False) -> None:
        """Enter the room, or stand at its door.

        Raises:
            Refused, TimeoutError: that did not come about.
        """
        await self.page.open()
        await self.page.command("enter_room", name=self.name, language=self.language)
        if has_hand:
            await self.page.command("raise_hand")

    async def hum(self) -> None:
        """Send sound from now on, as a page does that was asked to get ready.

        Raises:
            SignallingError, SdpError, TimeoutError: that did not come about.
        """
        self.voice = Voice(tone_packets(self.hertz))
        await self.voice.open(f"{self.house.url}/whip/{self.room}", self.token)
        self._task = asyncio.create_task(self.voice.speak(3600))

    async def vanish(self) -> None:
        """Lose the network of the media: nothing more comes, and nothing is said."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def aclose(self) -> None:
        """Leave."""
        await self.vanish()
        await self.page.aclose()
        if self.voice is not None:
            await self.voice.aclose()


@dataclass
class FarEar:
    """Somebody who listens: a viewer, or with a token one who takes part."""

    house: RoundTable
    tones: Sequence[int]
    channel: str = "floor"
    room: str = "hall"
    token: str | None = None
    meter: Meter = field(init=False)

    def __post_init__(self) -> None:
        self.meter = Meter(self.tones)
        self._ear = Ear(self.meter.take)

    async def open(self) -> None:
        """Begin to listen.

        Raises:
            SignallingError, SdpError, TimeoutError: that did not come about.
        """
        await self._ear.open(f"{self.house.url}/whep/{self.room}/{self.channel}", self.token)

    async def until_heard(self, hertz: int) -> None:
        """Wait for a tone.

        Raises:
            BenchError: it did not come.
        """
        await self.meter.until_heard(hertz, WAIT_S)

    async def aclose(self) -> None:
        """Leave."""
        await self._ear.aclose()


class Gathering(Troupe):
    """The house and those who came, in a thread of their own beside the browser's driver."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.house: RoundTable = RoundTable(folder)
        self._people = AsyncExitStack()

    async def open(self) -> None:
        """Start the server."""
        await self._people.enter_async_context(opened(self.house))

    def person(self, name: str, **about: Any) -> FarPerson:
        """Somebody who will leave at the end, if not before."""
        person = FarPerson(self.house, name, **about)
        self._people.push_async_callback(person.aclose)
        return person

    def page(self, page: Page) -> Page:
        """Open a page of whomever, which is left at the end."""
        self._people.push_async_callback(page.aclose)
        self.run(page.open())
        return page

    def ear(self, *tones: int, **about: Any) -> FarEar:
        """Somebody who listens for these tones."""
        ear = FarEar(self.house, tones, **about)
        self._people.push_async_callback(ear.aclose)
        return ear

    def end(self) -> None:
        """Have everybody leave, and end the server and the thread."""
        try:
            self.run(self._people.aclose())
        finally:
            super().end()


@contextmanager
def gathering(folder: Path) -> Iterator[Gathering]:
    """The house, open; on leaving, nothing is left behind."""
    company = Gathering(folder)
    company.start()
    try:
        company.run(company.open())
        yield company
    finally:
        company.end()


@contextmanager
def moderator(
    browser: Browser, table: Gathering, *, lang: str = "en", size: tuple[int, int] = LAPTOP, **options: Any
) -> Iterator[Tab]:
    """The page of a moderator whose link is good for both rooms, connected."""
    server = Server(table.house.folder, table.house.port)
    with visitor(browser, server, lang=lang, size=size, **options) as person:
        page = person.open(table.house.link(Role.MODERATOR, "Maria", both=True))
        page.wait_for_selector('#connection[data-state="connected"]')
        yield page


def come(table: Gathering, name: str, *, has_hand: bool = True, **about: Any) -> FarPerson:
    """Somebody enters, and raises their hand at once unless they have none."""
    person = table.person(name, **about)
    table.run(person.come(has_hand=has_hand))
    return person


def hands(page: Tab) -> list[str]:
    """The names in the queue, in order."""
    return [one.split(". ", 1)[1] for one in page.locator("#hands strong").all_inner_texts()]


def until_hands(page: Tab, *names: str) -> None:
    """Wait until the queue is this one."""
    wait_until(lambda: hands(page) == list(names), f"the queue is {names}")


def hand(page: Tab, name: str) -> Locator:
    """A row of the queue."""
    return page.locator("#hands > li", has_text=name)


def speakers(page: Tab) -> list[str]:
    """Who has the floor, the newest first."""
    return page.locator("#speakers strong").all_inner_texts()


def turn_to(page: Tab, section: str) -> None:
    """Bring a section into sight."""
    page.click(f'[data-tab-key="{section}"]')


def until_pressed(page: Tab, group: str, name: str) -> None:
    """Wait until a key of the group is lit."""
    page.wait_for_selector(f'{group} [aria-pressed="true"] >> text={name}')
