"""Strangers, forgers and the lost at the one UDP port: each is counted and dropped, and nobody else is disturbed."""

import asyncio
import copy
import socket
from collections.abc import AsyncIterator

import pytest

from media import rtcp, rtp, sdp, udp
from media.dtls import DtlsEndpoint, DtlsIdentity
from media.peer import CONSENT_S, SETUP_S, Peer
from media.rtp import RtpPacket, format_packet
from media.transport import Transport
from media.udp import Address
from tests.media.remote import Remote, offer

HOME: Address = ("::ffff:192.0.2.1", 4000)
ELSEWHERE: Address = ("::ffff:192.0.2.2", 4001)
IDENTITY = DtlsIdentity()


class Ledger:
    """A peer's media that only writes down."""

    def __init__(self) -> None:
        self.packets: list[RtpPacket] = []
        self.reports: list[rtcp.Item] = []
        self.moves: list[Address] = []
        self.connected = self.closed = 0

    def on_connected(self, peer: Peer, now: float) -> None:
        self.connected += 1

    def on_rtp(self, packet: RtpPacket, now: float) -> None:
        self.packets.append(packet)

    def on_rtcp(self, items: list[rtcp.Item], now: float) -> None:
        self.reports += items

    def on_moved(self, address: Address) -> None:
        self.moves.append(address)

    def on_timer(self, now: float) -> None:
        """Nothing is due."""

    def on_closed(self) -> None:
        self.closed += 1


class Port(Transport):
    """A transport whose datagrams out are kept instead of sent."""

    def __init__(self, sock: socket.socket) -> None:
        self.sent: list[tuple[bytes, Address]] = []
        self.closed: list[str] = []
        super().__init__(sock, lambda peer: None, lambda peer, reason: self.closed.append(reason))

    def sendto(self, datagram: bytes, address: Address) -> None:
        self.sent.append((datagram, address))

    def admit(self, name: str = "p") -> tuple[Remote, Ledger]:
        """A session, and its other end at HOME."""
        asked = sdp.parse_offer(offer("sendonly"))
        ledger = Ledger()
        peer = Peer(name, asked.ufrag, DtlsEndpoint(IDENTITY, asked.fingerprints, is_server=True), ledger, self, 0.0)
        self.add(peer)
        ours = peer.ice.newest
        ice = sdp.LocalIce(ours.ufrag, True, ours.password, IDENTITY.fingerprint, (("192.0.2.9", 8080),))
        sections = [sdp.LocalSection(s, s.codecs) for s in asked.sections]
        return Remote(sdp.format_answer(ice, sections, 1, "c"), HOME), ledger

    def run_all_timers(self, now: float) -> None:
        """Look after everybody once."""
        for turn in range(25):
            self.run_timers(turn, now)

    def connect(self, remote: Remote, now: float = 0.0) -> None:
        """Check and handshake, all in order."""
        self.take(remote.check(), remote.address, now)
        flights = remote.dtls.start()
        while flights:
            self.sent.clear()
            for datagram in flights:
                self.take(datagram, remote.address, now)
            flights = [back for d, _ in self.sent if 20 <= d[0] < 64 for back in remote.dtls.receive(d)]


@pytest.fixture
async def port() -> AsyncIterator[Port]:
    sock = udp.open_socket("127.0.0.1", 0)
    made = Port(sock)
    yield made
    made.close()
    sock.close()


def sound(remote: Remote, sequence: int = 1) -> bytes:
    return remote.srtp.protect(format_packet(RtpPacket(111, False, sequence, 960 * sequence, 5, b"sound")))


async def test_a_peer_that_proves_itself_is_connected_and_heard(port: Port) -> None:
    remote, ledger = port.admit()
    port.connect(remote)
    port.take(sound(remote), HOME, 1.0)
    assert ledger.connected == 1
    assert [p.payload for p in ledger.packets] == [b"sound"]
    port.take(remote.srtp.protect_rtcp(rtcp.format_pli(1, 2)), HOME, 1.0)
    assert ledger.reports == [rtcp.KeyframeRequest(2)]


