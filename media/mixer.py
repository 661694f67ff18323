"""The mixer: every 20 ms each source decoded once, each bus mixed, limited, measured and encoded once.

It ticks in a thread of its own off the monotonic clock. Commands reach it through a queue and take effect at the next
tick, so that a plan of several changes is heard as one. A bus without a sink is not encoded, one without a tap either
is not mixed, and a source without a bus is not decoded, unless somebody looks at the meters.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from media.opus import FRAME_SAMPLES, Encoder, Pcm
from media.quality import Quality, SoundJudge
from media.sound import Fader, Level, Limiter, measure

TICK_S: Final = 0.02
_LATE_S: Final = 0.02
_HOPELESS_S: Final = 1.0
_METERS_STAY_S: Final = 2.0
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
    """Ticks since the start: `late` began over 20 ms after their time, `skipped` were given up after a second."""

    ticks: int = 0
    late: int = 0
    skipped: int = 0
    failed: int = 0
    worst_late_ms: float = 0.0


@dataclass(slots=True)
class _Bus:
    faders: dict[str, Fader] = field(default_factory=dict)
    limiter: Limiter = field(default_factory=Limiter)
    encoders: dict[int, Encoder] = field(default_factory=dict)
    held: list[Pcm] = field(default_factory=list)
    taps: list[BusTap] = field(default_factory=list)


class Mixer:
    """Sources in, encoded buses out.

    Args:
        deliver: called in the mixer's thread once a tick with all packets of that tick; must not wait.
        on_error: told the name of an exception's class when a tick failed; the next one goes on.
    """

    def __init__(self, deliver: Callable[[list[Encoded]], None], on_error: Callable[[str], None]) -> None:
        self.counts = MixerCounts()
        self.levels: dict[str, Level] = {}
        self._deliver = deliver
        self._on_error = on_error
        self._commands: deque[Callable[[], None]] = deque()
        self._sources: dict[str, Sound] = {}
        self._losses: dict[str, Callable[[], int]] = {}
        self._judges: dict[str, SoundJudge] = {}
        self._buses: dict[str, _Bus] = {}
        self._metered_until = 0.0
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
                self.levels.pop(source, None)

        self._commands.append(remove)

    def set_mix(self, bus: str, mix: Mapping[str, Mix]) -> None:
        """What a bus carries from the next tick on. A source that `mix` does not name fades out within 30 ms."""
        self._commands.append(lambda: self._set_mix(bus, dict(mix)))

    def set_sinks(self, bus: str, sinks: Mapping[int, int]) -> None:
        """How many carry this bus away, by ticks a packet; what nobody wants is not encoded."""
        self._commands.append(lambda: self._set_sinks(bus, sinks))

    def add_tap(self, bus: str, tap: BusTap) -> None:
        """Hand a bus's sound to `tap` from the next tick on; the bus is mixed for it."""
        self._commands.append(lambda: self._buses.setdefault(bus, _Bus()).taps.append(tap))

    def remove_tap(self, bus: str, tap: BusTap) -> None:
        """No more. Nothing happens when it is not there."""

        def remove() -> None:
            tapped = self._buses.get(bus)
            if tapped is not None:
                tapped.taps = [one for one in tapped.taps if one is not tap]

        self._commands.append(remove)

    def quality(self) -> dict[str, Quality]:
        """How the sources sound that somebody hears just now."""
        return {source: judge.quality for source, judge in dict(self._judges).items()}

    def watch_levels(self) -> None:
        """Keep `levels` of every source and bus fresh for the next two seconds."""
        self._metered_until = time.monotonic() + _METERS_STAY_S

    def _set_mix(self, name: str, mix: dict[str, Mix]) -> None:
        bus = self._buses.setdefault(name, _Bus())
        for source in bus.faders.keys() - mix.keys():
            bus.faders[source].go(0.0, _DEFAULT_RAMP_MS)
        for source, place in mix.items():
            bus.faders.setdefault(source, Fader()).go(place.gain, place.ramp_ms)

    def _set_sinks(self, name: str, sinks: Mapping[int, int]) -> None:
        bus = self._buses.setdefault(name, _Bus())
        wanted = {frames for frames, count in sinks.items() if count}
        for frames in wanted - bus.encoders.keys():
            bus.encoders[frames] = Encoder(loss_percent=10, frames=frames)
        for frames in bus.encoders.keys() - wanted:
            del bus.encoders[frames]

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
                self._commands.popleft()()
            packets = self._mix_all(tick, now < self._metered_until)
        except Exception as error:
            self.counts.failed += 1
            self._on_error(type(error).__name__)
            return
        if packets:
            self._deliver(packets)

    def _mix_all(self, tick: int, is_metered: bool) -> list[Encoded]:
        active = {name: bus for name, bus in self._buses.items() if bus.encoders or bus.taps or is_metered}
        heard = self._pull(active, is_metered)
        packets = []
        for name, bus in self._buses.items():
            if name not in active:
                for fader in bus.faders.values():
                    fader.jump()
                continue
            frame = self._mix_bus(bus, heard)
            if is_metered:
                self.levels[name] = measure(frame)
            for tap in bus.taps:
                tap.put(tick, frame)
            packets += self._encode(name, bus, frame, tick)
        return packets

    @staticmethod
    def _encode(name: str, bus: _Bus, frame: Pcm, tick: int) -> list[Encoded]:
        packets = []
        for frames, encoder in bus.encoders.items():
            if frames == 1:
                packets.append(Encoded(name, tick, encoder.encode(frame)))
                continue
            # Long packets begin at the same ticks on every bus, so that a language switch keeps its numbering.
            at = tick % frames
            bus.held = [*bus.held[:at], frame] if at else [frame]
            if at == frames - 1 and len(bus.held) == frames:
                packets.append(Encoded(name, tick - at, encoder.encode(np.concatenate(bus.held)), frames))
        return packets

    def _pull(self, active: Mapping[str, _Bus], is_metered: bool) -> dict[str, Pcm]:
        wanted = {s for bus in active.values() for s, fader in bus.faders.items() if not fader.is_silent}
        heard = {}
        for name, sound in self._sources.items():
            if name not in wanted and not is_metered:
                sound.skip()
                self._judges.pop(name, None)
                continue
            heard[name] = sound.pull()
            self._judge(name, heard[name])
            if is_metered:
                self.levels[name] = measure(heard[name])
        return heard

    def _judge(self, source: str, pcm: Pcm) -> None:
        judge = self._judges.get(source)
        if judge is None:
            judge = self._judges[source] = SoundJudge(phase=7 * len(self._judges))
        judge.hear(pcm, self._losses[source]())

    def _mix_bus(self, bus: _Bus, heard: Mapping[str, Pcm]) -> Pcm:
        mix = np.zeros(FRAME_SAMPLES, np.float32)
        for source, fader in list(bus.faders.items()):
            pcm = heard.get(source)
            if pcm is None:
                fader.jump()
            else:
                fader.add(mix, pcm)
            if fader.is_silent:
                del bus.faders[source]
        return np.ascontiguousarray(bus.limiter.limit(mix))
