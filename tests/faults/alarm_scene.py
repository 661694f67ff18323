"""Three rooms of a real server in which things go wrong while a desk looks on.

In the studio and the annex the hall and an interpreter speak, without a browser; the hall's picture comes from a tab.
What they say is noise in the shape of speech, with pauses: no alarm has a reason until a test gives it one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from playwright.sync_api import Page

from deploy.load import company
from deploy.load.actors import Person
from deploy.load.faults_server import small_disk
from deploy.load.hearing import encode
from deploy.load.house import House, opened
from deploy.load.troupe import Troupe
from interpreting.ids import RoomId
from interpreting.roles import Role
from media.opus import SAMPLE_RATE_HZ, Pcm
from server.logbook import Entry, Logbook
from tests.browser.booths import SECRET

CONFIGURATION: Final = """
[alarms]
disk_gib = 1
black_s = 3
frozen_s = 4

[[conference]]
id = "trial"
title = { de = "Probe", uk = "Проба", en = "Trial" }
""" + "\n".join(
    f"""
[[conference.room]]
id = "{room}"
title = {{ de = "{title}", uk = "{title}", en = "{title}" }}
languages = ["de", "uk"]
floor_language = "de"
booth = [{{ id = "de-uk", languages = ["de", "uk"] }}]
"""
    for room, title in (("hall", "Hall"), ("annex", "Annex"), ("studio", "Studio"))
)
WORDS: Final = {
    "venue_lost": "Nothing comes from the hall",
    "floor_silent": "The floor has been silent",
    "channel_silent": "On air, but no sound",
    "clipping": "The sound is clipping",
    "hum": "Mains hum at 50 Hz",
    "loudness_apart": "LU apart from the floor",
    "loss": "of the packets are lost",
    "picture_black": "The picture has been black",
    "picture_frozen": "The picture has been still",
    "disk_low": "GiB left on the disk",
    "store_away": "The store is out of reach",
}
"""What the desk says of each."""
SERVER: Final = "Server"
"""Where the alarms stand that concern no room."""
_DISK_KIB: Final = 1300 * 1024
_LOOP_S: Final = 8
_PAUSE_DBFS: Final = -70.0
_ROWS: Final = """
() => [...document.querySelectorAll("#alarms .alarm")].map((row) => ({
  words: row.querySelector(".alarm-title").textContent,
  place: row.querySelector(".alarm-place").textContent,
  state: row.dataset.state,
}))
"""


def _noise() -> Pcm:
    return np.random.default_rng(1).normal(0, 1, _LOOP_S * SAMPLE_RATE_HZ).astype(np.float32)


def quiet() -> Pcm:
    """A room in which nobody speaks."""
    return _noise() * np.float32(10 ** (_PAUSE_DBFS / 20))


def speech() -> Pcm:
    """Half of every second somebody speaks, at about −26 LUFS, with what is high in a voice too."""
    noise = _noise()
    spectrum = np.fft.rfft(noise)
    spectrum *= 1 / (1 + np.fft.rfftfreq(len(noise), 1 / SAMPLE_RATE_HZ) / 500)
    voice = np.fft.irfft(spectrum, len(noise))
    at = np.arange(len(noise)) / SAMPLE_RATE_HZ
    syllables = np.where(at % 1 < 0.54, 0.2 + np.abs(np.sin(np.pi * at / 0.18)), 0)
    spoken: Pcm = (0.07 * voice / np.std(voice) * syllables).astype(np.float32)
    return spoken + quiet()


def humming(sound: Pcm) -> Pcm:
    """A transformer's hum over a sound, at some −48 dBFS."""
    at = np.arange(len(sound)) / SAMPLE_RATE_HZ
    lines = [share * np.sin(2 * np.pi * 50 * n * at) for n, share in ((1, 1.0), (2, 0.4), (3, 0.6))]
    hums: Pcm = sound + (0.005 * np.sum(lines, axis=0)).astype(np.float32)
    return hums


SOUNDS: Final[dict[str, Callable[[], Pcm]]] = {
    "speech": speech,
    "soft speech": lambda: speech() * np.float32(10 ** (-9 / 20)),
    "a clipped speech": lambda: np.clip(40 * speech(), -1, 1),
    "hum": lambda: humming(speech()),
    "a quiet room": quiet,
    "nothing": lambda: np.zeros(_LOOP_S * SAMPLE_RATE_HZ, np.float32),
}