async def test_nothing_but_checks_is_looked_at_from_an_address_that_proved_nothing(port: Port) -> None:
    remote, ledger = port.admit()
    for datagram in (b"", b"\x16\xfe\xfd" + bytes(40), b"\x80\x6f" + bytes(40), b"\x80\xc8" + bytes(40), b"\xff" * 9):
        port.take(datagram, ELSEWHERE, 0.0)
    assert port.sent == []
    assert (port.drops.empty, port.drops.stranger) == (1, 4)
    port.connect(remote)
    assert ledger.connected == 1


async def test_a_session_survives_a_thousand_strangers(port: Port) -> None:
    remote, ledger = port.admit()
    port.connect(remote)
    noise = [
        b"",
        b"\x00",
        b"\x16",
        bytes(20),
        b"\x80" + bytes(50),
        b"\x80\xc9" + bytes(50),
        b"\x15\xfe\xfd" + bytes(15),
    ]
    for n in range(1000):
        port.take(noise[n % len(noise)], ("::ffff:192.0.2.77", n), 0.0)
        # The same from the peer's own address, as one who can forge its source could send.
        port.take(noise[n % len(noise)], HOME, 0.0)
    port.take(sound(remote), HOME, 1.0)
    assert ledger.closed == 0
    assert len(ledger.packets) == 1


@pytest.mark.parametrize(
    ("password", "username", "counter"),
    [
        (b"guess", None, "stun_integrity"),
        (None, "nobody:them", "stun_unknown_ufrag"),
        (None, "", "stun_unknown_ufrag"),
    ],
)
async def test_a_forged_check_gets_no_answer(port: Port, password: bytes, username: str, counter: str) -> None:
    remote, _ = port.admit()
    port.take(remote.check(password=password, username=username), HOME, 0.0)
    assert port.sent == []
    assert getattr(port.drops, counter) == 1


async def test_another_peers_user_fragment_behind_ours_is_refused(port: Port) -> None:
    remote, _ = port.admit()
    port.take(remote.check(username=f"{remote.ufrag}:other"), HOME, 0.0)
    assert port.sent == []
    assert port.drops.stun_username == 1


async def test_a_phone_that_leaves_the_wifi_is_followed(port: Port) -> None:
    remote, ledger = port.admit()
    port.connect(remote)
    port.take(remote.check(nominate=False), ELSEWHERE, 1.0)
    port.take(sound(remote, 1), ELSEWHERE, 1.0)
    assert ledger.packets == []
    port.take(remote.check(), ELSEWHERE, 1.1)
    port.take(sound(remote, 2), ELSEWHERE, 1.2)
    assert [p.sequence for p in ledger.packets] == [2]
    assert ledger.moves == [ELSEWHERE]
    port.take(sound(remote, 3), HOME, 1.3)
    assert len(ledger.packets) == 1


def restart(port: Port, remote: Remote, ufrag: str) -> Remote:
    """The same remote peer with the credentials of another ICE session."""
    ours = port.restart_ice(port.peers["p"], ufrag)
    other = copy.copy(remote)
    other.ufrag, other.password, other.own_ufrag = ours.ufrag, ours.password.encode(), ufrag
    return other


async def test_a_restarted_ice_session_takes_over_when_it_nominates(port: Port) -> None:
    old, ledger = port.admit()
    port.connect(old)
    new = restart(port, old, "anew")
    port.take(sound(old, 1), HOME, 1.0)
    port.take(new.check(nominate=False), ELSEWHERE, 1.0)
    port.sent.clear()
    port.take(old.check(), HOME, 1.1)
    assert [address for _, address in port.sent] == [HOME]
    port.take(sound(old, 2), HOME, 1.1)
    port.take(new.check(), ELSEWHERE, 1.2)
    port.take(sound(old, 3), ELSEWHERE, 1.2)
    assert [p.sequence for p in ledger.packets] == [1, 2, 3]
    assert ledger.moves == [ELSEWHERE]
    port.sent.clear()
    port.take(old.check(), HOME, 1.3)
    assert port.sent == []
    assert port.drops.stun_username == 1
    assert port.closed == []


