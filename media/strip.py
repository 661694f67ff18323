"""Buses and the strips behind them: what carries the same is mixed, limited and encoded once.

A bus is a list of faders; a strip is a limiter and encoders. Buses with equal faders share a strip. One that begins to
differ goes away with a copy of it, limiter and encoders as they stand, so that its listeners' decoders notice nothing;
one that has carried the same for half a second gives its own strip up for the other's. Belongs to the mixer's thread.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from media.opus import FRAME_SAMPLES, Encoder, Pcm
from media.sound import SILENCE, Fader, Limiter

# Then both limiters look ahead at the same sound, and what the two encoders remember of before has died away.
SETTLED_TICKS: Final = 25
Recipe = frozenset[tuple[str, float, float, float]]
"""Who is heard in a bus and how: source, and the place of its fader."""


class Packer:
    """An encoder of packets of `frames` ticks, and the ticks that wait for a packet to be full."""

    def __init__(self, frames: int, encoder: Encoder | None = None, waiting: tuple[Pcm, ...] = ()) -> None:
        self.frames = frames
        self._encoder = encoder or Encoder(loss_percent=10, frames=frames)
        self._waiting = waiting

    def add(self, tick: int, frame: Pcm) -> tuple[int, bytes] | None:
        """The packet that this tick makes full, with the tick it begins with; None while it is not full."""
        if self.frames == 1:
            return tick, self._encoder.encode(frame)
        # Long packets begin at the same ticks on every bus, so that a language switch keeps its numbering.
        at = tick % self.frames
        self._waiting = (*self._waiting[:at], frame) if at else (frame,)
        if at < self.frames - 1 or len(self._waiting) < self.frames:
            return None
        return tick - at, self._encoder.encode(np.concatenate(self._waiting))

    def copy(self) -> "Packer":
        """Another one that would make the same packets of the same sound from here on."""
        return Packer(self.frames, self._encoder.copy(), self._waiting)


class Strip:
    """A limiter and the encoders behind it."""

    def __init__(self) -> None:
        self._limiter = Limiter()
        self._packers: dict[int, Packer] = {}

    @property
    def is_at_rest(self) -> bool:
        """Whether its limiter lets everything through as it is."""
        return self._limiter.is_at_rest

    def limit(self, mix: Pcm) -> Pcm:
        """A tick's sound as it goes out."""
        return np.ascontiguousarray(self._limiter.limit(mix))

    def encode(self, tick: int, frame: Pcm, wanted: set[int]) -> list[tuple[int, int, bytes]]:
        """The packets of the lengths `wanted` that are full now: ticks a packet, the tick it begins with, its bytes."""
        for frames in self._packers.keys() - wanted:
            del self._packers[frames]
        packets = []
        for frames in sorted(wanted):
            packer = self._packers.get(frames)
            if packer is None:
                packer = self._packers[frames] = Packer(frames)
            packet = packer.add(tick, frame)
            if packet is not None:
                packets.append((frames, *packet))
        return packets

    def copy(self) -> "Strip":
        """Another one that would do the same with the same sound from here on."""
        other = Strip()
        other._limiter = self._limiter.copy()
        other._packers = {frames: packer.copy() for frames, packer in self._packers.items()}
        return other

    def take_over(self, other: "Strip") -> None:
        """Go on for a strip that is given up: lengths that only it encodes come from its encoders."""
        self._packers = {**other._packers, **self._packers}


@dataclass(eq=False, slots=True)
class Bus:
    """One bus: its faders, the lengths of packets somebody wants, and its strip while anybody hears it. `settled_ticks`
    is for how long its recipe has stood still.
    """

    faders: dict[str, Fader] = field(default_factory=dict)
    frames: set[int] = field(default_factory=set)
    strip: Strip | None = None
    recipe: Recipe = frozenset()
    settled_ticks: int = 0

    def go(self, source: str, gain: float, ramp_ms: int) -> None:
        """Bring a source to a gain within `ramp_ms`."""
        self.faders.setdefault(source, Fader()).go(gain, ramp_ms)

    def rest(self) -> None:
        """Nobody hears it: faders are where they go to."""
        self.strip = None
        self.recipe, self.settled_ticks = frozenset(), 0
        for fader in self.faders.values():
            fader.jump()

    def look(self, heard: Mapping[str, Pcm]) -> None:
        """Write down the recipe of this tick. Faders of sources that are not there are where they go to."""
        for source, fader in list(self.faders.items()):
            if source not in heard:
                fader.jump()
            if fader.is_silent:
                del self.faders[source]
        recipe = frozenset((source, *fader.place) for source, fader in self.faders.items() if source in heard)
        is_settled = recipe == self.recipe and all(gain == target for _, gain, target, _ in recipe)
        self.settled_ticks = self.settled_ticks + 1 if is_settled else 0
        self.recipe = recipe

    def mix(self, heard: Mapping[str, Pcm]) -> Pcm:
        """The sum of what it carries, its faders a tick further; not to be written to."""
        carried = [(fader, heard[source]) for source, fader in self.faders.items() if source in heard]
        if not carried:
            return SILENCE
        if len(carried) == 1 and carried[0][0].is_open:
            return carried[0][1]
        mix = np.zeros(FRAME_SAMPLES, np.float32)
        for fader, pcm in carried:
            fader.add(mix, pcm)
        return mix

    def follow(self, leader: "Bus") -> None:
        """Bring faders a tick further as those of a bus with the same recipe went."""
        for source, fader in self.faders.items():
            if source in leader.faders:
                fader.gain = leader.faders[source].gain


