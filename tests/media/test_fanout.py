"""The fan-out on loopback: everybody gets the same packet under their own key, payload type and address."""

import os
import socket
from collections.abc import Iterator

import pytest

from media import udp
from media.fanout import FanOut, History, Subscriber, Switches, may_resend, send_one
from media.rtp import RtpPacket, format_packet, parse
from media.srtp import PROFILES, SrtpSession


class Ear:
    """A subscriber's other end."""

    def __init__(self, payload_type: int) -> None:
        material = os.urandom(60)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.settimeout(2)
        self._theirs = SrtpSession(PROFILES[0], material, is_server=False)
        address = ("::ffff:127.0.0.1", self.sock.getsockname()[1])
        self.end = Subscriber(SrtpSession(PROFILES[0], material, is_server=True), address, payload_type, 1)

    def hear(self) -> RtpPacket:
        return parse(self._theirs.unprotect(self.sock.recv(2000)))

    def hears_nothing(self) -> bool:
        self.sock.setblocking(False)
        try:
            self.sock.recv(2000)
        except BlockingIOError:
            return True
        finally:
            self.sock.settimeout(2)
        return False


@pytest.fixture
def out() -> Iterator[socket.socket]:
    sock = udp.open_socket("", 0)
    yield sock
    sock.close()


@pytest.fixture
def ears() -> Iterator[list[Ear]]:
    made = [Ear(100 + n % 20) for n in range(40)]
    yield made
    for ear in made:
        ear.sock.close()


def packet(sequence: int, payload: bytes = b"sound", *, marker: bool = False) -> bytes:
    return format_packet(RtpPacket(0, marker, sequence, 960 * sequence, 1, payload))


def test_everybody_hears_the_same_under_their_own_number(out: socket.socket, ears: list[Ear]) -> None:
    fan = FanOut(out, 576)
    for ear in ears:
        fan.add(ear.end)
    for sequence in (65535, 0, 1):
        fan.send(packet(sequence, os.urandom(30 + sequence % 7), marker=sequence == 0))
    for ear in ears:
        heard = [ear.hear() for _ in range(3)]
        assert [p.sequence for p in heard] == [65535, 0, 1]
        assert {p.payload_type for p in heard} == {ear.end.payload_type}
        assert [p.marker for p in heard] == [False, True, False]
    assert fan.packets_sent == 120


def test_those_who_leave_hear_no_more_and_the_others_go_on(out: socket.socket, ears: list[Ear]) -> None:
    fan = FanOut(out, 576)
    for ear in ears:
        fan.add(ear.end)
    fan.send(packet(1))
    for ear in ears[::3]:
        fan.remove(ear.end)
    fan.send(packet(2))
    for n, ear in enumerate(ears):
        assert ear.hear().sequence == 1
        if n % 3 == 0:
            assert ear.hears_nothing()
        else:
            assert ear.hear().sequence == 2


def test_a_listener_who_moved_is_followed(out: socket.socket, ears: list[Ear]) -> None:
    fan = FanOut(out, 576)
    fan.add(ears[0].end)
    fan.readdress(ears[0].end, ears[1].end.address)
    fan.send(packet(1))
    assert ears[0].hears_nothing()
    assert not ears[1].hears_nothing()


def test_one_address_that_cannot_be_reached_harms_nobody(out: socket.socket, ears: list[Ear]) -> None:
    fan = FanOut(out, 576)
    for ear in ears[:3]:
        fan.add(ear.end)
    fan.readdress(ears[1].end, ("::ffff:255.255.255.255", 9))
    fan.send(packet(1))
    assert ears[0].hear().sequence == 1
    assert ears[2].hear().sequence == 1
    assert fan.packets_dropped == 1


def test_a_packet_asked_for_again_is_the_same(out: socket.socket, ears: list[Ear]) -> None:
    fan, history, ear = FanOut(out, 576), History(64), ears[0]
    fan.add(ear.end)
    for sequence in range(100):
        history.keep(sequence, packet(sequence))
        fan.send(packet(sequence))
    first = [ear.sock.recv(2000) for _ in range(100)]
    assert history.find(20) is None
    kept = history.find(60)
    assert kept is not None
    assert send_one(out, ear.end, kept)
    assert ear.sock.recv(2000) == first[60]


def test_nobody_is_an_amplifier(ears: list[Ear]) -> None:
    assert sum(may_resend(ears[0].end, 10.0) for _ in range(1000)) == 200
    assert sum(may_resend(ears[0].end, 10.5) for _ in range(1000)) == 100


def test_an_old_number_belongs_to_the_bus_heard_then() -> None:
    switches = Switches()
    assert switches.bus_at(5) is None
    switches.note(65530, "de")
    switches.note(4, "uk")
    assert switches.bus_at(3) == "de"
    assert switches.bus_at(4) == "uk"
    assert switches.bus_at(65529) is None
