"""The publishing side of RTMP against a server of our own making, whole and broken, and AMF0 with it."""

from __future__ import annotations

import itertools
import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import flv
from media.amf import AmfValue, format_amf, format_ecma_array, parse_amf
from media.errors import WireError
from media.rtmp import RtmpPublisher, RtmpRefused, Step

SHAKE = bytes([3]) + bytes(1536) + os.urandom(1536)


def message(kind: int, body: bytes, lane: int = 3, chunk: int = 128) -> bytes:
    """A server's message in chunks of 128 bytes."""
    head = bytes([lane]) + bytes(3) + len(body).to_bytes(3, "big") + bytes([kind]) + bytes(4)
    return head + bytes([0xC0 | lane]).join(body[at : at + chunk] for at in range(0, max(1, len(body)), chunk))


def command(*values: AmfValue) -> bytes:
    return message(20, format_amf(*values))


CONNECTED = command("_result", 1, {"fmsVer": "x" * 200}, {"code": "NetConnection.Connect.Success"})
CREATED = command("_result", 4, None, 7)
STARTED = command("onStatus", 0, None, {"level": "status", "code": "NetStream.Publish.Start"})


def publisher() -> RtmpPublisher:
    made = RtmpPublisher("live", "key?x=1", "rtmp://host/live")
    assert len(made.begin()) == 1537
    return made


def live() -> RtmpPublisher:
    made = publisher()
    for said in (SHAKE, CONNECTED, CREATED, STARTED):
        made.receive(said)
    assert made.step is Step.LIVE
    return made


def test_publishing_step_by_step() -> None:
    made = publisher()
    answer = made.receive(SHAKE)
    assert answer[:1536] == SHAKE[1:1537]
    assert b"connect" in answer
    assert b"tcUrl" in answer
    assert b"createStream" in made.receive(CONNECTED)
    asked = made.receive(CREATED)
    assert b"publish" in asked
    assert b"key?x=1" in asked
    assert asked[8:12] == (7).to_bytes(4, "little"), "on the stream the server made"
    made.receive(STARTED)
    assert made.step is Step.LIVE
    assert b"deleteStream" in made.end()


@given(st.lists(st.integers(1, 900), min_size=1, max_size=20))
def test_it_does_not_matter_how_the_bytes_are_cut(sizes: list[int]) -> None:
    whole = SHAKE + CONNECTED + message(4, bytes([0, 6, 1, 2, 3, 4]), lane=2) + CREATED + STARTED
    made, answered, at = publisher(), b"", 0
    for size in itertools.cycle(sizes):
        if at >= len(whole):
            break
        answered += made.receive(whole[at : at + size])
        at += size
    assert made.step is Step.LIVE
    assert bytes([0, 7, 1, 2, 3, 4]) in answered, "a ping is answered"


def test_a_larger_chunk_size_of_the_server_is_followed() -> None:
    made = publisher()
    made.receive(SHAKE + message(1, struct.pack(">I", 4096), lane=2))
    body = format_amf("_result", 1, {"fmsVer": "x" * 200}, {"code": "NetConnection.Connect.Success"})
    assert b"createStream" in made.receive(message(20, body, chunk=4096))


def test_what_came_is_acknowledged_by_the_window() -> None:
    made = live()
    made.receive(message(5, struct.pack(">I", 400), lane=2))
    answer = made.receive(message(20, format_amf("onBWDone", 0, None, "x" * 500)))
    assert answer[7] == 3


@pytest.mark.parametrize(
    ("before", "said", "code"),
    [
        ([], command("_error", 1, None, {"level": "error", "code": "NetConnection.Connect.Rejected"}), "Rejected"),
        ([CONNECTED, CREATED], command("onStatus", 0, None, {"level": "error", "code": "X.BadName"}), "BadName"),
        ([CONNECTED, CREATED], command("_error", 5, None, None), "refused"),
    ],
)
def test_a_refusal_says_the_servers_own_word(before: list[bytes], said: bytes, code: str) -> None:
    made = publisher()
    for earlier in (SHAKE, *before):
        made.receive(earlier)
    with pytest.raises(RtmpRefused, match=code):
        made.receive(said)


def test_media_times_go_past_three_bytes_and_round() -> None:
    made = live()
    assert made.sound(b"a", 0xFFFFFE)[1:4] == b"\xff\xff\xfe"
    late = made.picture(bytes(5000), 0x01000000)
    assert late[1:4] == b"\xff\xff\xff"
    assert late[12:16] == b"\x01\x00\x00\x00"
    # Its second chunk has the long time again.
    assert late[16 + 4096 : 16 + 4096 + 5] == bytes([0xC6]) + b"\x01\x00\x00\x00"
    assert made.sound(b"a", 2**32 + 5)[1:4] == b"\x00\x00\x05"


@pytest.mark.parametrize(
    "junk",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        SHAKE + bytes([0xC5]) + b"none has begun",
        SHAKE + bytes([3]) + bytes(3) + b"\xff\xff\xff" + bytes([20]) + bytes(4),
        SHAKE + command("_result", 1, {}) + command("_result", 4, None, -1),
        SHAKE + message(20, b"\x02\xff\xff"),
    ],
)
def test_what_is_no_rtmp_is_noticed(junk: bytes) -> None:
    with pytest.raises(WireError):
        publisher().receive(junk)


@given(st.binary(max_size=4000))
def test_no_bytes_of_a_server_do_harm(junk: bytes) -> None:
    made = publisher()
    made.receive(SHAKE)
    try:
        made.receive(junk)
    except (WireError, RtmpRefused):
        return


PLAIN = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(PLAIN, max_size=5))
def test_values_come_back_as_they_went(values: list[AmfValue]) -> None:
    assert parse_amf(format_amf(*values)) == values
    assert parse_amf(format_ecma_array({"a": 1.0, "b": "ї"})) == [{"a": 1.0, "b": "ї"}]


@given(st.binary(max_size=300))
def test_other_bytes_are_refused_or_read(junk: bytes) -> None:
    try:
        parse_amf(junk)
    except WireError:
        return


def test_nesting_has_an_end() -> None:
    with pytest.raises(WireError):
        parse_amf((b"\x03\x00\x01a") * 50)
    with pytest.raises(WireError):
        parse_amf(b"\x0a\x00\x00\x00\x01" * 50)
    with pytest.raises(ValueError, match="too long"):
        format_amf("x" * 70_000)


def test_tags_of_sound_and_picture() -> None:
    assert flv.sound_configuration(b"\x11\x88") == b"\xaf\x00\x11\x88"
    assert flv.sound(b"aac") == b"\xaf\x01aac"
    assert flv.picture_configuration(b"avcc") == b"\x17\x00\x00\x00\x00avcc"
    assert flv.picture(b"nal", is_keyframe=True) == b"\x17\x01\x00\x00\x00nal"
    assert flv.picture(b"nal", is_keyframe=False)[0] == 0x27
    assert parse_amf(flv.description(has_picture=True))[:2] == ["@setDataFrame", "onMetaData"]
