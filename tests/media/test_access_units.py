"""RTP payloads into pictures: whole, in order, and nothing that cannot be decoded."""

import random
from fractions import Fraction

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import avc, h264
from media.access_units import AccessUnit, AccessUnits, Payload
from media.rtp import RtpPacket
from tests.media.film import Sender, film, grey

SPS, PPS = bytes([0x67, 0x42, 0xC0, 0x1E, 1]), bytes([0x68, 1, 2])
KEYS = frozenset({0, 10})


def units_of(picture: bytes) -> tuple[bytes, ...]:
    return tuple(h264.split_annex_b(picture))


def push_all(units: AccessUnits, packets: list[RtpPacket], every_s: float = 0.001) -> list[AccessUnit]:
    made = []
    for number, packet in enumerate(packets):
        made += units.push(Payload(packet, 100 + number * every_s, None))
    return made


def packets_of(pictures: tuple[bytes, ...]) -> list[RtpPacket]:
    sender = Sender()
    return [packet for number, picture in enumerate(pictures) for packet in sender.packets(picture, number / 30)]


NAL_UNITS = st.lists(
    st.builds(
        lambda kind, body: bytes([0x60 | kind]) + body, st.sampled_from([1, 5, 6]), st.binary(min_size=1, max_size=4000)
    ),
    min_size=1,
    max_size=4,
)


@given(st.lists(NAL_UNITS, min_size=1, max_size=6))
def test_what_was_split_is_joined_again(pictures: list[list[bytes]]) -> None:
    whole = [[SPS, PPS, bytes([0x65, 9]), *units] for units in pictures]
    payloads = [
        [piece for unit in units for piece in h264._fragments(unit)]  # what follows start codes cannot be any bytes
        for units in whole
    ]
    packets, sequence = [], 65530
    for number, pieces in enumerate(payloads):
        for place, piece in enumerate(pieces, 1):
            packets.append(RtpPacket(96, place == len(pieces), sequence & 0xFFFF, number * 3000, 1, piece))
            sequence += 1
    made = push_all(AccessUnits("h264"), packets)
    assert [list(unit.units) for unit in made] == whole
    assert all(unit.is_key for unit in made)


