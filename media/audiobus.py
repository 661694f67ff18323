"""An audio bus's ways out: one packet a tick, numbered by the tick, to every subscriber. Belongs to the media thread.

Subscribers differ in how they want it: 20 ms or 60 ms a packet, plain or doubled (RED). Each way that somebody uses has
a fan-out and a history of its own; the sound in them is the same.
"""

import socket
from dataclasses import dataclass
from typing import Final

from media import redundancy
from media.fanout import AudioClock, FanOut, History
from media.mixer import Encoded
from media.opus import FRAME_SAMPLES, MAX_PACKET_BYTES
from media.rtp import HEADER
from media.srtp import MAX_TRAILER_BYTES

LONG_FRAMES: Final = 3
"""Ticks in a long packet: 60 ms, a third of the packets for 40 ms of delay."""
_HISTORY_PACKETS: Final = 64


@dataclass(frozen=True, slots=True)
class Way:
    """`frames` ticks a packet (1 or 3); `red_of` is the Opus payload type inside RED, 0 for plain Opus."""

    frames: int = 1
    red_of: int = 0

    @property
    def slot_bytes(self) -> int:
        """The longest protected packet, rounded up to whole cache lines."""
        copies = 2 if self.red_of else 1
        return (12 + 5 + copies * self.frames * MAX_PACKET_BYTES + MAX_TRAILER_BYTES + 63) // 64 * 64


class Lane:
    """One way's subscribers and its last packets."""

    __slots__ = ("fan", "history")

    def __init__(self, sock: socket.socket, way: Way) -> None:
        self.fan = FanOut(sock, way.slot_bytes)
        self.history = History(_HISTORY_PACKETS)


class AudioBus:
    """One bus's lanes.

    Args:
        sock: where to send.
        clock: shared by all buses.
    """

    def __init__(self, sock: socket.socket, clock: AudioClock) -> None:
        self.lanes: dict[Way, Lane] = {}
        self._sock = sock
        self._clock = clock
        self._earlier: dict[int, bytes] = {}

    def lane(self, way: Way) -> Lane:
        """The lane of a way, made when it is first asked for."""
        lane = self.lanes.get(way)
        if lane is None:
            lane = self.lanes[way] = Lane(self._sock, way)
        return lane

    @property
    def subscribers(self) -> int:
        """How many hear it, whichever way."""
        return sum(len(lane.fan) for lane in self.lanes.values())

    def sinks(self) -> dict[int, int]:
        """Subscribers by ticks a packet, for the mixer to know what to encode."""
        counts: dict[int, int] = {}
        for way, lane in self.lanes.items():
            counts[way.frames] = counts.get(way.frames, 0) + len(lane.fan)
        return counts

    def send(self, encoded: Encoded) -> None:
        """Send one encoded packet. Sequence and timestamp are the tick's, the SSRC is the same on every bus."""
        clock, frames = self._clock, encoded.frames
        sequence = clock.sequence(encoded.tick, frames)
        header = HEADER.pack(0x80, 0, sequence, clock.timestamp(encoded.tick), clock.ssrc)
        for way, lane in self.lanes.items():
            if way.frames != frames or not len(lane.fan):
                continue
            payload = encoded.payload
            if way.red_of:
                earlier = self._earlier.get(frames, b"")
                payload = redundancy.put_together(way.red_of, payload, earlier, frames * FRAME_SAMPLES)
            packet = header + payload
            lane.history.keep(sequence, packet)
            lane.fan.send(packet)
        self._earlier[frames] = encoded.payload
