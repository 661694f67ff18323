"""Those who take part in a trial: people who send a tone each, and listeners who tell the tones apart and when.

They behave as the pages do: back by themselves after a break, opened anew at once when another start of the server
welcomes them.
"""

import asyncio
import contextlib
import itertools
import math
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import aiohttp
import numpy as np

from deploy.load import hearing
from deploy.load.company import Page, pause_s
from deploy.load.house import House
from deploy.load.processes import BenchError
from deploy.load.sdp import SdpError
from deploy.load.swarm import SignallingError
from deploy.load.voice import Ear, LeanEnd, Voice
from interpreting.roles import Role
from media.errors import WireError
from media.opus import FRAME_SAMPLES, SAMPLE_RATE_HZ, Decoder
from media.rtp import RtpPacket, sequence_after, timestamp_after

HALL_HZ: Final = 500
LOUD: Final = 0.15
"""Amplitude of a tone at full gain is 0.3; ducked it is 0.1, and what is not there is far below 0.03."""
FAINT: Final = 0.03
_PEAK: Final = 0.3
# A browser says "disconnected" after some 5 s; two more and ICE is restarted, six more and all is opened anew.
_GIVEN_UP_S: Final = 13.0
_LATER: Final = (SignallingError, SdpError, TimeoutError, OSError, aiohttp.ClientError)


def tone_packets(hertz: int) -> list[bytes]:
    """A second of a tone; whole periods in 20 ms, so that the circle has no seam."""
    at = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    return hearing.encode((_PEAK * np.sin(2 * np.pi * hertz * at)).astype(np.float32))


@dataclass(frozen=True, slots=True)
class Moment:
    """20 ms that were heard: when they came, their RTP timestamp, and the amplitude of each tone."""

    at: float
    timestamp: int
    tones: tuple[float, ...]


@dataclass
class Meter:
    """Decodes what comes and keeps the strength of each of `tones` (multiples of 50 Hz) in every 20 ms."""

    tones: Sequence[int]
    moments: list[Moment] = field(default_factory=list)
    _decoder: Decoder = field(default_factory=Decoder)
    _last: int | None = None

    def __post_init__(self) -> None:
        at = np.arange(FRAME_SAMPLES) / SAMPLE_RATE_HZ
        self._waves = np.exp(-2j * np.pi * np.outer(self.tones, at)) * 2 / FRAME_SAMPLES

    def take(self, packet: RtpPacket, at: float) -> None:
        """A packet came."""
        if self._last is not None and sequence_after(packet.sequence, self._last) <= 0:
            return
        self._last = packet.sequence
        with contextlib.suppress(WireError):
            pcm = self._decoder.decode(packet.payload)
            strengths = np.abs(self._waves @ pcm[:FRAME_SAMPLES])
            self.moments.append(Moment(at, packet.timestamp, tuple(float(one) for one in strengths)))

    def renew(self) -> None:
        """Another connection: numbers begin anew."""
        self._last = None

    def _column(self, hertz: int) -> int:
        return list(self.tones).index(hertz)

    def is_heard(self, hertz: int, least: float = LOUD) -> bool:
        """Whether the tone sounds now."""
        return bool(
            self.moments
            and time.monotonic() - self.moments[-1].at < 0.2
            and self.moments[-1].tones[self._column(hertz)] >= least
        )

    def first(self, hertz: int, since: float, least: float = LOUD) -> float:
        """When the tone was first heard after `since`; infinite when it was not."""
        column = self._column(hertz)
        return next((m.at for m in self.moments if m.at >= since and m.tones[column] >= least), math.inf)

    def last(self, hertz: int, until: float, least: float = LOUD) -> float:
        """When the tone was last heard before `until`.

        Raises:
            BenchError: never.
        """
        column = self._column(hertz)
        for moment in reversed(self.moments):
            if moment.at < until and moment.tones[column] >= least:
                return moment.at
        raise BenchError(f"{hertz} Hz was not heard")

    def longest_gap_s(self, hertz: int, since: float, until: float, least: float = LOUD) -> float:
        """The longest time between two moments with this tone."""
        column = self._column(hertz)
        times = [m.at for m in self.moments if since <= m.at <= until and m.tones[column] >= least]
        edges = [since, *times, until]
        return max(after - before for before, after in itertools.pairwise(edges))

    def rise_ms(self, hertz: int, since: float, full: float) -> float:
        """How long the tone takes after `since` from a tenth of `full` to nine tenths, to within 20 ms of its own
        clock; 0 when it never was below the one, infinite when it never reaches the other.
        """
        column, last = self._column(hertz), None
        for moment in self.moments:
            if moment.at >= since and moment.tones[column] < 0.1 * full:
                last = moment.timestamp
            elif moment.at >= since and moment.tones[column] >= 0.9 * full:
                return 0.0 if last is None else 1000 * timestamp_after(moment.timestamp, last) / SAMPLE_RATE_HZ
        return math.inf

    async def until_heard(self, hertz: int, seconds: float = 60, least: float = LOUD) -> float:
        """Wait until the tone sounds; when it began to, in monotonic seconds.

        Raises:
            BenchError: it does not.
        """
        began = time.monotonic()
        while (at := self.first(hertz, began, least)) == math.inf:
            if time.monotonic() - began > seconds:
                raise BenchError(f"{hertz} Hz is not heard within {seconds:.0f} s")
            await asyncio.sleep(0.01)
        return at