async def test_a_restart_that_never_came_leaves_the_session_as_it_was(port: Port) -> None:
    old, ledger = port.admit()
    port.connect(old)
    lost = restart(port, old, "lost")
    new = restart(port, old, "anew")
    port.take(lost.check(), ELSEWHERE, 1.0)
    assert port.drops.stun_unknown_ufrag == 1
    assert ledger.moves == []
    port.take(old.check(), HOME, 1.0)
    port.take(new.check(), HOME, 1.1)
    port.take(sound(old), HOME, 1.2)
    assert len(ledger.packets) == 1


async def test_a_restart_needs_its_own_password(port: Port) -> None:
    old, ledger = port.admit()
    port.connect(old)
    new = restart(port, old, "anew")
    port.take(new.check(password=old.password), ELSEWHERE, 1.0)
    assert port.drops.stun_integrity == 1
    assert ledger.moves == []


async def test_a_session_restarted_many_times_leaves_nothing_behind(port: Port) -> None:
    remote, _ = port.admit()
    port.connect(remote)
    for n in range(20):
        remote = restart(port, remote, f"ufrag{n}")
        port.take(remote.check(), HOME, 1.0)
    port.remove(port.peers["p"], "closed")
    port.take(remote.check(), HOME, 1.0)
    assert port.drops.stun_unknown_ufrag == 1


async def test_another_certificate_ends_the_session(port: Port) -> None:
    remote, ledger = port.admit()
    remote.dtls = DtlsEndpoint(DtlsIdentity(), (IDENTITY.fingerprint,), is_server=False)
    port.connect(remote)
    assert port.closed == ["dtls_fingerprint"]
    assert ledger.closed == 1
    assert ledger.connected == 0


async def test_forged_media_is_dropped(port: Port) -> None:
    remote, ledger = port.admit()
    port.connect(remote)
    good = sound(remote)
    port.take(good[:-1] + bytes([good[-1] ^ 1]), HOME, 1.0)
    port.take(good, HOME, 1.0)
    port.take(good, HOME, 1.0)
    assert len(ledger.packets) == 1
    assert port.drops.media_malformed == 2


async def test_an_offer_that_no_check_follows_is_forgotten(port: Port) -> None:
    port.admit()
    port.run_all_timers(SETUP_S - 1)
    assert port.closed == []
    port.run_all_timers(SETUP_S + 1)
    assert port.closed == ["setup_timeout"]
    assert port.peers == {}


async def test_silence_ends_a_session_and_a_check_prolongs_it(port: Port) -> None:
    remote, ledger = port.admit()
    port.connect(remote)
    port.take(remote.check(), HOME, 20.0)
    port.run_all_timers(CONSENT_S + 5)
    assert ledger.closed == 0
    port.run_all_timers(CONSENT_S + 21)
    assert port.closed == ["consent_timeout"]


async def test_goodbye_frees_the_address_for_the_next(port: Port) -> None:
    remote, _ = port.admit()
    port.connect(remote)
    for datagram in remote.dtls.close():
        port.take(datagram, HOME, 1.0)
    assert port.closed == ["bye"]
    again, other = port.admit("q")
    port.connect(again)
    assert other.connected == 1


async def test_a_socket_that_carries_a_new_session_ends_the_old_one_once_that_is_silent(port: Port) -> None:
    first, _ = port.admit()
    port.connect(first)
    second, ledger = port.admit("q")
    port.connect(second, now=9.0)
    assert port.closed == ["displaced"]
    port.take(sound(second), HOME, 1.0)
    assert len(ledger.packets) == 1


async def test_junk_at_the_real_socket_stops_nobody(port: Port) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for n in range(500):
            stranger.sendto(b"\x80" * (n % 90), port.address)
        async with asyncio.timeout(30):
            while port.drops.stranger + port.drops.empty < 500:  # noqa: ASYNC110
                await asyncio.sleep(0)
    assert port.peers == {}


def test_a_compound_packet_is_told_from_media() -> None:
    assert rtp.is_rtcp(b"\x80\xc8")
    assert not rtp.is_rtcp(b"\x80\x6f")
    assert not rtp.is_rtcp(b"\x80")
