"""Bad weather on a wire: a UDP relay of our own that loses, delays, stalls and reorders by script.

It stands between one lean peer and the server. Loss is dealt out evenly: of every hundred packets of media exactly so
many go, at places that chance picks, so that a short run shows what a long one would.
"""

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Final

Address = tuple[str, int]
_HUNDRED: Final = 100
_RTP: Final = range(128, 192)
_RTCP_TYPES: Final = range(192, 224)


@dataclass(slots=True)
class Weather:
    """What a wire does to packets, each way.

    `loss_percent` of the media packets, and of everything else too when `hits_all`; `delay_ms` one way; `jitter_ms`
    more or less of it, each packet for itself, so that they overtake each other when it is more than their distance.
    Between the monotonic seconds of `stall` nothing passes; what came meanwhile comes in one burst at its end.
    """

    loss_percent: int = 0
    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    hits_all: bool = False
    stall: tuple[float, float] | None = None
    dice: random.Random = field(default_factory=lambda: random.Random(1))

    def pause(self, now: float) -> float:
        """How long a packet that came at `now` is on its way, in seconds."""
        wait = max(0.0, self.delay_ms + self.dice.uniform(-self.jitter_ms, self.jitter_ms)) / 1000
        if self.stall is not None and self.stall[0] <= now + wait < self.stall[1]:
            return self.stall[1] - now
        return wait


class Fate:
    """Which packets of one direction are lost: of each hundred exactly `percent`."""

    def __init__(self, percent: int, dice: random.Random) -> None:
        self._percent = percent
        self._dice = dice
        self._hand: list[bool] = []

    def is_lost(self) -> bool:
        """Deal for the next packet."""
        if not self._hand:
            lost = self._dice.sample(range(_HUNDRED), self._percent)
            self._hand = [number in lost for number in range(_HUNDRED)]
        return self._hand.pop()


class Relay:
    """Listens on a port of loopback for one peer and passes on to the server; counts what it lost."""

    def __init__(self, weather: Weather) -> None:
        self.weather = weather
        self.passed = 0
        self.lost = 0
        self._near: asyncio.DatagramTransport | None = None
        self._far: asyncio.DatagramTransport | None = None
        self._peer: Address | None = None
        self._fates = {(up, media): Fate(weather.loss_percent, weather.dice) for up in (0, 1) for media in (0, 1)}

    async def open(self, server: Address) -> Address:
        """Begin; the address that the peer is to send to."""
        loop = asyncio.get_running_loop()
        self._far, _ = await loop.create_datagram_endpoint(lambda: _End(self, up=False), remote_addr=server)
        self._near, _ = await loop.create_datagram_endpoint(lambda: _End(self, up=True), local_addr=("127.0.0.1", 0))
        host, port = self._near.get_extra_info("sockname")
        return str(host), int(port)

    def close(self) -> None:
        """Pass nothing on any more."""
        for transport in (self._near, self._far):
            if transport is not None:
                transport.abort()

    def take(self, datagram: bytes, sender: Address | None, *, up: bool) -> None:
        """A datagram came from the peer (`up`) or from the server."""
        if up:
            self._peer = sender
        is_media = len(datagram) > 1 and datagram[0] in _RTP and datagram[1] not in _RTCP_TYPES
        if (is_media or self.weather.hits_all) and self._fates[up, is_media].is_lost():
            self.lost += 1
            return
        self.passed += 1
        wait = self.weather.pause(time.monotonic())
        asyncio.get_running_loop().call_later(wait, self._pass_on, datagram, up)

    def _pass_on(self, datagram: bytes, up: bool) -> None:
        if up and self._far is not None and not self._far.is_closing():
            self._far.sendto(datagram)
        elif not up and self._near is not None and not self._near.is_closing() and self._peer is not None:
            self._near.sendto(datagram, self._peer)


class _End(asyncio.DatagramProtocol):
    def __init__(self, relay: Relay, *, up: bool) -> None:
        self._relay = relay
        self._up = up

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._relay.take(data, addr, up=self._up)

    def error_received(self, exc: Exception) -> None:
        """The other end is not there: UDP loses it."""