@dataclass(frozen=True, slots=True)
class Group:
    """A strip and the buses that have it for a tick, the first of which is mixed for all."""

    strip: Strip
    buses: Mapping[str, Bus]
    lengths: set[int]

    @classmethod
    def of(cls, strip: Strip, buses: Mapping[str, Bus]) -> "Group":
        """These buses, by name, behind a strip."""
        return cls(strip, buses, set().union(*(bus.frames for bus in buses.values())))

    def mix(self, heard: Mapping[str, Pcm]) -> Pcm:
        """The tick's sound of them all, as it goes out."""
        return self.strip.limit(next(iter(self.buses.values())).mix(heard))

    def encode(self, tick: int, frame: Pcm) -> list[tuple[list[str], int, int, bytes]]:
        """The packets that are full now: who takes one, ticks it holds, the tick it begins with, its bytes."""
        return [
            ([name for name, bus in self.buses.items() if frames in bus.frames], frames, first, payload)
            for frames, first, payload in self.strip.encode(tick, frame, self.lengths)
        ]

    def follow(self) -> None:
        """Bring the faders of all a tick further as the first one's went."""
        leader, *others = self.buses.values()
        for bus in others:
            bus.follow(leader)


def stand_still(groups: Sequence[Group]) -> bool:
    """Whether the next tick will find the same groups, if nobody touches a fader and no source comes or goes."""
    recipes = set()
    for group in groups:
        for bus in group.buses.values():
            if bus.settled_ticks < SETTLED_TICKS:
                return False
            recipes.add(bus.recipe)
    # Two strips of one recipe would still become one.
    return len(recipes) == len(groups)


def share(buses: Iterable[Bus]) -> dict[Strip, list[Bus]]:
    """Give every bus its strip for this tick, after all have looked. Returns who has which."""
    buses = list(buses)
    _part(bus for bus in buses if bus.strip is not None)
    _join(bus for bus in buses if bus.strip is not None)
    running = {bus.recipe: bus.strip for bus in buses if bus.strip is not None}
    shares: dict[Strip, list[Bus]] = {}
    for bus in buses:
        if bus.strip is None:
            # Nobody has heard it yet, so there is nothing to go on with.
            bus.strip = running.setdefault(bus.recipe, Strip())
        shares.setdefault(bus.strip, []).append(bus)
    return shares


def _part(buses: Iterable[Bus]) -> None:
    """Of buses that shared a strip and differ now, the first keep it, and the others go on with copies."""
    strips: dict[Strip | None, dict[Recipe, Strip | None]] = {}
    for bus in buses:
        former = bus.strip
        parts = strips.setdefault(former, {})
        if bus.recipe not in parts:
            parts[bus.recipe] = former.copy() if parts and former is not None else former
        bus.strip = parts[bus.recipe]


def _join(buses: Iterable[Bus]) -> None:
    """Of strips that have done the same for long enough, all buses go to the first."""
    homes: dict[Recipe, Strip] = {}
    moved: dict[Strip, Strip] = {}
    with_strips = [(bus, bus.strip) for bus in buses if bus.strip is not None]
    for bus, strip in with_strips:
        if bus.settled_ticks < SETTLED_TICKS or not strip.is_at_rest or strip in moved:
            continue
        home = homes.setdefault(bus.recipe, strip)
        if home is not strip:
            home.take_over(strip)
            moved[strip] = home
    for bus, strip in with_strips:
        bus.strip = moved.get(strip, strip)
