"""Floods, forged sources and ill-meaning peers at the UDP port: what each costs is bounded, and nobody else pays."""

import os
import socket
import struct
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography import x509

from media import rtcp, rtp, sdp, stun, udp
from media.errors import OfferRejected
from media.offers import Agreed, AgreedPicture
from media.peer import SETUP_S
from media.publishing import SILENT_AFTER_S, Publisher
from media.reception import Reception
from media.strangers import Strangers, names_one_of
from media.studio import EngineEvent, SourceFlowing, SourceSilent, Studio
from media.udp import Address
from tests.media.remote import offer
from tests.media.test_transport import ELSEWHERE, HOME, Port, sound

HALL = "::ffff:192.0.2.1"


@pytest.fixture
async def port() -> AsyncIterator[Port]:
    sock = udp.open_socket("127.0.0.1", 0)
    made = Port(sock)
    yield made
    made.close()
    sock.close()


def junk_check(username: str = "0123456789ab:them") -> bytes:
    return stun.format_request(os.urandom(12), username, b"guess", tie_breaker=1)


async def test_a_flood_of_checks_is_shed_by_its_source_and_another_hosts_is_not(port: Port) -> None:
    for n in range(1000):
        port.take(junk_check(), (HALL, n), 0.0)
    port.take(junk_check(), ELSEWHERE, 0.0)
    assert (port.drops.stun_unknown_ufrag, port.drops.shed) == (101, 900)
    assert port.sent == []


async def test_who_shares_an_address_with_a_flood_gets_in_and_stays(port: Port) -> None:
    early, heard = port.admit("early")
    port.connect(early)
    for n in range(1000):
        port.take(junk_check(), (HALL, 10_000 + n), 0.0)
    late, other = port.admit("late")
    late.address = (HALL, 4711)
    port.connect(late)
    port.take(early.check(), HOME, 0.1)
    port.take(sound(early), HOME, 0.1)
    assert (other.connected, len(heard.packets)) == (1, 1)
    assert port.drops.shed == 900


def test_a_new_turn_forgives() -> None:
    strangers = Strangers()
    for _ in range(100):
        strangers.note("a")
    assert strangers.is_flooding("a")
    strangers.forget()
    assert not strangers.is_flooding("a")


def test_a_flood_under_invented_addresses_takes_no_memory() -> None:
    strangers = Strangers()
    for n in range(20_000):
        strangers.note(f"host{n}")
    assert len(strangers._failures) <= 4097
    assert strangers.is_flooding("never seen")
    assert not strangers.is_flooding("host7")


@pytest.mark.parametrize("username", ["0123456789ab:them", "0123456789ab:"])
def test_a_known_user_fragment_is_seen_without_parsing(username: str) -> None:
    check = stun.format_request(bytes(12), username, b"k", tie_breaker=1)
    assert names_one_of(check, {"0123456789ab"})
    assert not names_one_of(check, {"ba9876543210"})
    assert not names_one_of(b"\x00\x01", {"0123456789ab"})
    assert not names_one_of(b"\x00" * 40, {""})


async def test_nobody_ends_a_living_session_by_a_check_from_its_address(port: Port) -> None:
    victim, ledger = port.admit("victim")
    port.connect(victim)
    forger, _ = port.admit("forger")
    port.take(forger.check(), ELSEWHERE, 0.0)
    port.sent.clear()
    port.take(forger.check(), HOME, 1.0)
    assert (port.closed, port.sent, port.drops.address_taken) == ([], [], 1)
    port.take(sound(victim), HOME, 1.1)
    assert len(ledger.packets) == 1


async def test_one_peers_checks_are_answered_as_often_as_any_browser_asks(port: Port) -> None:
    remote, _ = port.admit()
    for _ in range(1000):
        port.take(remote.check(), HOME, 0.0)
    assert len([d for d, _ in port.sent if d[0] < 4]) == 200
    assert port.drops.checks_too_many == 800
    port.take(remote.check(), HOME, 1.0)
    assert port.drops.checks_too_many == 800


@pytest.mark.parametrize("address", [HOME, ("2001:db8::77", 65535)])
async def test_an_answer_is_never_half_as_long_again_as_the_question(port: Port, address: Address) -> None:
    remote, _ = port.admit()
    for nominate in (True, False):
        check = remote.check(nominate=nominate)
        port.sent.clear()
        port.take(check, address, 0.0)
        assert sum(len(datagram) for datagram, _ in port.sent) <= 1.5 * len(check)


async def test_questions_of_strangers_have_no_answer_at_all(port: Port) -> None:
    port.admit()
    bare = struct.pack("!HHI12s", 1, 0, stun.MAGIC, bytes(12))
    for datagram in (bare, junk_check(), b"\x16\xfe\xff" + bytes(90), b"\x00", b"\x80\xc8" + bytes(60)):
        port.take(datagram, ELSEWHERE, 0.0)
    assert port.sent == []


async def test_a_forged_source_is_not_flooded_by_handshakes(port: Port) -> None:
    remote, _ = port.admit()
    port.take(remote.check(), HOME, 0.0)
    hello = remote.dtls.start()[0]
    port.sent.clear()
    for _ in range(200):
        port.take(hello, HOME, 0.0)
    assert sum(len(datagram) for datagram, _ in port.sent) <= 12_000


