"""Three rooms of a real server in which things go wrong while a desk looks on.

In the studio and the annex the hall and an interpreter speak, without a browser; the hall's picture comes from a tab.
What they say is noise in the shape of speech, with pauses: no alarm has a reason until a test gives it one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
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
from tests.browser.stagehand import WAIT_S, wait_until

CONFERENCE: Final = """
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
_SETTINGS: Final = """
[alarms]
disk_gib = 1
black_s = 3
frozen_s = 4
"""
WORDS: Final = {
    "venue_lost": ("Nothing comes from the hall", "Switch to the backup."),
    "floor_silent": ("The floor has been silent", "Check microphone"),
    "channel_silent": ("On air, but no sound", "Call the booth"),
    "clipping": ("The sound is clipping", "Turn it down"),
    "narrow_sound": ("Dull sound, only up to", "Ask for a wired headset"),
    "hum": ("Mains hum at 50 Hz", "high-pass"),
    "loudness_apart": ("LU apart from the floor", "Trim the gain"),
    "loss": ("of the packets are lost", "Use a cable"),
    "picture_black": ("The picture has been black", "camera"),
    "picture_frozen": ("The picture has been still", "camera"),
    "picture_stopped": ("No picture comes", "camera"),
    "clock_drift": ("ppm off", "Restart the connection"),
    "mixer_late": ("The server cannot keep up with mixing", "Lower the load"),
    "disk_low": ("GiB left on the disk", "Delete old recordings"),
    "certificate_ending": ("The certificate ends in", "Renew it"),
    "store_away": ("The store is out of reach", "Check Redis"),
    "relay_away": ("The TURN server does not answer", "Check coturn"),
}
"""What the desk says of each, and of what to do."""
LOGGED_AS: Final = {"picture_stopped": "picture_frozen"}
"""In the log book it is one kind, with two reasons."""
SERVER: Final = "Server"
"""Where the alarms stand that concern no room."""
_DISK_KIB: Final = 1300 * 1024
_LOOP_S: Final = 8
_PAUSE_DBFS: Final = -70.0
_FAST_PPM: Final = 400
_TELEPHONE_HZ: Final = 3400
_ROWS: Final = """
() => [...document.querySelectorAll("#alarms .alarm")].map((row) => ({
  words: row.querySelector(".alarm-title").textContent,
  mend: row.querySelector(".alarm-do").textContent,
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


def narrow(sound: Pcm) -> Pcm:
    """A sound by telephone."""
    spectrum = np.fft.rfft(sound)
    spectrum[np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE_HZ) > _TELEPHONE_HZ] = 0
    dull: Pcm = np.fft.irfft(spectrum, len(sound)).astype(np.float32)
    return dull


SOUNDS: Final[dict[str, Callable[[], Pcm]]] = {
    "speech": speech,
    "soft speech": lambda: speech() * np.float32(10 ** (-9 / 20)),
    "a clipped speech": lambda: np.clip(40 * speech(), -1, 1),
    "a telephone": lambda: narrow(speech()),
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
        (folder / "tolmach.toml").write_text(_SETTINGS + CONFERENCE, "utf-8")
        self.has_disk = has_disk
        self.began = 0.0
        self.people: dict[str, Person] = {}
        self.packets = {name: encode(make()) for name, make in SOUNDS.items()}

    @property
    def data(self) -> Path:
        """What the server keeps."""
        return self.house.folder / "data"

    async def come(self, *, has_hall: bool) -> None:
        """Everybody at work; from the beginning Olena in the annex speaks too softly, and Petro's clock is fast.

        Petro sits in the hall's booth and is not on air.
        """
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
        petro = Person(self.house, Role.INTERPRETER, "Petro", 1000, room="hall", booth="de-uk")
        await self._speaker(petro, "Petro", "speech")
        assert petro.voice is not None
        petro.voice.frame_s *= 1 - _FAST_PPM / 1e6

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

    def logged_after_s(self, room: str, kind: str) -> float:
        """How long after the beginning an alarm was raised."""
        return next(one.at for one in self.logged(room) if one.facts.get("alarm") == kind) - self.began

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

    def raised(
        self, kind: str, place: str, since: float, *, must_s: float | None = None, wait_s: float = WAIT_S
    ) -> None:
        """Wait until the alarm stands and says what to do; print how long after `since` (monotonic seconds) that was.

        Raises:
            AssertionError: not within `wait_s` from now, which leaves room for a machine that does other things.
        """
        self._until(lambda: self.stands(kind, place), f"{kind} in {place} is raised", wait_s)
        after_s = time.monotonic() - since
        print(f"alarm_{kind}_on_the_page_s: {after_s:.2f}" + (f" (must {must_s:.0f})" if must_s else ""))
        self.seen.append(Seen(kind, place, after_s))

    def cleared(self, kind: str, place: str, wait_s: float = 60) -> None:
        """Wait until the alarm stands no more, and print how long that took.

        Raises:
            AssertionError: it stands after `wait_s`.
        """
        began = time.monotonic()
        self._until(lambda: not self.stands(kind, place), f"{kind} in {place} is over", wait_s)
        print(f"alarm_{kind}_cleared_after_s: {time.monotonic() - began:.2f}")

    def stands(self, kind: str, place: str) -> bool:
        """Whether the page shows it as a thing of now, with what to do."""
        words, mend = WORDS[kind]
        rows = [row for row in self.page.evaluate(_ROWS) if row["state"] != "cleared"]
        return any(words in row["words"] and mend in row["mend"] and row["place"].startswith(place) for row in rows)

    def _until(self, happened: Callable[[], bool], what: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}; there are {self.page.evaluate(_ROWS)}"
            self.page.wait_for_timeout(40)


def told(entries: Sequence[Entry], kind: str) -> list[str]:
    """What a log book has of an alarm: raised, acknowledged, cleared, in this order."""
    return [entry.kind for entry in entries if entry.facts.get("alarm") == LOGGED_AS.get(kind, kind)]


def until_logged(read: Callable[[], Sequence[Entry]], kind: str) -> None:
    """Wait until a log book says that an alarm was raised and is over: it is written twice a second."""
    wait_until(lambda: told(read(), kind)[-1:] == ["alarm_cleared"], f"the log book says that {kind} is over")
    assert told(read(), kind)[0] == "alarm_raised"
