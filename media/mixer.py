"""The mixer: every 20 ms each source decoded once, each mix made, limited and encoded once (`media.strip`).

It ticks in a thread of its own off the monotonic clock. Commands reach it through a queue and take effect at the next
tick, so that a plan of several changes is heard as one. A bus without a sink is not encoded, one without a tap either
is not mixed, and a source without a bus is not decoded, unless somebody looks at its meter or watches over it. What is
trimmed (`media.trim`) is so for every bus.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from media.meters import Meters
from media.opus import Pcm
from media.quality import Quality, SoundJudge
from media.strip import Bus, Group, share, stand_still
from media.trim import UNTRIMMED, Trim, Trimmer

TICK_S: Final = 0.02
_LATE_S: Final = 0.02
_HOPELESS_S: Final = 1.0
_DEFAULT_RAMP_MS: Final = 30


class BusTap(Protocol):
    """Takes a bus's sound away, a tick at a time, and never waits."""

    def put(self, tick: int, pcm: Pcm) -> None:
        """The 960 samples of a tick."""
        ...


class Sound(Protocol):
    """What the mixer needs of a source: 20 ms when somebody listens, and to be told when nobody does."""

    def pull(self) -> Pcm:
        """The next 960 samples; never waits."""
        ...

    def skip(self) -> None:
        """A tick without a listener."""
        ...


@dataclass(frozen=True, slots=True)
class Mix:
    """A source's place in a bus: linear gain from 0 to 1, reached within `ramp_ms`."""

    gain: float
    ramp_ms: int = _DEFAULT_RAMP_MS


@dataclass(frozen=True, slots=True)
class Encoded:
    """One bus's packet of `frames` ticks, of which `tick` is the first."""

    bus: str
    tick: int
    payload: bytes
    frames: int = 1


@dataclass(slots=True)
class MixerCounts:
    """Ticks since the start: `late` began over 20 ms after their time, `skipped` were given up after a second. Packets:
    `encoded`, and `shared` by further buses that carried the same.
    """

    ticks: int = 0
    late: int = 0
    skipped: int = 0
    failed: int = 0
    worst_late_ms: float = 0.0
    encoded: int = 0
    shared: int = 0


@dataclass(frozen=True, slots=True)
class _Standing:
    """What is mixed from what, until a command comes: a conference stands still most of the time."""

    wanted: frozenset[str]
    groups: list[Group]