@dataclass
class Person:
    """Somebody who sends: the hall, or an interpreter. `sessions` counts the times media was opened.

    `is_aside` sends by the intercom's own microphone.
    """

    house: House
    role: Role
    name: str
    hertz: int
    room: str = "hall"
    booth: str | None = None
    is_away: bool = False
    is_aside: bool = False
    sessions: int = 0
    voice: Voice | None = None
    _task: asyncio.Task[None] | None = None
    _reopen: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.token = self.house.token(self.role, self.name, room=self.room, booth=self.booth)
        self.page = Page(self.house, self.room, self.token, on_boot=self._on_boot)
        self._packets = tone_packets(self.hertz)

    async def open(self) -> None:
        """Come in: page, booth, media.

        Raises:
            SignallingError, SdpError, TimeoutError: it did not come about.
        """
        await self.page.open()
        if self.booth is not None:
            await self.page.command("enter_booth", booth=self.booth, name=self.name)
        await self._open_voice()
        self._task = asyncio.create_task(self._keep_speaking())

    async def go_on_air(self, language: str) -> None:
        """Take the microphone into a channel."""
        await self.page.command("select_outgoing", language=language)
        await self.page.command("take_mic")

    def cut_off(self, *, is_cut_off: bool = True) -> None:
        """Let the network of the media go, or come back."""
        self.is_away = is_cut_off
        if self.voice is not None and self.voice.end is not None:
            self.voice.end.is_cut_off = is_cut_off

    async def vanish(self) -> None:
        """Be killed: connections are closed by the system, and nothing is said."""
        await _end(self._task)
        if self.voice is not None:
            await self.voice.aclose(says_goodbye=False)
        await self.page.aclose()

    async def aclose(self) -> None:
        """Leave."""
        await _end(self._task)
        await self.page.aclose()
        if self.voice is not None:
            await self.voice.aclose()

    async def _on_boot(self) -> None:
        self._reopen.set()

    async def _open_voice(self) -> None:
        if self.is_away:
            raise TimeoutError("there is no network")
        voice = Voice(self._packets)
        try:
            await voice.open(f"{self.house.url}/whip/{self.room}{'?as=intercom' if self.is_aside else ''}", self.token)
        except BaseException:
            await voice.aclose(says_goodbye=False)
            raise
        self.voice = voice
        self.sessions += 1

    async def _keep_speaking(self) -> None:
        while True:
            assert self.voice is not None
            assert self.voice.end is not None
            speaking = asyncio.create_task(self.voice.speak(3600))
            await _any(self._reopen.wait(), self.voice.end.is_gone.wait(), _silence(self.voice.end), speaking)
            await _end(speaking)
            await self.voice.aclose(says_goodbye=False)
            await _again(self._open_voice, self._reopen)


@dataclass
class Hearer:
    """A listener to one channel, with a page."""

    house: House
    channel: str
    tones: Sequence[int]
    room: str = "hall"
    sessions: int = 0
    ear: Ear | None = None
    _task: asyncio.Task[None] | None = None
    _reopen: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.page = Page(self.house, self.room, on_boot=self._on_boot)
        self.meter = Meter(self.tones)

    async def open(self) -> None:
        """Begin to listen.

        Raises:
            SignallingError, SdpError, TimeoutError: it did not come about.
        """
        await self.page.open()
        await self._open_ear()
        self._task = asyncio.create_task(self._keep_listening())

    async def aclose(self) -> None:
        """Leave."""
        await _end(self._task)
        await self.page.aclose()
        if self.ear is not None:
            await self.ear.aclose()

    async def _on_boot(self) -> None:
        self._reopen.set()

    async def _open_ear(self) -> None:
        ear = Ear(self.meter.take)
        try:
            await ear.open(f"{self.house.url}/whep/{self.room}/{self.channel}")
        except BaseException:
            await ear.aclose(says_goodbye=False)
            raise
        self.ear = ear
        self.sessions += 1
        self.meter.renew()

    async def _keep_listening(self) -> None:
        while True:
            assert self.ear is not None
            assert self.ear.end is not None
            await _any(self._reopen.wait(), self.ear.end.is_gone.wait())
            await self.ear.aclose(says_goodbye=False)
            await _again(self._open_ear, self._reopen)


async def _again(attempt: Callable[[], Awaitable[None]], at_once: asyncio.Event) -> None:
    """Try with the pages' pauses until it comes about; `at_once` shortens a pause and is taken back."""
    number = 0
    while True:
        if not at_once.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s(number, random.random())):
                    await at_once.wait()
            number += 1
        at_once.clear()
        with contextlib.suppress(*_LATER):
            await attempt()
            return


async def _silence(end: LeanEnd) -> None:
    while time.monotonic() - end.heard_at < _GIVEN_UP_S:
        await asyncio.sleep(0.2)


async def _any(*waits: Awaitable[object]) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _end(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