@given(st.binary(max_size=40), st.lists(st.binary(max_size=40), max_size=5), st.sampled_from(["h264", "vp8"]))
def test_no_bytes_raise(first: bytes, others: list[bytes], codec: str) -> None:
    packets = [RtpPacket(96, n % 2 == 1, n, n // 2, 1, piece) for n, piece in enumerate([first, *others])]
    push_all(AccessUnits(codec), packets)


def test_aggregated_parameter_sets_are_taken_apart() -> None:
    stap = bytes([24]) + b"".join(len(unit).to_bytes(2, "big") + unit for unit in (SPS, PPS))
    packets = [RtpPacket(96, False, 1, 0, 1, stap), RtpPacket(96, True, 2, 0, 1, b"\x65picture")]
    (unit,) = push_all(AccessUnits("h264"), packets)
    assert unit.units == (SPS, PPS, b"\x65picture")
    assert unit.is_key


def test_nothing_comes_before_the_first_keyframe() -> None:
    pictures = film(20, keys=KEYS)
    units = AccessUnits("h264")
    made = push_all(units, packets_of(pictures)[3:])
    assert made[0].is_key
    assert [unit.units for unit in made] == [units_of(picture) for picture in pictures[10:]]
    assert not units.needs_key


def test_reordered_packets_are_put_in_order() -> None:
    packets = packets_of(film(20, keys=KEYS))
    shuffled = packets[:1] + packets[1:]
    for at in range(2, len(shuffled) - 3, 3):
        shuffled[at], shuffled[at + 2] = shuffled[at + 2], shuffled[at]
    units = AccessUnits("h264")
    assert [unit.units for unit in push_all(units, shuffled)] == [units_of(p) for p in film(20, keys=KEYS)]
    assert units.counts.lost == 0


def test_a_packet_that_comes_again_in_time_costs_nothing() -> None:
    packets = packets_of(film(20, keys=KEYS))
    late = packets.pop(6)
    packets.insert(12, late)
    assert len(push_all(AccessUnits("h264"), packets, every_s=0.02)) == 20


def test_a_lost_packet_costs_all_until_the_next_keyframe() -> None:
    pictures = film(20, keys=KEYS)
    packets = packets_of(pictures)
    lost = next(place for place, packet in enumerate(packets) if packet.timestamp == packets[0].timestamp + 9000)
    del packets[lost]
    units = AccessUnits("h264")
    made, needed = [], []
    for number, packet in enumerate(packets):
        made += units.push(Payload(packet, 100 + number / 30, None))
        needed.append(units.needs_key)
    assert [unit.units for unit in made] == [units_of(p) for p in (*pictures[:3], *pictures[10:])]
    assert any(needed[lost:])
    assert (units.counts.lost, units.needs_key) == (1, False)


def test_a_keyframe_whose_head_is_lost_is_not_taken_for_whole() -> None:
    pictures = film(20, keys=KEYS)
    packets = packets_of(pictures)
    tenth = (packets[0].timestamp + 30000) & 0xFFFFFFFF
    head = next(place for place, packet in enumerate(packets) if packet.timestamp == tenth)
    del packets[head]
    made = push_all(AccessUnits("h264"), packets, every_s=0.05)
    assert len(made) == 10


def test_a_sender_that_never_marks_is_understood() -> None:
    pictures = film(20, keys=KEYS)
    packets = [RtpPacket(p.payload_type, False, p.sequence, p.timestamp, 7, p.payload) for p in packets_of(pictures)]
    assert len(push_all(AccessUnits("h264"), packets)) == 19


def test_a_sender_that_numbers_anew_is_followed() -> None:
    packets = packets_of(film(300, keys=frozenset(range(0, 300, 10))))
    jumped = [
        RtpPacket(p.payload_type, p.marker, (p.sequence - 30000) & 0xFFFF, p.timestamp, 7, p.payload) for p in packets
    ]
    units = AccessUnits("h264")
    push_all(units, packets[:50])
    made = push_all(units, jumped)
    assert len(made) > 150


@pytest.mark.parametrize("descriptor", [b"\x10", b"\x90\x80\x81\x23", b"\x90\xe0\x05\x07\x20"])
def test_vp8_is_joined_whatever_its_descriptor_holds(descriptor: bytes) -> None:
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 48, "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(30), Fraction(1, 30)
    encoder.options = {"deadline": "realtime", "lag-in-frames": "0"}
    frames = [bytes(packet) for n in range(5) for packet in encoder.encode(numbered(n, encoder.time_base))]
    follow = bytes([descriptor[0] & ~0x10]) + descriptor[1:]
    packets, sequence = [], 0
    for number, frame in enumerate(frames):
        pieces = [frame[at : at + 100] for at in range(0, len(frame), 100)]
        for place, piece in enumerate(pieces):
            head = follow if place else descriptor
            marker = place == len(pieces) - 1
            packets.append(RtpPacket(96, marker, sequence, number * 3000, 1, head + piece))
            sequence += 1
    made = push_all(AccessUnits("vp8"), packets)
    assert [unit.units for unit in made] == [(frame,) for frame in frames]
    assert [unit.is_key for unit in made] == [True, False, False, False, False]


def numbered(number: int, time_base: object) -> av.VideoFrame:
    frame = grey(60, number)
    frame.pts, frame.time_base = number, time_base
    made: av.VideoFrame = frame
    return made


def test_loss_at_random_never_lets_a_broken_picture_through() -> None:
    pictures = film(300, keys=frozenset(range(0, 300, 15)))
    whole = {units_of(picture) for picture in pictures}
    chance = random.Random(3)
    packets = [packet for packet in packets_of(pictures) if chance.random() > 0.03]
    made = push_all(AccessUnits("h264"), packets, every_s=0.01)
    assert 50 < len(made) < 300
    assert all(unit.units in whole for unit in made)
    decoder = av.CodecContext.create("h264", "r")
    for unit in made:
        decoder.decode(av.Packet(b"".join(b"\0\0\0\1" + piece for piece in unit.units)))
    assert all(avc.kind_of(made[0].units[place]) == kind for place, kind in ((0, avc.SPS), (1, avc.PPS)))