class Mixer:
    """Sources in, encoded buses out.

    Args:
        deliver: called in the mixer's thread once a tick with all packets of that tick; must not wait.
        on_error: told the name of an exception's class when a tick failed; the next one goes on.
    """

    def __init__(self, deliver: Callable[[list[Encoded]], None], on_error: Callable[[str], None]) -> None:
        self.counts = MixerCounts()
        self.meters = Meters()
        self._deliver = deliver
        self._on_error = on_error
        self._commands: deque[Callable[[], None]] = deque()
        self._sources: dict[str, Sound] = {}
        self._losses: dict[str, Callable[[], int]] = {}
        self._judges: dict[str, SoundJudge] = {}
        self._buses: dict[str, Bus] = {}
        self._taps: dict[str, list[BusTap]] = {}
        self._trimmers: dict[str, Trimmer] = {}
        self._watched: frozenset[str] = frozenset()
        self._still: _Standing | None = None
        self._start = time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mixer", daemon=True)

    def start(self) -> None:
        """Begin to tick."""
        self._thread.start()

    def stop(self) -> None:
        """Tick no more; returns when the last tick is done."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def add_source(self, source: str, sound: Sound, lost: Callable[[], int] = lambda: 0) -> None:
        """Let buses that name `source` hear `sound` from the next tick on; takes the place of an earlier one. `lost`
        tells how many of its packets never came.
        """

        def add() -> None:
            self._sources[source], self._losses[source] = sound, lost
            self._judges.pop(source, None)

        self._commands.append(add)

    def remove_source(self, source: str, sound: Sound) -> None:
        """Take `sound` away, if it is still the one called `source`."""

        def remove() -> None:
            if self._sources.get(source) is sound:
                del self._sources[source], self._losses[source]
                self._judges.pop(source, None)

        self._commands.append(remove)

    def set_mix(self, bus: str, mix: Mapping[str, Mix]) -> None:
        """What a bus carries from the next tick on. A source that `mix` does not name fades out within 30 ms."""
        self._commands.append(lambda: self._set_mix(bus, dict(mix)))

    def set_sinks(self, bus: str, sinks: Mapping[int, int]) -> None:
        """How many carry this bus away, by ticks a packet; what nobody wants is not encoded."""
        self._commands.append(lambda: self._set_sinks(bus, sinks))

    def add_tap(self, bus: str, tap: BusTap) -> None:
        """Hand a bus's sound to `tap` from the next tick on; the bus is mixed for it."""

        def add() -> None:
            self._buses.setdefault(bus, Bus())
            self._taps.setdefault(bus, []).append(tap)

        self._commands.append(add)

    def remove_tap(self, bus: str, tap: BusTap) -> None:
        """No more. Nothing happens when it is not there."""

        def remove() -> None:
            left = [one for one in self._taps.pop(bus, []) if one is not tap]
            if left:
                self._taps[bus] = left

        self._commands.append(remove)

    def quality(self) -> dict[str, Quality]:
        """How the sources sound that somebody hears just now."""
        return {source: judge.quality for source, judge in dict(self._judges).items()}

    def set_meters(self, names: frozenset[str]) -> None:
        """Measure these sources and buses from the next tick on, and no others; the figures are `meters.levels`."""
        self._commands.append(lambda: self.meters.watch(names))

    def watch(self, sources: frozenset[str]) -> None:
        """Judge these sources even while nobody hears them."""

        def watch() -> None:
            self._watched = sources

        self._commands.append(watch)

    def set_trim(self, source: str, trim: Trim) -> None:
        """What is done to a source before any bus hears it, now and when it comes again."""

        def set_trim() -> None:
            if (judge := self._judges.get(source)) is not None:
                judge.forget_levels()
            trimmer = self._trimmers.get(source)
            if trimmer is not None:
                trimmer.set(trim)
            elif source in self._sources:
                # By a ramp from how it sounded so far.
                trimmer = self._trimmers[source] = Trimmer(UNTRIMMED)
                trimmer.set(trim)
            else:
                self._trimmers[source] = Trimmer(trim)

        self._commands.append(set_trim)

    def _set_mix(self, name: str, mix: dict[str, Mix]) -> None:
        bus = self._buses.setdefault(name, Bus())
        for source in bus.faders.keys() - mix.keys():
            bus.go(source, 0.0, _DEFAULT_RAMP_MS)
        for source, place in mix.items():
            bus.go(source, place.gain, place.ramp_ms)

    def _set_sinks(self, name: str, sinks: Mapping[int, int]) -> None:
        bus = self._buses.setdefault(name, Bus())
        bus.frames = {frames for frames, count in sinks.items() if count}

    def due(self, tick: int) -> float:
        """When a tick's time is, in monotonic seconds."""
        return self._start + tick * TICK_S

    def next_tick(self, now: float) -> int:
        """The first tick that a command given now is sure to reach."""
        return int((now - self._start) / TICK_S) + 2

    def _run(self) -> None:
        tick = 0
        while not self._stopping.is_set():
            due = self.due(tick)
            now = time.monotonic()
            if now < due:
                # An Event's wait wakes up to a millisecond late and costs a lock; stopping can wait for a tick.
                time.sleep(due - now)
                now = time.monotonic()
            late = now - due
            if late > _HOPELESS_S:
                missed = int(late / TICK_S)
                self.counts.skipped += missed
                tick += missed
            self._note_lateness(late)
            self.run_tick(tick, now)
            tick += 1

    def _note_lateness(self, late: float) -> None:
        if late > _LATE_S:
            self.counts.late += 1
        self.counts.worst_late_ms = max(self.counts.worst_late_ms, late * 1000)

    def run_tick(self, tick: int, now: float) -> None:
        """One tick's work; for tests, without the thread. An error costs this tick and no more."""
        self.counts.ticks += 1
        try:
            while self._commands:
                self._still = None
                self._commands.popleft()()
            packets = self._mix_all(tick)
        except Exception as error:
            self.counts.failed += 1
            self._still = None
            self._on_error(type(error).__name__)
            return
        if packets:
            self._deliver(packets)

    def _mix_all(self, tick: int) -> list[Encoded]:
        if self._still is not None:
            heard, groups = self._pull(self._still.wanted, tick), self._still.groups
        else:
            active = self._active()
            wanted = self._wanted(active.values())
            heard = self._pull(wanted, tick)
            groups = self._group(active, heard)
            if stand_still(groups):
                self._still = _Standing(wanted, groups)
        packets = []
        for group in groups:
            frame = group.mix(heard)
            self._hand_over(tick, frame, group)
            packets += self._encode(tick, frame, group)
        if self._still is None:
            for group in groups:
                group.follow()
        self.meters.measure(tick)
        return packets

    def _active(self) -> dict[str, Bus]:
        metered = self.meters.names
        active = {n: bus for n, bus in self._buses.items() if bus.frames or n in self._taps or n in metered}
        for name, bus in self._buses.items():
            if name not in active:
                bus.rest()
        return active

    def _wanted(self, buses: Iterable[Bus]) -> frozenset[str]:
        carried = {source for bus in buses for source, fader in bus.faders.items() if not fader.is_silent}
        return self.meters.names | self._watched | carried

    def _group(self, active: Mapping[str, Bus], heard: Mapping[str, Pcm]) -> list[Group]:
        for bus in active.values():
            bus.look(heard)
        names = {bus: name for name, bus in active.items()}
        shares = share(active.values()).items()
        return [Group.of(strip, {names[bus]: bus for bus in buses}) for strip, buses in shares]

    def _hand_over(self, tick: int, frame: Pcm, group: Group) -> None:
        for name in group.buses:
            self.meters.hear(tick, name, frame)
            for tap in self._taps.get(name, ()):
                tap.put(tick, frame)

    def _encode(self, tick: int, frame: Pcm, group: Group) -> list[Encoded]:
        packets = []
        for takers, frames, first, payload in group.encode(tick, frame):
            packets += [Encoded(name, first, payload, frames) for name in takers]
            self.counts.encoded += 1
            self.counts.shared += len(takers) - 1
        return packets

    def _pull(self, wanted: frozenset[str], tick: int) -> dict[str, Pcm]:
        heard = {}
        for name, sound in self._sources.items():
            if name not in wanted:
                sound.skip()
                self._judges.pop(name, None)
                continue
            raw = sound.pull()
            heard[name] = self._trim(name, raw)
            self._judge(name, heard[name], raw)
            self.meters.hear(tick, name, heard[name])
        return heard

    def _trim(self, source: str, pcm: Pcm) -> Pcm:
        trimmer = self._trimmers.get(source)
        if trimmer is None:
            return pcm
        if trimmer.is_idle:
            del self._trimmers[source]
            return pcm
        return trimmer.hear(pcm)

    def _judge(self, source: str, pcm: Pcm, raw: Pcm) -> None:
        judge = self._judges.get(source)
        if judge is None:
            judge = self._judges[source] = SoundJudge(phase=7 * len(self._judges))
        judge.hear(pcm, self._losses[source](), raw)
