"""The receiving side of RTMP against our own publishing side, and against what strangers send."""

from __future__ import annotations

import itertools
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import flv
from media.amf import format_amf
from media.avc import format_record
from media.errors import WireError
from media.rtmp import RtmpPublisher, RtmpRefused, Step
from media.rtmp_chunks import CONTROL_LANE, SOUND_LANE, ChunkReader, Kind, Message, format_message
from media.rtmp_receiver import Ended, Heard, Picture, RtmpReceiver, Sound, Wish

SHAKE = bytes([3]) + bytes(8) + os.urandom(1528) + os.urandom(1536)


def meet(key: str = "key?a=b") -> tuple[RtmpPublisher, RtmpReceiver, list[Heard]]:
    """Both sides up to the encoder's wish."""
    encoder, here = RtmpPublisher("live", key, "rtmp://host/live"), RtmpReceiver()
    said, heard = encoder.begin(), list[Heard]()
    for _ in range(8):
        answer, found = here.receive(said)
        heard += found
        said = encoder.receive(answer)
    return encoder, here, heard


def test_an_encoder_says_what_it_wants_and_then_sends() -> None:
    encoder, here, heard = meet()
    assert heard == [Wish("live", "key")]
    encoder.receive(here.accept())
    assert encoder.step is Step.LIVE
    sent = encoder.describe(flv.description(has_picture=True)) + encoder.sound(b"\xaf\x01aac", 7)
    sent += encoder.picture(b"\x17\x01" + bytes(20_000), 0x1000005)
    assert here.receive(sent)[1] == [Sound(7, b"\xaf\x01aac"), Picture(0x1000005, b"\x17\x01" + bytes(20_000))]
    assert here.receive(encoder.end())[1] == [Ended(), Ended()]


def test_an_encoder_that_is_refused_hears_it() -> None:
    encoder, here, _ = meet()
    with pytest.raises(RtmpRefused, match="BadName"):
        encoder.receive(here.refuse())


def test_what_comes_before_it_was_accepted_is_let_go() -> None:
    encoder, here, _ = meet()
    assert here.receive(encoder.sound(b"\xaf\x01aac", 7))[1] == []
    with pytest.raises(WireError):
        here.receive(encoder.picture(bytes(70_000), 0))


@given(st.lists(st.integers(1, 700), min_size=1, max_size=20))
def test_it_does_not_matter_how_the_bytes_are_cut(sizes: list[int]) -> None:
    whole = SHAKE + format_message(3, Kind.COMMAND, 0, 0, format_amf("connect", 1, {"app": "/live/"}), chunk=128)
    whole += format_message(3, Kind.COMMAND, 0, 1, format_amf("publish", 5, None, "key", "live"), chunk=128)
    here, heard, at = RtmpReceiver(), list[Heard](), 0
    for size in itertools.cycle(sizes):
        if at >= len(whole):
            break
        heard += here.receive(whole[at : at + size])[1]
        at += size
    assert heard == [Wish("live", "key")]


def test_times_of_short_headers_add_up() -> None:
    reader = ChunkReader(1000)
    first = format_message(SOUND_LANE, Kind.SOUND, 1000, 1, b"ab")
    same_length = bytes([0x80 | SOUND_LANE]) + (23).to_bytes(3, "big") + b"cd"
    all_the_same = bytes([0xC0 | SOUND_LANE]) + b"ef"
    other_length = bytes([0x40 | SOUND_LANE]) + (5).to_bytes(3, "big") + (1).to_bytes(3, "big") + bytes([8]) + b"g"
    assert reader.read(first + same_length + all_the_same + other_length) == [
        Message(8, 1000, b"ab"),
        Message(8, 1023, b"cd"),
        Message(8, 1046, b"ef"),
        Message(8, 1051, b"g"),
    ]


@given(st.binary(max_size=4000))
def test_no_bytes_of_a_stranger_do_harm(junk: bytes) -> None:
    here = RtmpReceiver()
    here.receive(SHAKE)
    try:
        here.receive(junk)
    except WireError:
        return


@pytest.mark.parametrize(
    "junk",
    [
        b"GET / HTTP/1.1\r\n",
        SHAKE + bytes([0xC9]),
        SHAKE + format_message(CONTROL_LANE, Kind.COMMAND, 0, 0, b"\x09junk"),
        SHAKE + b"".join(bytes([0, lane]) + bytes(6) + b"\x01" + bytes(4) + b"x" for lane in range(70)),
    ],
)
def test_what_is_no_rtmp_is_noticed(junk: bytes) -> None:
    with pytest.raises(WireError):
        RtmpReceiver().receive(junk)


def test_parameter_sets_come_out_of_their_record() -> None:
    sps, pps = b"\x67\x42\xe0\x1f", b"\x68\xce"
    assert flv.parameter_sets(format_record(sps, pps)) == b"\x00\x00\x00\x04" + sps + b"\x00\x00\x00\x02" + pps


@given(st.binary(max_size=60))
def test_other_records_are_refused_or_read(junk: bytes) -> None:
    try:
        flv.parameter_sets(junk)
    except WireError:
        return
