"""One packet to all its subscribers: copied into slots, protected in place, sent in one system call.

Per tick and bus the work in Python is one `map` over C functions; copying, payload types and lengths are NumPy
assignments over all slots at once. Belongs to the media thread.
"""

import random
import socket
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from media import srtp
from media.srtp import SrtpSession
from media.udp import Address, Batch

_FIRST_CAPACITY: Final = 16
_RESENDS_PER_S: Final = 200


@dataclass(eq=False, slots=True)
class Repair:
    """How a subscriber gets packets again: under a payload type and SSRC of their own (RTX, RFC 4588)."""

    payload_type: int
    ssrc: int
    sequence: int = field(default_factory=lambda: random.getrandbits(15))


@dataclass(eq=False, slots=True)
class Subscriber:
    """A peer's end of one stream. `payload_type` is the number its offer gave the codec."""

    session: SrtpSession
    address: Address
    payload_type: int
    ssrc: int
    repair: Repair | None = None
    resend_budget: float = _RESENDS_PER_S
    resend_at: float = 0.0
    slot: int = field(default=-1)


class FanOut:
    """The subscribers of one stream, in slots without gaps.

    Args:
        sock: where to send; shared by all.
        slot_bytes: the longest packet, protected.
    """

    def __init__(self, sock: socket.socket, slot_bytes: int) -> None:
        self._sock = sock
        self._is_ipv6 = sock.family == socket.AF_INET6
        self._slot_bytes = slot_bytes
        self._subscribers: list[Subscriber] = []
        self._handles: list[Any] = []
        self.packets_sent = 0
        self.packets_dropped = 0
        self._grow(_FIRST_CAPACITY)

    def __len__(self) -> int:
        return len(self._subscribers)

    @property
    def subscribers(self) -> list[Subscriber]:
        """Those who listen, in no order that means anything."""
        return self._subscribers

    def _grow(self, capacity: int) -> None:
        self._batch = Batch(capacity, self._slot_bytes, is_ipv6_socket=self._is_ipv6)
        self._payload_types = np.zeros(capacity, np.uint8)
        self._lengths = np.zeros(capacity, np.int32)
        self._pointers, self._length_pointers = srtp.pointers(
            self._batch.arena.data, self._slot_bytes, self._lengths.data, capacity
        )
        for subscriber in self._subscribers:
            self._write(subscriber)

    def _write(self, subscriber: Subscriber) -> None:
        self._batch.set_address(subscriber.slot, subscriber.address)
        self._payload_types[subscriber.slot] = subscriber.payload_type

    def add(self, subscriber: Subscriber) -> None:
        """The next packet goes to them too."""
        if len(self._subscribers) == len(self._pointers):
            self._grow(2 * len(self._pointers))
        subscriber.slot = len(self._subscribers)
        self._subscribers.append(subscriber)
        self._handles.append(subscriber.session.handle)
        self._write(subscriber)

    def remove(self, subscriber: Subscriber) -> None:
        """No packet after this one; the last slot takes the freed place."""
        last = self._subscribers.pop()
        self._handles.pop()
        if last is not subscriber:
            last.slot = subscriber.slot
            self._subscribers[last.slot] = last
            self._handles[last.slot] = last.session.handle
            self._write(last)
        subscriber.slot = -1

    def readdress(self, subscriber: Subscriber, address: Address) -> None:
        """They have moved."""
        subscriber.address = address
        if subscriber.slot >= 0:
            self._batch.set_address(subscriber.slot, address)

    def send(self, packet: bytes) -> None:
        """Send one RTP packet to everybody; only its payload type differs between them."""
        count = len(self._subscribers)
        if count == 0:
            return
        arena, size = self._batch.arena, len(packet)
        plain = np.frombuffer(packet, np.uint8)
        arena[:count, :size] = plain
        arena[:count, 1] = self._payload_types[:count] | (plain[1] & 0x80)
        self._lengths[:count] = size
        # An error leaves that slot's packet unprotected: it must not go out, so the whole batch is looked at.
        failed = any(map(srtp.protect_at, self._handles, self._pointers, self._length_pointers))
        if failed:
            self._send_checked(packet)
            return
        self.packets_dropped += self._batch.send(self._sock, count, int(self._lengths[0]))
        self.packets_sent += count

    def _send_checked(self, packet: bytes) -> None:
        """The slow way, after libsrtp refused somebody (a key worn out): the others still get theirs."""
        for subscriber in self._subscribers:
            send_one(self._sock, subscriber, packet)
        self.packets_sent += len(self._subscribers)


