"""RED, transport-wide feedback, and the judgement on a viewer's line."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import redundancy, rtcp, rtp
from media.errors import WireError
from media.feedback import TransportFeedback
from media.line import Line
from media.rtp import RtpPacket

OPUS = 111


def wrapped(payload: bytes) -> RtpPacket:
    return RtpPacket(63, False, 10, 9600, 5, payload)


def test_what_was_put_together_is_taken_apart() -> None:
    payload = redundancy.put_together(OPUS, b"now", b"before", 960)
    earlier, newest = redundancy.take_apart(wrapped(payload), OPUS)
    assert (earlier.sequence, earlier.timestamp, earlier.payload) == (9, 8640, b"before")
    assert (newest.sequence, newest.timestamp, newest.payload) == (10, 9600, b"now")
    assert newest.payload_type == OPUS


def test_without_an_earlier_packet_there_is_one_inside() -> None:
    for earlier in (b"", bytes(2000)):
        (only,) = redundancy.take_apart(wrapped(redundancy.put_together(OPUS, b"now", earlier, 960)), OPUS)
        assert only.payload == b"now"


@pytest.mark.parametrize("payload", [b"", b"\xef", b"\xef\x00\x00\x05\x6fab", b"\x00abc", b"\xef\x00\x00\x00" * 9])
def test_broken_red_is_refused(payload: bytes) -> None:
    with pytest.raises(WireError):
        redundancy.take_apart(wrapped(payload), OPUS)


@given(st.binary(max_size=60))
def test_any_bytes_are_taken_apart_or_refused(payload: bytes) -> None:
    try:
        packets = redundancy.take_apart(wrapped(payload), OPUS)
    except WireError:
        return
    assert sum(len(p.payload) for p in packets) <= len(payload)


def read_feedback(wire: bytes) -> tuple[int, list[int | None]]:
    """Base sequence and, for each status, the arrival in quarters of a millisecond, or None (by the draft, 3.1)."""
    base, count = struct.unpack_from("!HH", wire, 12)
    reference = int.from_bytes(wire[16:19], "big") * 256
    at = 20
    symbols: list[int] = []
    while len(symbols) < count:
        chunk = int.from_bytes(wire[at : at + 2], "big")
        assert chunk >> 14 == 0b11
        symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        at += 2
    arrivals: list[int | None] = []
    ticks = reference
    for symbol in symbols[:count]:
        if symbol == 0:
            arrivals.append(None)
            continue
        size = 1 if symbol == 1 else 2
        ticks += int.from_bytes(wire[at : at + size], "big", signed=size == 2)
        at += size
        arrivals.append(ticks)
    assert len(wire) % 4 == 0
    return base, arrivals


def test_feedback_tells_every_arrival_and_every_loss() -> None:
    feedback = TransportFeedback(1)
    times = {65534: 10.0, 65535: 10.005, 1: 10.2, 0: 10.201, 3: 10.19}
    for sequence, at in times.items():
        feedback.note(sequence, at)
    wire = feedback.report(2, 10.3)
    assert wire is not None
    base, arrivals = read_feedback(wire)
    assert base == 65534
    expected: list[float | None] = [10.0, 10.005, 10.201, 10.2, None, 10.19]
    for told, due in zip(arrivals, expected, strict=True):
        assert told == (None if due is None else pytest.approx(due * 4000, abs=2))
    assert rtcp.parse(wire) == []


def test_feedback_comes_ten_times_a_second_and_goes_on_where_it_stopped() -> None:
    feedback = TransportFeedback(1)
    reports = []
    for n in range(100):
        feedback.note(n, n * 0.01)
        report = feedback.report(2, n * 0.01)
        if report is not None:
            reports.append(read_feedback(report))
    assert 8 <= len(reports) <= 10
    for (base, arrivals), (following, _) in pairwise(reports):
        assert following == base + len(arrivals)


def test_a_jump_of_numbers_starts_feedback_anew() -> None:
    feedback = TransportFeedback(1)
    feedback.note(1, 0.0)
    feedback.note(30000, 0.2)
    assert feedback.report(2, 0.3) is None
    feedback.note(30001, 0.4)
    report = feedback.report(2, 0.5)
    assert report is not None
    assert read_feedback(report)[0] == 30001


def test_header_extensions_are_found() -> None:
    packet = RtpPacket(96, False, 1, 2, 3, b"x", b"\x10a\x31bc\x00\x00\x00")
    parsed = rtp.parse(rtp.format_packet(packet))
    assert parsed == packet
    assert rtp.find_extension(parsed.extensions, 3) == b"bc"
    assert rtp.find_extension(parsed.extensions, 4) is None
    assert rtp.find_extension(b"\x3fb", 3) is None


def test_a_thin_line_loses_the_picture_and_gets_it_back() -> None:
    line = Line()
    shown = []
    for second, loss, picture in ((1.0, 0.3, 0), (2.0, 0.3, 0), (6.0, None, 0), (7.1, None, 0), (8.0, 0.1, None),
                                  (9.0, 0.1, None), (15.0, None, 0), (19.1, None, 0)):  # fmt: skip
        if loss is None:
            line.on_timer(second)
        else:
            line.note(loss, second, picture)
        shown.append(line.shown)
    assert shown == [1, 0, 0, 1, 1, 0, 0, 1]


def test_one_bad_report_takes_nothing_away() -> None:
    line = Line()
    for n in range(50):
        line.note(0.9 if n % 2 else 0.0, float(n), 0)
    assert line.shown == 1


def test_pictures_go_from_the_last_and_the_first_goes_last() -> None:
    line = Line(6)
    seen = []
    for report in range(1, 9):
        line.note(0.3, float(report), 0)
        seen.append(line.shown)
    assert seen == [6, 3, 3, 1, 1, 0, 0, 0]
    for second, expected in ((10.0, 0), (11.1, 1), (20.0, 1), (21.2, 2), (41.3, 4), (81.4, 6)):
        line.on_timer(second)
        assert line.shown == expected


def test_one_picture_that_is_well_hides_no_other_that_is_not() -> None:
    line = Line(2)
    for second in (1.0, 2.0):
        line.note(0.0, second, 0)
        line.note(0.3, second, 1)
        line.note(0.0, second, None)
    assert line.shown == 1
    line.note(0.9, 3.0, 1)
    line.note(0.9, 4.0, 1)
    assert line.shown == 1


def test_half_a_minute_of_all_pictures_without_trouble_forgets_the_pause() -> None:
    line = Line(2)
    for second in (1.0, 2.0):
        line.note(0.3, second, 0)
    line.on_timer(7.1)
    assert line.shown == 2
    line.note(0.0, 38.0, 0)
    for second in (39.0, 40.0):
        line.note(0.3, second, 0)
    line.on_timer(45.1)
    assert line.shown == 2
