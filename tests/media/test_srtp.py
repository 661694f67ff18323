"""Sessions for one stream and for any; by what thread they are made."""

import os
import threading

import pytest

from media.errors import WireError
from media.rtp import RtpPacket, format_packet, parse
from media.srtp import PROFILES, Profile, ProtectError, SrtpSession

SOUND, PICTURE = 7, 8
FURTHEST_BACK = 64


def sessions(profile: Profile, only_ssrc: int | None = None) -> tuple[SrtpSession, SrtpSession]:
    material = os.urandom(60)
    ours = SrtpSession(profile, material, is_server=True, only_ssrc=only_ssrc)
    return ours, SrtpSession(profile, material, is_server=False)


def packet(sequence: int, ssrc: int = SOUND) -> bytes:
    return format_packet(RtpPacket(111, False, sequence & 0xFFFF, 960 * sequence, ssrc, b"sound"))


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: str(profile.number))
@pytest.mark.parametrize("only_ssrc", [None, SOUND])
def test_sound_and_reports_arrive_across_the_turn_of_the_numbers(profile: Profile, only_ssrc: int | None) -> None:
    ours, theirs = sessions(profile, only_ssrc)
    for sequence in range(65_500, 65_600):
        assert parse(theirs.unprotect(ours.protect(packet(sequence)))).sequence == sequence & 0xFFFF
    report = bytes.fromhex("80c90001 00000007")
    assert theirs.unprotect_rtcp(ours.protect_rtcp(report)) == report
    assert ours.unprotect(theirs.protect(packet(1, PICTURE))) == packet(1, PICTURE)


def test_as_old_a_packet_as_is_kept_may_be_sent_again() -> None:
    ours, theirs = sessions(PROFILES[0], SOUND)
    wires = [ours.protect(packet(sequence)) for sequence in range(FURTHEST_BACK)]
    again = ours.protect(packet(0))
    for wire in wires[1:]:
        theirs.unprotect(wire)
    assert again == wires[0]
    assert theirs.unprotect(again) == packet(0)


def test_another_stream_than_the_one_agreed_upon_is_refused() -> None:
    ours, _ = sessions(PROFILES[0], SOUND)
    with pytest.raises(ProtectError):
        ours.protect(packet(1, PICTURE))


def test_long_and_forged_packets_are_refused() -> None:
    ours, theirs = sessions(PROFILES[0])
    wire = ours.protect(packet(1))
    for bad in (b"", wire[:11], wire[:-1], wire + b"0", bytes([0x80]) + bytes(3000)):
        with pytest.raises(WireError):
            theirs.unprotect(bad)
    assert theirs.unprotect(wire) == packet(1)


def test_all_are_made_by_one_thread_that_does_nothing_else() -> None:
    before = threading.enumerate()
    for _ in range(3):
        sessions(PROFILES[0])
    makers = [thread for thread in threading.enumerate() if thread.name.startswith("srtp-sessions")]
    assert len(makers) == 1
    assert set(threading.enumerate()) - set(before) <= set(makers)
