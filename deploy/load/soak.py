"""A long afternoon in one room: `python -m deploy.load.soak --minutes 30`, one `name: value` a line at the end.

A hall that speaks, two booths that go on and off the air by turns every 20 s, 50 listeners who each change language
every 10 s, and every 5 s one of them goes and another comes; in the first two minutes all that is twenty times as
fast, so that memory has what it will need before it is looked at. Looked at are the server's memory, whether sound and
clocks drift, ticks that came late, packets that went missing.
"""

import argparse
import asyncio
import contextlib
import random
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp
import numpy as np

from deploy.load import hearing, measure
from deploy.load.company import Page
from deploy.load.hearing import Heard
from deploy.load.house import House, opened
from deploy.load.listening import Figures
from deploy.load.measure import Usage
from deploy.load.processes import BenchError
from deploy.load.sequence import SequenceCheck
from deploy.load.swarm import SignallingError
from deploy.load.voice import Ear, Voice
from interpreting.roles import Role
from media.rtcp import SenderReport
from media.rtp import RtpPacket, timestamp_after

CHANNELS: Final = ("floor", "de", "uk", "en")
ROOM: Final = "hall"
_MIXER: Final = {
    "ticks": "tolmach_mixer_ticks_total",
    "late": "tolmach_mixer_late_ticks_total",
    "skipped": "tolmach_mixer_skipped_ticks_total",
    "failed": "tolmach_mixer_failed_ticks_total",
}
_BOOTHS: Final = (("de-uk", "Olena", "uk"), ("en", "Maria", "en"))
_TURN_S: Final = 20.0
_SWITCH_S: Final = 10.0
_COME_AND_GO_S: Final = 5.0
_HURRY_S: Final = 120.0
_HURRY: Final = 20.0
_WARM_UP_S: Final = 240.0
_LOOK_S: Final = 10.0
_LISTEN_EVERY_S: Final = 60.0
_TUNE_S: Final = 20
_TAPE_PACKETS: Final = 400


@dataclass(eq=False)
class Guest:
    """A listener who counts: a change of language keeps the numbering, so nothing is forgiven it. `hurry` divides the
    time between changes.
    """

    house: House
    sequence: SequenceCheck = field(default_factory=SequenceCheck)
    wrong_stamps: int = 0
    _last: tuple[int, int] | None = None
    ear: Ear | None = None
    hurry: Callable[[], float] = lambda: 1.0

    async def come(self) -> None:
        """Join on some channel."""
        self.ear = Ear(self._take)
        await self.ear.open(f"{self.house.url}/whep/{ROOM}/{random.choice(CHANNELS)}")

    async def stay(self) -> None:
        """Change the language every 10 s, beginning at some moment."""
        assert self.ear is not None
        await asyncio.sleep(random.uniform(0, _SWITCH_S) / self.hurry())
        while True:
            with contextlib.suppress(SignallingError):
                await self.ear.switch(random.choice(CHANNELS))
            await asyncio.sleep(_SWITCH_S / self.hurry())

    def _take(self, packet: RtpPacket, at: float) -> None:
        self.sequence.add(packet.sequence)
        if self._last is not None:
            steps = (packet.sequence - self._last[0]) & 0xFFFF
            self.wrong_stamps += (packet.timestamp - self._last[1]) & 0xFFFFFFFF != steps * 960
        self._last = packet.sequence, packet.timestamp


@dataclass
class Clockwork:
    """One listener to the floor for the whole time, who knows when what should have come."""

    tape: list[tuple[RtpPacket, float]] = field(default_factory=list)
    transits: list[tuple[float, float]] = field(default_factory=list)
    leads: list[tuple[float, float]] = field(default_factory=list)
    delays: list[tuple[float, float]] = field(default_factory=list)
    _first: tuple[int, float] | None = None
    _seconds: float = 0.0
    _stamp: int = 0
    _offset_s: float = time.time() - time.monotonic()

    def take(self, packet: RtpPacket, at: float) -> None:
        """A packet: how late it is by its timestamp, against the first one."""
        if self._first is None:
            self._first, self._stamp = (packet.timestamp, at), packet.timestamp
        self._seconds += timestamp_after(packet.timestamp, self._stamp) / 48000
        self._stamp = packet.timestamp
        self.transits.append((at, at - self._first[1] - self._seconds))
        self.tape.append((packet, at))
        del self.tape[:-_TAPE_PACKETS]

    def take_report(self, report: SenderReport, at: float) -> None:
        """A sender report: how long after the moment it names the packet of that moment came."""
        for packet, came in reversed(self.tape):
            if packet.timestamp == report.timestamp:
                self.leads.append((at, came + self._offset_s - report.ntp_s))
                return

    def listen(self, tune: Sequence[bytes], voice: Voice) -> None:
        """How late the hall's sound of the last seconds is."""
        sound = hearing.decode(tune)
        heard = Heard.of(list(self.tape))
        first = max(0, len(voice.sent_at) - 250)
        numbers = range(first, len(voice.sent_at))
        sent = np.concatenate([sound[n % len(tune) * 960 :][:960] for n in numbers])
        pieces = hearing.compare(sent, voice.sent_at[first:], heard)
        delays = hearing.delays_ms(pieces)
        if len(delays):
            self.delays.append((time.monotonic(), float(np.median(delays))))


