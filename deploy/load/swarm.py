"""A thousand lean listeners in one process: a socket each, one epoll, one buffer, nothing decoded.

The asyncio loop watches the epoll descriptor, so a burst of a thousand packets is one callback that reads them all;
the signalling (HTTP) shares the loop. Every packet's sequence number is looked at. SRTP authenticity is checked on a
sample: every 50th packet of everybody, every packet of every 50th listener, and everybody's first. A light swarm reads
the packets of every 50th listener alone; those of the others the kernel counts (`unread`).
"""

import asyncio
import gc
import itertools
import select
import socket
import struct
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Final, Protocol

from deploy.load.peer import CONSENT_S, LeanPeer, Phase
from deploy.load.sdp import Credentials, Remote, SdpError
from deploy.load.sequence import SequenceCheck
from deploy.load.unread import drop_rtp, dropped
from media.dtls import DtlsIdentity, Fingerprint
from media.errors import WireError

SAMPLE_EVERY: Final = 50
_TICK_S: Final = 0.02
_SLOTS: Final = int(CONSENT_S / _TICK_S)
_BATCH: Final = 4096
_JOIN_S: Final = 15.0
_SAMPLES_PER_PACKET: Final = frozenset({960, 2880})  # 20 or 60 ms at 48 kHz
_RTCP_TYPES: Final = range(192, 224)
_REPORT_SSRC: Final = 1


class Signalling(Protocol):
    """How a listener and a server exchange descriptions; whatever it raises of `SignallingError` is a failed join."""

    async def join(self, ours: Credentials, fingerprint: Fingerprint, local: tuple[str, int]) -> Remote:
        """Agree with the server about one more listener that receives on the UDP address `local`."""

    async def aclose(self) -> None:
        """Say goodbye for every listener that joined."""


class SignallingError(RuntimeError):
    """The server refused or did not understand; the text is a short stable reason, fit for counting."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What all listeners together have received so far; differences of two tallies are what a window brought. Of the
    packets `unread` are counted and no more.
    """

    connected: int = 0
    packets: int = 0
    unread: int = 0
    payload_bytes: int = 0
    lost: int = 0
    gaps: int = 0
    reordered: int = 0
    duplicates: int = 0
    rtcp: int = 0
    sampled: int = 0
    forged: int = 0
    timestamps_wrong: int = 0
    consents: int = 0

    def since(self, before: "Tally") -> "Tally":
        """Field by field the difference; `connected` stays as it is now."""
        earlier = asdict(before) | {"connected": 0}
        return Tally(**{name: value - earlier[name] for name, value in asdict(self).items()})


class Listener:
    """One listener's socket and counters."""

    __slots__ = (
        "bytes",
        "forged",
        "is_read",
        "joined",
        "last_stamp",
        "peer",
        "rtcp",
        "sampled",
        "sequence",
        "socket",
        "ssrc",
        "step",
        "wrong_stamps",
    )

    def __init__(self, index: int, host: str, joined: asyncio.Future[None], *, is_light: bool) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((host, 0))
        self.joined = joined
        self.peer: LeanPeer | None = None
        self.sequence = SequenceCheck()
        self.step = 1 if index % SAMPLE_EVERY == 0 else SAMPLE_EVERY
        self.is_read = not is_light or self.step == 1
        self.ssrc = 0
        self.last_stamp: tuple[int, int] | None = None
        self.bytes = self.sampled = self.forged = self.wrong_stamps = self.rtcp = 0

    @property
    def unread(self) -> int:
        """Packets that the kernel has counted and dropped."""
        return 0 if self.is_read else dropped(self.socket)

    def sample(self, packet: bytes) -> None:
        """Check one packet's authenticity, and that its timestamp goes with its sequence number."""
        if self.peer is None or self.peer.srtp is None:
            return
        self.sampled += 1
        try:
            plain = self.peer.srtp.unprotect(packet)
        except WireError:
            self.forged += 1
            return
        number, stamp, ssrc = struct.unpack_from("!HII", plain, 2)
        if self.last_stamp is None or ssrc != self.ssrc:
            self.last_stamp = (number, stamp)
            self.ssrc = ssrc
            if not self.joined.done():
                self.joined.set_result(None)
                if not self.is_read:
                    drop_rtp(self.socket)
            return
        steps = (number - self.last_stamp[0]) & 0xFFFF
        passed = (stamp - self.last_stamp[1]) & 0xFFFFFFFF
        self.wrong_stamps += passed not in {steps * samples for samples in _SAMPLES_PER_PACKET}
        self.last_stamp = (number, stamp)

    def control(self) -> list[bytes]:
        """What is due every `CONSENT_S`: a consent check and, as browsers do, a receiver report."""
        assert self.peer is not None
        outgoing = [self.peer.format_check()]
        if self.peer.srtp is not None and self.ssrc:
            report = struct.pack(
                "!BBHII4xIIII", 0x81, 201, 7, _REPORT_SSRC, self.ssrc, max(self.sequence.expected - 1, 0), 0, 0, 0
            )
            outgoing.append(self.peer.srtp.protect_rtcp(report))
        return outgoing


