"""An audio bus at an edge: what the origin's bus sent, to the edge's own subscribers. Belongs to the media thread.

Packets of the buses of one tick arrive one after the other here, and repaired ones late. A subscriber that changed
buses meanwhile must not get both buses' packet under one number: two texts would be encrypted with one keystream
(RFC 7714 section 8). So whoever enters a bus gets ticks from it only that no bus had sent before.
"""

import socket
from typing import Final

from media.audiobus import AudioBus, Lane, Way
from media.fanout import FanOut, Subscriber
from media.mixer import Encoded
from media.subscribing import Stage

# A packet later than this is of no use to a jitter buffer; those who entered earlier need no watching.
_TOO_LATE_TICKS: Final = 50


class EdgeFan(FanOut):
    """A fan-out that knows from which tick on each newcomer may be sent to.

    Args:
        stage: tells the newest tick that was sent on any bus.
    """

    def __init__(self, sock: socket.socket, slot_bytes: int, stage: Stage) -> None:
        super().__init__(sock, slot_bytes)
        self._stage = stage
        self._newcomers: dict[Subscriber, int] = {}

    def add(self, subscriber: Subscriber) -> None:
        """They get the ticks after the newest one of any bus."""
        super().add(subscriber)
        self._newcomers[subscriber] = self._stage.tick

    def remove(self, subscriber: Subscriber) -> None:
        """No packet after this one."""
        super().remove(subscriber)
        self._newcomers.pop(subscriber, None)

    def keep_out(self, tick: int) -> list[Subscriber]:
        """Take those out who may not have this tick's packet, until `let_in`."""
        if not self._newcomers:
            return []
        kept_out = [one for one, since in self._newcomers.items() if tick <= since]
        for subscriber in kept_out:
            super().remove(subscriber)
        old = self._stage.tick - _TOO_LATE_TICKS
        self._newcomers = {one: since for one, since in self._newcomers.items() if since > old}
        return kept_out

    def let_in(self, kept_out: list[Subscriber]) -> None:
        """Put them back."""
        for subscriber in kept_out:
            super().add(subscriber)


class EdgeBus(AudioBus):
    """One bus's lanes, fed by the origin. Ticks more than a second late go to nobody."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.sock, stage.clock)
        self._stage = stage
        self._sent: dict[int, int] = {}
        self._newest: dict[int, int] = {}

    def lane(self, way: Way) -> Lane:
        """The lane of a way, made when it is first asked for."""
        lane = self.lanes.get(way)
        if lane is None:
            lane = self.lanes[way] = Lane(self._sock, way)
            lane.fan = EdgeFan(self._sock, way.slot_bytes, self._stage)
        return lane

    def is_up_to_date(self, frames: int) -> bool:
        """Whether no other bus is ahead of this one's packets of `frames` ticks: who leaves it now misses nothing."""
        return self._newest.get(frames, 0) >= self._stage.tick

    def send(self, encoded: Encoded) -> None:
        """Send one packet to those who may have it, and note its ticks as sent."""
        tick, frames = encoded.tick, encoded.frames
        if tick < self._stage.tick - _TOO_LATE_TICKS:
            return
        if self._sent.get(frames) != tick - frames:
            # What is sent twice (RED) is the packet before, and that one did not go before this.
            self._earlier.pop(frames, None)
        self._sent[frames] = tick
        fans = [lane.fan for way, lane in self.lanes.items() if way.frames == frames]
        kept_out = [(fan, fan.keep_out(tick)) for fan in fans if isinstance(fan, EdgeFan)]
        super().send(encoded)
        for fan, subscribers in kept_out:
            fan.let_in(subscribers)
        last = tick + frames - 1
        self._newest[frames] = max(self._newest.get(frames, last), last)
        self._stage.tick = max(self._stage.tick, last)