@dataclass
class Looks:
    """What was seen of the server's process, every 10 s."""

    at: list[float] = field(default_factory=list)
    rss_mib: list[float] = field(default_factory=list)

    def growth_mib_per_hour(self, since: float) -> tuple[float, float]:
        """The slope of a straight line through the memory after `since`, and its standard error.

        Raises:
            ValueError: fewer than three looks.
        """
        points = [(at / 3600, mib) for at, mib in zip(self.at, self.rss_mib, strict=True) if at >= since]
        return slope(points)


def slope(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Least squares: the slope of y over x, and its standard error.

    Raises:
        ValueError: fewer than three points.
    """
    if len(points) < 3:
        raise ValueError("too few points for a line")
    x, y = np.array(points).T
    x = x - x.mean()
    rise = float(np.dot(x, y) / np.dot(x, x))
    rest = y - y.mean() - rise * x
    return rise, float(np.sqrt(np.dot(rest, rest) / (len(points) - 2) / np.dot(x, x)))


class Afternoon:
    """All who are there. `open` brings them, `run` lets them act, `report` prints."""

    def __init__(self, house: House, guests: int) -> None:
        self._house = house
        self._count = guests
        self._guests: dict[Guest, asyncio.Task[None]] = {}
        self._gone: list[Guest] = []
        self._tune = hearing.encode(hearing.make_tune(_TUNE_S))
        self._hall = Voice(self._tune, keeps_times=True)
        self._clockwork = Clockwork()
        self._ear = Ear(self._clockwork.take, self._clockwork.take_report)
        self._booths: list[tuple[Page, Voice, str]] = []
        self._looks = Looks()
        self._turns = 0
        self._joins = 0
        self._started = time.monotonic()

    async def run(self, minutes: float) -> None:
        """Everything that happens, for so long."""
        seconds = 60 * minutes
        await self._open(seconds)
        self._started, self._usage = time.monotonic(), Usage.of(self._house.pid)
        self._before = await self._house.metrics()
        acts: list[Awaitable[None]] = [self._take_turns(), self._come_and_go(), self._look(), self._listen()]
        tasks = [asyncio.ensure_future(act) for act in [*acts, self._hall.speak(seconds)]]
        tasks += [asyncio.ensure_future(voice.speak(seconds)) for _, voice, _ in self._booths]
        # Asked to end early, it tells what it has seen so far.
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, tasks[-1].cancel)
        try:
            # The hall's end is the end; anybody else's is an error.
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done() and not task.cancelled():
                    task.result()
        finally:
            for task in [*tasks, *self._guests.values()]:
                task.cancel()
            await asyncio.gather(*tasks, *self._guests.values(), return_exceptions=True)

    async def aclose(self) -> None:
        """Everybody leaves."""
        for page, voice, _ in self._booths:
            await page.aclose()
            await voice.aclose()
        for guest in self._guests:
            if guest.ear is not None:
                await guest.ear.aclose()
        await self._ear.aclose()
        await self._hall.aclose()

    async def _open(self, seconds: float) -> None:
        house, whip = self._house, f"{self._house.url}/whip/{ROOM}"
        await self._hall.open(whip, house.token(Role.VENUE, "hall"))
        await self._ear.open(f"{house.url}/whep/{ROOM}/floor")
        for booth, name, language in _BOOTHS:
            token = house.token(Role.INTERPRETER, name, booth=booth)
            page, voice = Page(house, ROOM, token, keeps_states=False), Voice(self._tune)
            self._booths.append((page, voice, language))
            await page.open()
            await page.command("enter_booth", booth=booth, name=name)
            await page.command("select_outgoing", language=language)
            await voice.open(whip, token)
        for _ in range(self._count):
            await self._invite()

    async def _invite(self) -> None:
        guest = Guest(self._house, hurry=self._hurry)
        await guest.come()
        self._joins += 1
        self._guests[guest] = asyncio.create_task(guest.stay())

    def _hurry(self) -> float:
        return _HURRY if time.monotonic() - self._started < _HURRY_S else 1.0

    async def _take_turns(self) -> None:
        for turn in range(sys.maxsize):
            for number, (page, _, _) in enumerate(self._booths):
                await page.command("take_mic" if (turn + number) % 2 == 0 else "release_mic")
            self._turns += 1
            await asyncio.sleep(_TURN_S / self._hurry())

    async def _come_and_go(self) -> None:
        while True:
            await asyncio.sleep(_COME_AND_GO_S / self._hurry())
            guest = random.choice(list(self._guests))
            self._guests.pop(guest).cancel()
            assert guest.ear is not None
            await guest.ear.aclose(says_goodbye=random.random() < 0.5)
            self._gone.append(guest)
            await self._invite()

    async def _look(self) -> None:
        while True:
            self._looks.at.append(time.monotonic() - self._started)
            self._looks.rss_mib.append(measure.resident_kib(self._house.pid) / 1024)
            await asyncio.sleep(_LOOK_S)

    async def _listen(self) -> None:
        while True:
            await asyncio.sleep(min(_LISTEN_EVERY_S, 15))
            await asyncio.to_thread(self._clockwork.listen, self._tune, self._hall)
            await asyncio.sleep(_LISTEN_EVERY_S - 15)

    async def report(self, figures: Figures) -> None:
        """Print what was seen."""
        after = await self._house.metrics()
        minutes = (time.monotonic() - self._started) / 60
        warm_s = min(_WARM_UP_S, 20 * minutes)
        growth, error = self._looks.growth_mib_per_hour(warm_s)
        figures.add("minutes", minutes)
        figures.add("memory_growth_mib_per_hour", growth)
        figures.add("memory_growth_standard_error", error)
        figures.add("memory_mib_at_start", self._looks.rss_mib[0])
        figures.add("memory_mib_after_warm_up", _at(self._looks, warm_s))
        figures.add("memory_mib_at_end", self._looks.rss_mib[-1])
        figures.add("cpu_percent", 100 * Usage.of(self._house.pid).share_since(self._usage))
        for name, key in _MIXER.items():
            figures.add(f"mixer_{name}", after[key] - self._before[key])
        figures.add("mixer_worst_late_ms", 1000 * after["tolmach_mixer_worst_late_seconds"])
        self._report_packets(figures)
        self._report_clocks(figures)

    def _report_packets(self, figures: Figures) -> None:
        everybody = [*self._guests, *self._gone]
        for name in ("received", "lost", "reordered", "duplicates"):
            figures.add(f"packets_{name}", sum(getattr(guest.sequence, name) for guest in everybody))
        figures.add("timestamps_wrong", sum(guest.wrong_stamps for guest in everybody))
        figures.add("joins", self._joins)
        figures.add("turns_on_air", self._turns)

    def _report_clocks(self, figures: Figures) -> None:
        clockwork = self._clockwork
        figures.add("bus_clock_drift_ms_per_hour", 3600 * 1000 * slope(clockwork.transits)[0])
        figures.add("lip_sync_drift_ms_per_hour", 3600 * 1000 * slope(clockwork.leads)[0])
        leads = [1000 * lead for _, lead in clockwork.leads]
        figures.add("lip_sync_ms_least", min(leads))
        figures.add("lip_sync_ms_most", max(leads))
        delays = [delay for _, delay in clockwork.delays]
        figures.add("sound_delay_ms_first", delays[0])
        figures.add("sound_delay_ms_last", delays[-1])
        figures.add("sound_delay_ms_least", min(delays))
        figures.add("sound_delay_ms_most", max(delays))


def _at(looks: Looks, seconds: float) -> float:
    return next(mib for at, mib in zip(looks.at, looks.rss_mib, strict=True) if at >= seconds)


async def run(minutes: float, guests: int) -> None:
    """One afternoon; its figures."""
    with tempfile.TemporaryDirectory(prefix="tolmach-load-") as folder:
        async with opened(House(Path(folder))) as house:
            afternoon = Afternoon(house, guests)
            try:
                await afternoon.run(minutes)
                await afternoon.report(Figures())
            finally:
                await afternoon.aclose()


def main() -> int:
    """Print the figures; 1 when it could not be lived through."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.soak", description=__doc__.split("\n\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (30)")
    parser.add_argument("--listeners", type=int, default=50, help="how many (50)")
    options = parser.parse_args()
    try:
        asyncio.run(run(options.minutes, options.listeners))
    except (BenchError, SignallingError, aiohttp.ClientError, TimeoutError, ValueError) as error:
        print(f"soak: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