async def test_a_certificate_that_nobody_can_read_ends_its_own_session(
    port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> x509.Certificate:
        raise ValueError("invalid encoding")

    remote, ledger = port.admit()
    monkeypatch.setattr("OpenSSL.SSL.X509.to_cryptography", refuse)
    port.connect(remote)
    assert (port.closed, ledger.connected) == (["dtls_fingerprint"], 0)


async def test_a_datagram_that_fails_inside_stops_no_other(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    port._loop.set_exception_handler(lambda loop, context: told.append(context))

    def fail(*_: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr(port, "take", fail)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for _ in range(20):
            stranger.sendto(b"x", port.address)
    port._on_readable()
    port._on_readable()
    assert port.drops.failed == 20
    assert len(told) == 1
    assert port.address[0] not in str(told)


def test_numbers_that_jump_on_and_on_leave_little_to_look_after() -> None:
    reception = Reception(1, 48000)
    for n in range(5000):
        reception.note((n * 190) & 0xFFFF, n, 1, n / 1000)
    assert len(reception._missing) <= 200
    assert len(reception.to_ask_for(6.0)) <= 200


def test_one_report_asks_for_no_more_than_any_history_holds() -> None:
    pairs = [(n * 17) & 0xFFFF for n in range(400)]
    body = struct.pack("!II", 1, 2) + b"".join(struct.pack("!HH", pair, 0xFFFF) for pair in pairs)
    wire = struct.pack("!BBH", 0x81, rtcp.RTPFB, len(body) // 4) + body
    (nack,) = rtcp.parse(wire)
    assert isinstance(nack, rtcp.Nack)
    assert len(nack.sequences) == 64 * 17


def test_padding_without_end_is_not_walked_through() -> None:
    assert rtp.find_extension(bytes(300) + b"\x30\x07", 3) is None
    assert rtp.find_extension(bytes(100) + b"\x30\x07", 3) == b"\x07"


def test_a_publishers_silence_is_noticed_within_three_seconds() -> None:
    told: list[bool] = []
    publisher = Publisher(Agreed(audio_type=111, pictures=[AgreedPicture({"vp8": 96})]), None, told.append)
    publisher.on_rtp(rtp.RtpPacket(96, False, 1, 960, 5, b"x"), 10.0)
    assert told == [True]
    # The timers come round to every peer twice a second.
    publisher.on_timer(10.0 + SILENT_AFTER_S + 0.5)
    assert told == [True, False]
    assert SILENT_AFTER_S + 0.5 <= 3.0


async def test_a_session_that_takes_anothers_place_and_never_connects_is_no_longer_live() -> None:
    sock = udp.open_socket("127.0.0.1", 0)
    told: list[EngineEvent] = []
    studio = Studio(sock, ("127.0.0.1",), frozenset(), told.append)
    try:
        studio.publish("first", offer("sendonly"), "hall", None)
        studio._publishing["hall"].media.on_rtp(rtp.RtpPacket(111, False, 1, 960, 5, b"x"), time.monotonic())
        assert told == [SourceFlowing("hall")]
        studio.publish("second", offer("sendonly"), "hall", None)
        assert SourceSilent("hall") not in told, "a page that comes back makes no gap by itself"
        for turn in range(25):
            studio._transport.run_timers(turn, time.monotonic() + SETUP_S + 0.5)
        assert SourceSilent("hall") in told
    finally:
        studio.close()
        sock.close()


async def test_a_thousand_sessions_and_none_lost_to_strangers_packets(port: Port) -> None:
    remotes = [port.admit(f"p{n}")[0] for n in range(1000)]
    noise = (b"", b"\x00", bytes(20), b"\x80" * 50, b"\x80\xc9" + bytes(50), b"\xff" * 9, junk_check())
    for n, remote in enumerate(remotes):
        remote.address = ("::ffff:198.51.100.9", n)
        port.take(remote.check(), remote.address, 0.0)
        for k in range(7):
            port.take(noise[(n + k) % 7], remote.address, 0.0)
            port.take(noise[(n + k) % 7], ("::ffff:203.0.113.5", n), 0.0)
    assert port.closed == []
    assert len(port.peers) == 1000
    port.connect(remotes[999], now=0.1)
    assert port.peers["p999"].is_connected


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("a=rtpmap:111 opus/48000/2", "a=rtpmap:111 opus/48000/2\ra=evil"),
        ("a=mid:audio", "a=mid:audio\x0b"),
        ("s=-", "s=\u2028"),
        ("m=audio 9", "m=audio 65536"),
        ("m=audio 9", "m=audio -1"),
        ("m=audio", "m=audi\u00f6"),
    ],
)
def test_a_line_that_is_none_is_refused(line: str, instead: str) -> None:
    with pytest.raises(OfferRejected, match="sdp_malformed"):
        sdp.parse_offer(offer("recvonly").replace(line, instead))


def test_header_extensions_past_those_of_one_byte_are_not_taken() -> None:
    text = offer("sendonly") + "a=extmap:15 urn:x\r\na=extmap:99999999 urn:y\r\na=extmap:3/sendonly urn:z\r\n"
    assert sdp.parse_offer(text).sections[0].extensions == {"urn:z": 3}
