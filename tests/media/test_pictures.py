"""Forwarded video: no break when the source changes, keyframes asked for once a second, codecs by viewer."""

import os
import socket
from collections.abc import Iterator
from itertools import pairwise

import pytest

from media import udp
from media.fanout import Subscriber
from media.pictures import PictureBus, VideoSource, codec_of
from media.rtp import RtpPacket, parse
from media.srtp import PROFILES, SrtpSession


class Camera(VideoSource):
    """A source that counts what is asked of it."""

    def __init__(self) -> None:
        self.asked = 0
        self.watched: list[bool] = []
        super().__init__(self._ask, lambda timestamp: 5.0)
        self.on_watched = self.watched.append

    def _ask(self) -> None:
        self.asked += 1


class Screen:
    """A viewer on loopback with both codecs."""

    def __init__(self) -> None:
        material = os.urandom(60)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.settimeout(2)
        self._theirs = SrtpSession(PROFILES[0], material, is_server=False)
        ours = SrtpSession(PROFILES[0], material, is_server=True)
        address = ("::ffff:127.0.0.1", self.sock.getsockname()[1])
        self.ends = {"h264": Subscriber(ours, address, 102, 1), "vp8": Subscriber(ours, address, 96, 1)}

    def see(self) -> RtpPacket:
        return parse(self._theirs.unprotect(self.sock.recv(2000)))


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    made = udp.open_socket("", 0)
    yield made
    made.close()


@pytest.fixture
def screen() -> Iterator[Screen]:
    made = Screen()
    yield made
    made.sock.close()


def packet(sequence: int, timestamp: int, ssrc: int = 7, *, marker: bool = False) -> RtpPacket:
    return RtpPacket(99, marker, sequence, timestamp, ssrc, b"picture")


def test_a_cut_between_sources_has_no_gap(sock: socket.socket, screen: Screen) -> None:
    bus, demo, venue = PictureBus(sock), Camera(), Camera()
    bus.add_viewer(screen.ends, 0.0)
    bus.set_source(demo)
    demo.take(packet(65535, 4294967000), "h264", 1.0)
    demo.take(packet(0, 2704, marker=True), "h264", 1.03)
    bus.set_source(venue)
    venue.take(packet(500, 90000, 8), "vp8", 1.5)
    seen = [screen.see() for _ in range(3)]
    assert [(b.sequence - a.sequence) & 0xFFFF for a, b in pairwise(seen)] == [1, 1]
    assert (seen[1].timestamp - seen[0].timestamp) & 0xFFFFFFFF == 3000
    assert (seen[2].timestamp - seen[1].timestamp) & 0xFFFFFFFF == pytest.approx(0.47 * 90000, rel=0.05)
    assert len({p.ssrc for p in seen}) == 1
    assert [p.payload_type for p in seen] == [102, 102, 96]
    assert [p.marker for p in seen] == [False, True, False]


def test_a_source_no_longer_chosen_is_not_forwarded(sock: socket.socket, screen: Screen) -> None:
    bus, demo, venue = PictureBus(sock), Camera(), Camera()
    bus.add_viewer(screen.ends, 0.0)
    bus.set_source(demo)
    bus.set_source(venue)
    demo.take(packet(1, 1), "h264", 1.0)
    assert bus.fans["h264"].packets_sent == 0


def test_keyframes_are_asked_for_once_a_second_however_many_ask(sock: socket.socket, screen: Screen) -> None:
    bus, camera = PictureBus(sock), Camera()
    bus.set_source(camera)
    camera.take(packet(1, 1), "h264", 10.0)
    for n in range(6000):
        bus.want_keyframe(10.0 + n * 0.01)
    # The first few come within moments, then one a second.
    assert 60 <= camera.asked <= 63


def test_a_newcomer_does_not_wait_a_second_because_somebody_asked_just_before(
    sock: socket.socket, screen: Screen
) -> None:
    bus, camera = PictureBus(sock), Camera()
    bus.set_source(camera)
    camera.take(packet(1, 1), "h264", 10.0)
    assert camera.asked == 1
    bus.want_keyframe(10.1)
    # An encoder would pass it over, so soon after the one before.
    assert camera.asked == 1
    camera.take(packet(2, 9000), "h264", 10.35)
    assert camera.asked == 2
    bus.want_keyframe(10.7)
    bus.want_keyframe(11.05)
    assert camera.asked == 4
    bus.on_timer(11.1)
    assert camera.asked == 4


def test_a_joining_viewer_has_a_keyframe_asked_for(sock: socket.socket, screen: Screen) -> None:
    bus, camera = PictureBus(sock), Camera()
    bus.set_source(camera)
    bus.add_viewer(screen.ends, 50.0)
    assert camera.asked == 1


def test_a_source_knows_whether_it_is_watched(sock: socket.socket, screen: Screen) -> None:
    bus, camera = PictureBus(sock), Camera()
    bus.set_source(camera)
    bus.add_viewer(screen.ends, 0.0)
    bus.remove_viewer(screen.ends)
    bus.remove_viewer(screen.ends)
    assert camera.watched == [False, True, False]
    assert bus.viewers == 0


def test_what_was_sent_can_be_sent_again_with_its_codec(sock: socket.socket, screen: Screen) -> None:
    bus, camera = PictureBus(sock), Camera()
    bus.add_viewer(screen.ends, 0.0)
    bus.set_source(camera)
    camera.take(packet(7, 1), "vp8", 1.0)
    kept = bus.history.find(screen.see().sequence)
    assert kept is not None
    assert codec_of(kept) == "vp8"


def test_the_clock_of_a_picture_is_its_sources(sock: socket.socket, screen: Screen) -> None:
    bus, camera = PictureBus(sock), Camera()
    assert bus.clock() is None
    bus.set_source(camera)
    camera.take(packet(7, 1), "h264", 1.0)
    clock = bus.clock()
    assert clock is not None
    assert clock[0] == 5.0


class Tap:
    """Keeps what it is handed."""

    def __init__(self) -> None:
        self.packets: list[tuple[VideoSource, RtpPacket, str]] = []

    def put(self, source: VideoSource, packet: RtpPacket, codec: str, now: float) -> None:
        self.packets.append((source, packet, codec))


def test_a_tapped_picture_counts_as_watched(sock: socket.socket) -> None:
    bus, camera, tap = PictureBus(sock), Camera(), Tap()
    bus.set_source(camera)
    bus.add_tap(tap, 50.0)
    assert camera.asked == 1
    bus.remove_tap(tap)
    assert camera.watched == [False, True, False]
    assert bus.viewers == 0


def test_a_tap_gets_packets_as_they_came(sock: socket.socket) -> None:
    bus, demo, venue, tap = PictureBus(sock), Camera(), Camera(), Tap()
    bus.add_tap(tap, 0.0)
    bus.set_source(demo)
    demo.take(packet(65535, 4294967000), "h264", 1.0)
    bus.set_source(venue)
    venue.take(packet(500, 90000, 8), "vp8", 1.5)
    assert tap.packets == [(demo, packet(65535, 4294967000), "h264"), (venue, packet(500, 90000, 8), "vp8")]


def test_a_keyframe_that_had_to_wait_is_asked_for_without_a_viewer_too(sock: socket.socket) -> None:
    bus, camera, tap = PictureBus(sock), Camera(), Tap()
    bus.set_source(camera)
    bus.add_tap(tap, 50.0)
    bus.want_keyframe(50.1)
    assert camera.asked == 1
    camera.take(packet(1, 1), "h264", 50.6)
    camera.take(packet(2, 2), "h264", 51.1)
    assert camera.asked == 2