class Scene(Troupe):
    """Everybody who takes part. On a disk of its own only where we may make one: `has_disk`.

    `began`: when Olena went on air, in epoch seconds.
    """

    def __init__(self, folder: Path, redis_url: str, *, has_disk: bool) -> None:
        super().__init__(folder)
        self.house = House(folder, {"TOLMACH_REDIS_URL": redis_url}, _secret=SECRET)
        (folder / "tolmach.toml").write_text(CONFIGURATION, "utf-8")
        self.has_disk = has_disk
        self.began = 0.0
        self.people: dict[str, Person] = {}
        self.packets = {name: encode(make()) for name, make in SOUNDS.items()}

    @property
    def data(self) -> Path:
        """What the server keeps."""
        return self.house.folder / "data"

    async def come(self, *, has_hall: bool) -> None:
        """Everybody at work; Olena in the annex speaks too softly from the beginning."""
        if self.has_disk:
            await self._stack.enter_async_context(small_disk(self.data, _DISK_KIB))
        await self._stack.enter_async_context(opened(self.house))
        for room, interpreter, sound in (("annex", "Olena", "soft speech"), ("studio", "Maria", "speech")):
            hall = Person(self.house, Role.VENUE, f"{room}-hall", 500, room=room)
            await self._speaker(hall, f"{room} hall", "speech")
            seated = Person(self.house, Role.INTERPRETER, interpreter, 1000, room=room, booth="de-uk")
            await self._speaker(seated, interpreter, sound)
            await seated.go_on_air("uk")
            self.began = self.began or time.time()

    def say(self, who: str, sound: str) -> float:
        """Have somebody send this from now on; when that is, in monotonic seconds."""
        voice = self.people[who].voice
        assert voice is not None
        voice.packets = self.packets[sound]
        return time.monotonic()

    async def page(self, role: Role, who: str, room: str) -> company.Page:
        """A line to a room of somebody who has one."""
        page = company.Page(self.house, room, self.house.token(role, who, room=room))
        self._stack.push_async_callback(page.aclose)
        await page.open()
        return page

    def logged(self, room: str | None) -> list[Entry]:
        """All that the log book has of a room, or of the server."""
        return Logbook(self.data / "logbook").read(None if room is None else RoomId(room), 0.0, 4e9)

    async def _speaker(self, person: Person, who: str, sound: str) -> None:
        self.people[who] = await self._enter(person)
        self.say(who, sound)


@dataclass(frozen=True, slots=True)
class Seen:
    """An alarm that stood on the desk: `place` is the title of its room, or where the server's own stand."""

    kind: str
    place: str
    after_s: float


@dataclass
class Desk:
    """The technician's page, and all alarms that tests have seen on it."""

    page: Page
    seen: list[Seen] = field(default_factory=list)

    def raised(self, kind: str, place: str, since: float, seconds: float) -> float:
        """Wait until the alarm stands, and return how long after `since` (monotonic seconds) that was.

        Raises:
            AssertionError: later than `seconds` after it.
        """
        while not self.stands(kind, place):
            late = time.monotonic() - since
            assert late <= seconds, f"{kind} in {place} not within {seconds} s; there are {self.page.evaluate(_ROWS)}"
            self.page.wait_for_timeout(40)
        after_s = time.monotonic() - since
        print(f"alarm_{kind}_on_the_page_s: {after_s:.2f}")
        assert after_s <= seconds
        self.seen.append(Seen(kind, place, after_s))
        return after_s

    def cleared(self, kind: str, place: str, seconds: float) -> float:
        """Wait until the alarm stands no more, and return how long that took.

        Raises:
            AssertionError: it stands after `seconds`.
        """
        began = time.monotonic()
        while self.stands(kind, place):
            assert time.monotonic() - began <= seconds, f"{kind} in {place} still stands after {seconds} s"
            self.page.wait_for_timeout(40)
        print(f"alarm_{kind}_cleared_after_s: {time.monotonic() - began:.2f}")
        return time.monotonic() - began

    def stands(self, kind: str, place: str) -> bool:
        """Whether the page shows it as a thing of now."""
        return any(
            WORDS[kind] in row["words"] and row["place"].startswith(place) and row["state"] != "cleared"
            for row in self.page.evaluate(_ROWS)
        )