def send_one(sock: socket.socket, subscriber: Subscriber, packet: bytes) -> bool:
    """One RTP packet to one subscriber. Returns whether it went out."""
    numbered = packet[:1] + bytes([subscriber.payload_type | (packet[1] & 0x80)]) + packet[2:]
    return _protect_and_send(sock, subscriber, numbered)


def _protect_and_send(sock: socket.socket, subscriber: Subscriber, packet: bytes) -> bool:
    try:
        sock.sendto(subscriber.session.protect(packet), subscriber.address)
    except (OSError, ValueError, srtp.ProtectError):
        return False
    return True


def resend(sock: socket.socket, subscriber: Subscriber, packet: bytes) -> bool:
    """A packet once more: by RTX where that was agreed, else as it was. Returns whether it went out."""
    repair = subscriber.repair
    if repair is None:
        return send_one(sock, subscriber, packet)
    number = bytes([repair.payload_type | (packet[1] & 0x80)])
    sequence = repair.sequence.to_bytes(2, "big")
    repair.sequence = (repair.sequence + 1) & 0xFFFF
    again = packet[:1] + number + sequence + packet[4:8] + repair.ssrc.to_bytes(4, "big") + packet[2:4] + packet[12:]
    return _protect_and_send(sock, subscriber, again)


class History:
    """The last packets of one stream, by sequence number, for those who ask again (RFC 4585)."""

    __slots__ = ("_packets",)

    def __init__(self, size: int) -> None:
        """Keep `size` packets, a power of two."""
        self._packets: list[tuple[int, bytes] | None] = [None] * size

    def keep(self, sequence: int, packet: bytes) -> None:
        """Remember a packet as it was sent."""
        self._packets[sequence & (len(self._packets) - 1)] = (sequence, packet)

    def find(self, sequence: int) -> bytes | None:
        """The packet, or None when it is too old or never was."""
        kept = self._packets[sequence & (len(self._packets) - 1)]
        return kept[1] if kept and kept[0] == sequence else None


def may_resend(subscriber: Subscriber, now: float) -> bool:
    """Whether one more packet may be sent again: at most 200 a second a subscriber, so that nobody is an amplifier."""
    subscriber.resend_budget = min(
        _RESENDS_PER_S, subscriber.resend_budget + (now - subscriber.resend_at) * _RESENDS_PER_S
    )
    subscriber.resend_at = now
    if subscriber.resend_budget < 1:
        return False
    subscriber.resend_budget -= 1
    return True


class AudioClock:
    """Sequence number and timestamp of every audio bus, from the mixer's tick alone.

    All buses number their packets alike and share one SSRC, so moving a subscriber from one to another changes no
    header: a language switch costs nothing and nothing breaks.
    """

    def __init__(self) -> None:
        self.ssrc = random.getrandbits(31) | 1
        self._sequence = random.getrandbits(15)
        self._timestamp = random.getrandbits(31)

    def sequence(self, tick: int, frames: int = 1) -> int:
        """The 16-bit sequence number of the packets that begin with a tick, `frames` ticks each."""
        return (self._sequence + tick // frames) & 0xFFFF

    def timestamp(self, tick: int) -> int:
        """The RTP timestamp of a tick's packets, 48 kHz."""
        return (self._timestamp + tick * 960) & 0xFFFFFFFF


@dataclass(slots=True)
class Switches:
    """Which bus a subscriber heard from which sequence number on, newest last: whom to ask for an old packet.

    Sending another bus's packet under an old number would encrypt two texts with one keystream (RFC 7714 section 8).
    """

    heard: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=8))

    def note(self, sequence: int, bus: str) -> None:
        """From `sequence` on they hear `bus`."""
        self.heard.append((sequence, bus))

    def bus_at(self, sequence: int) -> str | None:
        """The bus heard at `sequence`, or None when that is not known for sure any more."""
        for first, bus in reversed(self.heard):
            if (sequence - first) & 0xFFFF < 0x8000:
                return bus
        return None
