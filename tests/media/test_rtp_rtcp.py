"""RTP and RTCP codecs: round trips, arithmetic across the wrap, and refusal of what does not add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import rtcp, rtp
from media.errors import WireError
from media.rtcp import Bye, KeyframeRequest, Nack, ReportBlock, SenderReport

U16 = st.integers(0, 0xFFFF)
U32 = st.integers(0, 0xFFFFFFFF)


@given(st.integers(0, 127), st.booleans(), U16, U32, U32, st.binary(max_size=60))
def test_a_packet_comes_back(pt: int, marker: bool, sequence: int, timestamp: int, ssrc: int, payload: bytes) -> None:
    packet = rtp.RtpPacket(pt, marker, sequence, timestamp, ssrc, payload)
    assert rtp.parse(rtp.format_packet(packet)) == packet


def test_extensions_contributors_and_padding_are_cut_off() -> None:
    header = bytes([0x80 | 0x20 | 0x10 | 2, 111, 0, 1]) + bytes(8) + bytes(8)
    wire = header + b"\xbe\xde\x00\x01abcd" + b"sound" + b"\x00\x00\x03"
    assert rtp.parse(wire).payload == b"sound"


@pytest.mark.parametrize(
    "wire", [b"", b"\x80" * 11, b"\x40" + bytes(11), b"\x9f" + bytes(11), b"\xa0" + bytes(11), b"\xa0" + b"\xff" * 13]
)
def test_broken_packets_are_refused(wire: bytes) -> None:
    with pytest.raises(WireError):
        rtp.parse(wire)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(wire: bytes) -> None:
    for parse in (rtp.parse, rtcp.parse):
        try:
            parse(wire)
        except WireError:
            continue


@pytest.mark.parametrize(("a", "b", "after"), [(1, 0, 1), (0, 65535, 1), (65535, 0, -1), (10, 10, 0)])
def test_sequences_are_compared_across_the_wrap(a: int, b: int, after: int) -> None:
    assert rtp.sequence_after(a, b) == after


def test_a_sender_report_comes_back() -> None:
    wire = rtcp.format_sender_report(7, 1_700_000_000.25, 48000, 10, 1600, b"cname")
    report = rtcp.parse(wire)[0]
    assert isinstance(report, SenderReport)
    assert report.ntp_s == pytest.approx(1_700_000_000.25, abs=1e-6)
    assert report.ntp_middle == rtcp.ntp_middle(1_700_000_000.25)
    assert (report.ssrc, report.timestamp, report.packets, report.octets) == (7, 48000, 10, 1600)


@pytest.mark.parametrize("clock_hz", [48000, 90000])
@pytest.mark.parametrize("timestamp", [0, 1, 123_456_789, 2**32 - 1])
def test_a_rounded_instant_is_of_the_same_line_and_at_a_whole_multiple(clock_hz: int, timestamp: int) -> None:
    due, at = rtcp.rounded(1_700_000_000.25, timestamp, clock_hz)
    assert at % (rtcp.ROUND_S * clock_hz) == 0
    assert 0 <= timestamp - at < rtcp.ROUND_S * clock_hz
    assert due + (timestamp - at) / clock_hz == pytest.approx(1_700_000_000.25, abs=1e-6)


def test_a_receiver_report_comes_back() -> None:
    block = ReportBlock(9, 0.25, 12, 70000, 33, 5, 1.5)
    assert rtcp.parse(rtcp.format_receiver_report(7, [block], b"c")) == [block]


def test_negative_loss_is_read() -> None:
    block = ReportBlock(9, 0.0, -3, 1, 0, 0, 0.0)
    assert rtcp.parse(rtcp.format_receiver_report(7, [block], b"c")) == [block]


@given(st.sets(st.integers(0, 40), min_size=1))
def test_a_nack_names_what_was_asked(offsets: set[int]) -> None:
    wanted = [(65520 + offset) & 0xFFFF for offset in sorted(offsets)]
    (nack,) = rtcp.parse(rtcp.format_nack(1, 2, wanted))
    assert nack == Nack(2, tuple(wanted))


def test_keyframe_requests_and_goodbyes_are_read() -> None:
    assert rtcp.parse(rtcp.format_pli(1, 2)) == [KeyframeRequest(2)]
    fir = b"\x84\xce\x00\x04" + bytes(8) + b"\x00\x00\x00\x02" + b"\x01\x00\x00\x00"
    assert rtcp.parse(fir) == [KeyframeRequest(2)]
    assert rtcp.parse(b"\x81\xcb\x00\x01\x00\x00\x00\x05") == [Bye((5,))]


def test_unknown_kinds_are_skipped() -> None:
    remb = rtcp.format_remb(1, [2, 3], 4_000_000)
    assert rtcp.parse(remb + rtcp.format_pli(1, 2)) == [KeyframeRequest(2)]


def test_a_train_of_packets_that_never_ends_is_refused() -> None:
    with pytest.raises(WireError):
        rtcp.parse(rtcp.format_pli(1, 2) * 40)
