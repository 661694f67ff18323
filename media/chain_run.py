"""One run of the chain test: connect both ends, play the stimulus in real time, judge what every bus made of it.

Which bus carries the test's source, and that nobody is disturbed, is the caller's care.
"""

import asyncio
import secrets
from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np

from media.chain import ChainFigures, analyse, stimulus
from media.chain_ends import ChainEar, ChainSender
from media.dtls import DtlsIdentity
from media.errors import MediaError
from media.opus import FRAME_SAMPLES, Encoder, Pcm
from media.studio import Answer

CONNECT_S: Final = 5.0
# The jitter buffer starts 40 ms deep and settles while this plays.
_LEAD_TICKS: Final = 75
_TAIL_TICKS: Final = 40
_TICK_S: Final = 0.02
_BITS_PER_S: Final = 64000
_ATTEMPTS: Final = 3
# The jitter buffer bears some of it; what is later is a hole of our own making.
_LATE_S: Final = 0.03


class Door(Protocol):
    """What is asked of the engine."""

    async def publish(self, peer: str, offer: str, *, audio: str | None, video: str | None) -> Answer:
        """Take in a publisher."""
        ...

    async def subscribe(
        self, peer: str, offer: str, *, bus: str, picture: str | None, frames: int = 1, at_work: bool = False
    ) -> Answer:
        """Take in a listener."""
        ...

    async def close_peer(self, peer: str) -> bool:
        """End a peer."""
        ...


class ChainBroken(MediaError):
    """The ends did not find the server; `code` is `chain_broken`."""

    status = 503

    def __init__(self) -> None:
        super().__init__("chain_broken")


async def measure(door: Door, source: str, buses: Sequence[str]) -> dict[str, ChainFigures]:
    """Publish the stimulus as `source` and listen to every bus. Takes some 7 s; up to three times as long on a machine
    so busy that the stimulus itself could not be sent in time; then the best try is judged.

    The time told is from a packet's sending to the mixed packet's arrival: what microphones and players add comes on
    top. Cancelling it leaves nothing behind.

    Raises:
        ChainBroken: the ends did not connect within 5 s.
        MediaError: the engine refused them.
    """
    packets = await asyncio.to_thread(_encoded)
    tries: list[tuple[dict[str, ChainFigures], float]] = []
    while not tries or (tries[-1][1] >= _LATE_S and len(tries) < _ATTEMPTS):
        tries.append(await _attempt(door, source, buses, packets))
    return min(tries, key=_spoilt)[0]


def _spoilt(attempt: tuple[dict[str, ChainFigures], float]) -> tuple[int, float]:
    """How much a try says of the machine and not of the chain: holes of our own make no chain better than it is."""
    figures, late_s = attempt
    return sum(not one.is_good for one in figures.values()), late_s


async def _attempt(
    door: Door, source: str, buses: Sequence[str], packets: list[bytes]
) -> tuple[dict[str, ChainFigures], float]:
    """Connect, play once and judge; with the most that a packet was sent late, in seconds."""
    identity = DtlsIdentity()
    loop = asyncio.get_running_loop()
    sender = ChainSender(identity)
    ears = {bus: ChainEar(identity, loop.time()) for bus in buses}
    peers = {bus: f"chain-{secrets.token_hex(8)}" for bus in (source, *buses)}
    try:
        sender.answered((await door.publish(peers[source], sender.offer, audio=source, video=None)).sdp, loop.time())
        for bus, ear in ears.items():
            answer = await door.subscribe(peers[bus], ear.line.offer, bus=bus, picture=None, at_work=True)
            ear.line.answered(answer.sdp, None, loop.time())
        began, late_s = await _play(sender, list(ears.values()), packets)
    finally:
        sender.close()
        for ear in ears.values():
            ear.line.close()
        for peer in peers.values():
            await door.close_peer(peer)
    return {bus: await asyncio.to_thread(_judge, ear, began) for bus, ear in ears.items()}, late_s


async def _play(sender: ChainSender, ears: list[ChainEar], packets: list[bytes]) -> tuple[float, float]:
    """Connect, then send packet by packet in time. Returns when the stimulus's first packet was due, and the most that
    any was late.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + CONNECT_S
    while not (sender.is_connected and all(ear.line.is_connected for ear in ears)):
        if loop.time() > deadline or sender.failure or any(ear.line.failure for ear in ears):
            raise ChainBroken
        _tend(sender, ears, loop.time())
        await asyncio.sleep(_TICK_S / 2)
    start = loop.time()
    late_s = 0.0
    for number, packet in enumerate(packets):
        await asyncio.sleep(max(0.0, start + number * _TICK_S - loop.time()))
        late_s = max(late_s, loop.time() - start - number * _TICK_S)
        if sender.failure:
            raise ChainBroken
        sender.send(packet)
        _tend(sender, ears, loop.time())
    return start + _LEAD_TICKS * _TICK_S, late_s


def _tend(sender: ChainSender, ears: list[ChainEar], now: float) -> None:
    sender.on_timer(now)
    for ear in ears:
        ear.line.on_timer(now)


def _encoded() -> list[bytes]:
    encoder = Encoder(_BITS_PER_S)
    sound = np.concatenate((_quiet(_LEAD_TICKS), stimulus(), _quiet(_TAIL_TICKS)))
    whole = len(sound) // FRAME_SAMPLES * FRAME_SAMPLES
    return [encoder.encode(np.ascontiguousarray(frame)) for frame in sound[:whole].reshape(-1, FRAME_SAMPLES)]


def _quiet(ticks: int) -> Pcm:
    return np.zeros(ticks * FRAME_SAMPLES, np.float32)


def _judge(ear: ChainEar, began: float) -> ChainFigures:
    return analyse(ear.heard_from(began))