class Swarm:
    """All listeners of this process. `open` within a running loop, `aclose` at the end.

    `host` is the local address that the sockets are bound to; servers are told of it where they need it. Of a light
    one most listeners' packets are not read.
    """

    def __init__(self, signalling: Signalling, host: str, *, is_light: bool = False) -> None:
        self._is_light = is_light
        self._signalling = signalling
        self._host = host
        self._identity = DtlsIdentity()
        self._epoll = select.epoll()
        self._buffer = bytearray(2048)
        self._by_descriptor: dict[int, Listener] = {}
        self._connecting: set[Listener] = set()
        self._slots: list[list[Listener]] = [[] for _ in range(_SLOTS)]
        self._started = 0
        self._ticker: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to read sockets and to keep time."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._epoll.fileno(), self._drain)
        self._ticker = loop.create_task(self._keep_time())

    async def aclose(self) -> None:
        """Say goodbye on every connection, then close everything."""
        await self._signalling.aclose()
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
        asyncio.get_running_loop().remove_reader(self._epoll.fileno())
        for listener in self._by_descriptor.values():
            if listener.peer is not None:
                _send(listener, listener.peer.close())
            listener.socket.close()
        self._by_descriptor.clear()
        self._epoll.close()

    async def join(self, count: int, at_once: int) -> Counter[str]:
        """Let `count` more listeners join, at most `at_once` of them between offer and first packet at a time.

        Returns when each has its first authentic packet or has failed; the count of each reason for failing.
        """
        gate = asyncio.Semaphore(at_once)
        failures: Counter[str] = Counter()

        async def one() -> None:
            async with gate:
                try:
                    async with asyncio.timeout(_JOIN_S):
                        await self.join_one()
                except TimeoutError:
                    failures["no_packet"] += 1
                except (SignallingError, SdpError, OSError) as error:
                    failures[str(error) or type(error).__name__] += 1

        await asyncio.gather(*(one() for _ in range(count)))
        # A thousand long-lived objects need no collector looking at them every few packets.
        gc.collect()
        gc.freeze()
        return failures

    def tally(self) -> Tally:
        """The counters summed up now."""
        everybody = self._by_descriptor.values()
        checks = [listener.sequence for listener in everybody]
        unread = sum(listener.unread for listener in everybody)
        return Tally(
            connected=sum(1 for each in everybody if each.peer and each.peer.phase is Phase.CONNECTED),
            packets=sum(check.received for check in checks) + unread,
            unread=unread,
            payload_bytes=sum(each.bytes for each in everybody),
            lost=sum(check.lost for check in checks),
            gaps=sum(check.gaps for check in checks),
            reordered=sum(check.reordered for check in checks),
            duplicates=sum(check.duplicates for check in checks),
            rtcp=sum(each.rtcp for each in everybody),
            sampled=sum(each.sampled for each in everybody),
            forged=sum(each.forged for each in everybody),
            timestamps_wrong=sum(each.wrong_stamps for each in everybody),
            consents=sum(each.peer.consents for each in everybody if each.peer),
        )

    def received(self) -> list[int]:
        """Packets received so far, a number a listener, in the order they joined."""
        return [listener.sequence.received + listener.unread for listener in self._by_descriptor.values()]

    async def join_one(self) -> None:
        """Let one more join; returns with its first authentic packet.

        Raises:
            SignallingError, SdpError, OSError: it could not.
        """
        joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        listener = Listener(self._started, self._host, joined, is_light=self._is_light)
        self._started += 1
        ours = Credentials()
        try:
            local = listener.socket.getsockname()
            remote = await self._signalling.join(ours, self._identity.fingerprint, (local[0], local[1]))
            listener.socket.connect(remote.address)
        except BaseException:
            listener.socket.close()
            raise
        listener.peer = LeanPeer(self._identity, ours, remote, time.monotonic())
        descriptor = listener.socket.fileno()
        self._by_descriptor[descriptor] = listener
        self._epoll.register(descriptor, select.EPOLLIN)
        self._connecting.add(listener)
        _send(listener, listener.peer.due(time.monotonic()))
        try:
            await joined
        except BaseException:
            self._drop(listener)
            raise

    def _drop(self, listener: Listener) -> None:
        """Forget one who could not join: what comes for it later counts for nobody."""
        descriptor = listener.socket.fileno()
        self._connecting.discard(listener)
        slot = self._slots[descriptor % _SLOTS]
        if listener in slot:
            slot.remove(listener)
        self._epoll.unregister(descriptor)
        del self._by_descriptor[descriptor]
        listener.socket.close()

    def _drain(self) -> None:
        """Read one datagram of every ready socket; the epoll is level-triggered, so the rest comes round again."""
        buffer, listeners = self._buffer, self._by_descriptor
        for descriptor, _ in self._epoll.poll(0, _BATCH):
            listener = listeners[descriptor]
            try:
                size = listener.socket.recv_into(buffer)
            except OSError:
                continue
            # 128 to 191 is RTP and RTCP (RFC 7983), RTCP by its packet type (RFC 5761 section 4).
            if size < 12 or not 128 <= buffer[0] < 192:
                self._signal(listener, bytes(buffer[:size]))
                continue
            if buffer[1] in _RTCP_TYPES:
                listener.rtcp += 1
                continue
            number = buffer[2] << 8 | buffer[3]
            check = listener.sequence
            if number == check.expected:
                check.received += 1
                check.expected = (number + 1) & 0xFFFF
            else:
                check.add(number)
            listener.bytes += size
            if listener.sampled == 0 or check.received % listener.step == 0:
                listener.sample(bytes(buffer[:size]))

    def _signal(self, listener: Listener, datagram: bytes) -> None:
        assert listener.peer is not None
        if not datagram:
            return
        _send(listener, listener.peer.receive(datagram))
        self._settle(listener)

    def _settle(self, listener: Listener) -> None:
        """Move a listener that finished connecting to the slot whose turn its consent checks are."""
        if listener.peer is None or listener not in self._connecting:
            return
        if listener.peer.phase is Phase.CONNECTED:
            self._connecting.discard(listener)
            self._slots[listener.socket.fileno() % _SLOTS].append(listener)
        elif listener.peer.phase is Phase.FAILED:
            self._connecting.discard(listener)
            if not listener.joined.done():
                listener.joined.set_exception(SignallingError(listener.peer.reason))

    async def _keep_time(self) -> None:
        """Retransmissions of those connecting every 20 ms, consent checks of the others spread over 5 s."""
        for turn in itertools.count():
            now = time.monotonic()
            for listener in list(self._connecting):
                assert listener.peer is not None
                _send(listener, listener.peer.due(now))
                self._settle(listener)
            for listener in self._slots[turn % _SLOTS]:
                _send(listener, listener.control())
            await asyncio.sleep(_TICK_S)


def _send(listener: Listener, datagrams: list[bytes]) -> None:
    for datagram in datagrams:
        try:
            listener.socket.send(datagram)
        except OSError:
            # Nobody at that port any more, or the buffer is full: UDP loses it, retries bring it again.
            return
