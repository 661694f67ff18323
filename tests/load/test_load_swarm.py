"""A swarm listens to a small server of the test's own on loopback, which loses, repeats and forges on purpose."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from typing import cast

import pytest

from deploy.load.lean import Session
from deploy.load.sdp import Credentials, Remote
from deploy.load.swarm import SignallingError, Swarm
from media import stun
from media.dtls import DtlsEndpoint, DtlsIdentity, Fingerprint

IDENTITY = DtlsIdentity()
THEIRS = Credentials("server", "s" * 32)


class TinyServer(asyncio.DatagramProtocol):
    """ICE-lite and DTLS for everybody who comes; `send` gives all of them one numbered packet."""

    def __init__(self) -> None:
        self.peers: dict[tuple[str, int], DtlsEndpoint] = {}
        self.offers: dict[str, Fingerprint] = {}
        self.sent = 0
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Python 3.11's own datagram transport is no subclass of DatagramTransport.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        if data[0] < 4:
            check = stun.parse(data)
            ours, _, theirs = check.username.partition(":")
            assert ours == THEIRS.ufrag
            assert stun.is_authentic(check, THEIRS.password.encode())
            if addr not in self.peers:
                self.peers[addr] = DtlsEndpoint(IDENTITY, (self.offers[theirs],), is_server=True)
            answer = stun.format_success(check.transaction, addr[0], addr[1], THEIRS.password.encode())
            self._transport.sendto(answer, addr)
        elif data[0] < 64:
            for datagram in self.peers[addr].receive(data):
                self._transport.sendto(datagram, addr)

    def send(self, number: int, *, is_forged: bool = False, stamp: int | None = None) -> None:
        """One packet to everybody connected."""
        assert self._transport is not None
        stamp = number * 960 if stamp is None else stamp
        packet = struct.pack("!BBHII", 0x80, 111, number, stamp, 7) + b"sound"
        for address, peer in self.peers.items():
            if peer.srtp is not None:
                wire = peer.srtp.protect(packet)
                self._transport.sendto(wire[:-1] + bytes([wire[-1] ^ 1]) if is_forged else wire, address)
                self.sent += 1


class TinySignalling:
    """Tells the server who comes; refuses when told to."""

    def __init__(self, server: TinyServer, address: tuple[str, int]) -> None:
        self._server = server
        self._address = address
        self.is_refusing = False
        self.is_closed = False

    async def join(self, ours: Credentials, fingerprint: Fingerprint, local: tuple[str, int]) -> Remote:
        """Answer at once."""
        if self.is_refusing:
            raise SignallingError("http_503")
        self._server.offers[ours.ufrag] = fingerprint
        return Remote(THEIRS, IDENTITY.fingerprint, self._address, "passive", 111, "0")

    async def aclose(self) -> None:
        """Note it."""
        self.is_closed = True


class Stage:
    """A server that talks, and a swarm that listens to it."""

    def __init__(self, server: TinyServer, signalling: TinySignalling) -> None:
        self.server = server
        self.signalling = signalling
        self.swarm = Swarm(signalling, "127.0.0.1")
        self.next = 0

    async def join(self, count: int) -> dict[str, object]:
        """Let listeners join while packets flow."""
        talking = asyncio.create_task(self._talk())
        try:
            return await Session(self.swarm, 10).join(count)
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
            await self.arrive()

    async def arrive(self) -> None:
        """Wait until all that was sent has been read: loopback loses nothing."""
        async with asyncio.timeout(30):
            while True:
                if self.swarm.tally().packets == self.server.sent:
                    return
                await asyncio.sleep(0.01)

    async def _talk(self) -> None:
        while True:
            self.server.send(self.next)
            self.next += 1
            await asyncio.sleep(0.005)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(TinyServer, ("127.0.0.1", 0), family=socket.AF_INET)
    stage = Stage(server, TinySignalling(server, transport.get_extra_info("sockname")))
    stage.swarm.open()
    yield stage
    await stage.swarm.aclose()
    transport.close()
    assert stage.signalling.is_closed


async def test_everybody_joins_and_a_clean_stream_counts_clean(stage: Stage) -> None:
    joined = await stage.join(5)
    assert joined["failed"] == {}
    tally = stage.swarm.tally()
    assert tally.connected == 5
    assert tally.packets >= 5
    assert (tally.lost, tally.gaps, tally.reordered, tally.duplicates, tally.forged) == (0, 0, 0, 0, 0)
    assert tally.sampled >= 5
    assert tally.timestamps_wrong == 0
    assert tally.payload_bytes == tally.packets * (12 + len(b"sound") + 16)


async def test_a_window_counts_what_came_in_it_and_what_did_not(stage: Stage) -> None:
    await stage.join(3)
    session = Session(stage.swarm, 10)
    session.mark()
    for number in range(stage.next, stage.next + 12):
        if number - stage.next not in (4, 5, 6):
            stage.server.send(number)
    stage.server.send(stage.next + 5)
    stage.server.send(stage.next + 11)
    await stage.arrive()
    marked = session.mark()
    tally = marked["tally"]
    assert isinstance(tally, dict)
    assert {name: tally[name] for name in ("packets", "lost", "gaps", "reordered", "duplicates")} == {
        "packets": 3 * 11,
        "lost": 3 * 2,
        "gaps": 3,
        "reordered": 3,
        "duplicates": 3,
    }
    assert marked["least"] == 11


async def test_a_forged_packet_and_a_wrong_timestamp_are_found_in_the_sample(stage: Stage) -> None:
    await stage.join(1)
    before = stage.swarm.tally()
    stage.server.send(stage.next, is_forged=True)
    stage.server.send(stage.next + 1, stamp=5)
    await stage.arrive()
    gained = stage.swarm.tally().since(before)
    # The first listener is of those whose every packet is looked at.
    assert (gained.sampled, gained.forged, gained.timestamps_wrong) == (2, 1, 1)


async def test_of_the_others_every_fiftieth_packet_is_looked_at(stage: Stage) -> None:
    await stage.join(2)
    before = stage.swarm.tally()
    for number in range(stage.next, stage.next + 100):
        stage.server.send(number)
        await asyncio.sleep(0)
    await stage.arrive()
    gained = stage.swarm.tally().since(before)
    assert (gained.packets, gained.sampled) == (200, 102)


async def test_a_refusal_is_counted_by_its_reason(stage: Stage) -> None:
    stage.signalling.is_refusing = True
    joined = await stage.join(4)
    assert joined["failed"] == {"http_503": 4}
    assert stage.swarm.tally().connected == 0


async def test_an_unknown_command_is_refused(stage: Stage) -> None:
    with pytest.raises(ValueError, match="unknown command"):
        await Session(stage.swarm, 10).answer("dance")


async def test_a_light_swarm_has_the_kernel_count_what_it_does_not_read(stage: Stage) -> None:
    await stage.swarm.aclose()
    stage.swarm = Swarm(stage.signalling, "127.0.0.1", is_light=True)
    stage.swarm.open()
    await stage.join(3)
    session = Session(stage.swarm, 10)
    session.mark()
    for number in range(stage.next, stage.next + 20):
        stage.server.send(number)
    await stage.arrive()
    marked = session.mark()
    tally = marked["tally"]
    assert isinstance(tally, dict)
    # The first of every fifty listeners is read whole.
    assert (tally["packets"], tally["unread"], marked["least"]) == (60, 40, 20)
