"""Publishers with two pictures and listeners with several, each a stream of its own; with aiortc on both ends, too."""

import asyncio
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.mediastreams import AudioStreamTrack
from av import VideoFrame

from media import rtcp, udp
from media.camera import Camera
from media.engine import Engine, EngineConfig, Mix
from media.fanout import AudioClock
from media.offers import Agreed, AgreedPicture
from media.peer import Peer
from media.pictures import PictureBus, VideoSource
from media.publishing import Publisher
from media.rtp import RtpPacket, parse, timestamp_after
from media.srtp import PROFILES, SrtpSession
from media.subscribing import WALL_OFFSET_S, Listener, Stage

VP8 = 96
RTX = 97
LARGE, SMALL = 1001, 1002


@dataclass
class FakePeer:
    """Keeps the RTCP it is given."""

    sent: list[bytes] = field(default_factory=list)

    def send_rtcp(self, packet: bytes) -> None:
        self.sent.append(packet)

    def told(self) -> list[rtcp.Item]:
        return [item for packet in self.sent for item in rtcp.parse(packet)]


class Tap:
    """Keeps what a source hands on."""

    def __init__(self, source: VideoSource) -> None:
        self.packets: list[RtpPacket] = []
        source.buses.add(cast(PictureBus, self))

    def forward(self, source: VideoSource, packet: RtpPacket, codec: str, now: float) -> None:
        self.packets.append(packet)


class Face:
    """A publisher of two pictures and what became of them."""

    def __init__(self, *, knows_ssrcs: bool = True, feedback_id: int = 0) -> None:
        self.peer = FakePeer()
        pictures = []
        for ssrc, mid in ((LARGE, "1"), (SMALL, "2")):
            ssrcs = frozenset({ssrc, ssrc + 100}) if knows_ssrcs else frozenset()
            pictures.append(AgreedPicture({"vp8": VP8}, {"vp8": RTX}, ssrcs, mid))
        agreed = Agreed(pictures=pictures, mid_id=9, feedback_id=feedback_id, most_bits_per_s=1_650_000)
        self.publisher = Publisher(agreed, None, lambda flows: None)
        self.publisher.on_connected(cast(Peer, self.peer), 0.0)
        self.cameras = [camera for camera in self.publisher.cameras if isinstance(camera, Camera)]
        self.large, self.small = (Tap(camera.source) for camera in self.cameras)

    def send(self, ssrc: int, sequence: int, mid: bytes = b"", number: int = VP8, payload: bytes = b"picture") -> None:
        extensions = bytes([9 << 4 | len(mid) - 1]) + mid + bytes(-(len(mid) + 1) % 4) if mid else b""
        packet = RtpPacket(number, True, sequence, 3000 * sequence, ssrc, payload, extensions)
        self.publisher.on_rtp(packet, sequence / 30)

    def seen(self) -> tuple[list[int], list[int]]:
        return [p.sequence for p in self.large.packets], [p.sequence for p in self.small.packets]


def test_two_pictures_of_one_payload_type_are_told_apart_by_their_ssrc() -> None:
    face = Face()
    for sequence in range(4):
        face.send(LARGE, sequence)
        face.send(SMALL, 50 + sequence)
    face.send(7777, 9)
    assert face.seen() == ([0, 1, 2, 3], [50, 51, 52, 53])


def test_streams_that_the_offer_did_not_name_are_told_apart_by_their_mid() -> None:
    face = Face(knows_ssrcs=False)
    face.send(5, 1)
    face.send(5, 2, mid=b"2")
    face.send(6, 7, mid=b"1")
    face.send(5, 3)
    face.send(6, 8)
    assert face.seen() == ([7, 8], [2, 3])


def test_a_restless_publisher_is_not_remembered_without_end() -> None:
    face = Face(knows_ssrcs=False)
    for ssrc in range(1000):
        face.send(ssrc, ssrc, mid=b"1")
    assert len(face.publisher._cameras._by_ssrc) == 16


def test_each_picture_has_its_own_losses_repairs_and_keyframes() -> None:
    face = Face()
    for sequence in (1, 2, 3, 5, 6, 7, 8):
        face.send(SMALL, sequence)
        face.send(LARGE, sequence + (1 if sequence > 4 else 0) - 1)
    nacks = [item for item in face.peer.told() if isinstance(item, rtcp.Nack)]
    assert {(nack.media_ssrc, nack.sequences) for nack in nacks} == {(SMALL, (4,)), (LARGE, (3, 4))}
    face.send(SMALL + 100, 900, number=RTX, payload=(4).to_bytes(2, "big") + b"picture")
    assert face.seen()[1][-1] == 4
    assert face.seen()[0][-1] == 8
    face.peer.sent.clear()
    for camera in reversed(face.cameras):
        camera.source.ask_keyframe()
    assert face.peer.told() == [rtcp.KeyframeRequest(SMALL), rtcp.KeyframeRequest(LARGE)]


def test_both_pictures_are_reported_and_limited_together() -> None:
    face = Face()
    face.send(LARGE, 1)
    face.send(SMALL, 1)
    face.publisher.on_timer(5.0)
    assert {item.ssrc for item in face.peer.told() if isinstance(item, rtcp.ReportBlock)} == {LARGE, SMALL}
    remb = face.peer.sent[-1][-28:]
    assert remb[12:16] == b"REMB"
    exponent, mantissa = remb[17] >> 2, (remb[17] & 3) << 16 | int.from_bytes(remb[18:20], "big")
    assert mantissa << exponent == pytest.approx(1_650_000, rel=0.001)
    assert struct.unpack("!2I", remb[20:]) == (LARGE, SMALL)
    assert set(face.publisher.receptions) == {"video", "small"}


class Guest:
    """A listener of three pictures on loopback."""

    def __init__(self, sock: socket.socket) -> None:
        material = os.urandom(60)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.settimeout(0.2)
        self._theirs = SrtpSession(PROFILES[0], material, is_server=False)
        ours = SrtpSession(PROFILES[0], material, is_server=True)
        self.buses = [PictureBus(sock) for _ in range(3)]
        self.sources = [VideoSource(lambda n=n: self.asked.append(n), lambda timestamp: None) for n in range(3)]  # type: ignore[misc]
        self.asked: list[int] = []
        self.reports: list[rtcp.Item] = []
        for bus, source in zip(self.buses, self.sources, strict=True):
            bus.set_source(source)
        agreed = Agreed(pictures=[AgreedPicture({"vp8": VP8}, {"vp8": RTX}) for _ in range(3)])
        self.listener = Listener(Stage(sock, AudioClock()), "de", agreed, self.buses, lambda bus: None)
        peer: Any = SimpleNamespace(
            session=SimpleNamespace(srtp=ours),
            address=("::ffff:127.0.0.1", self.sock.getsockname()[1]),
            send_rtcp=lambda packet: self.reports.extend(rtcp.parse(packet)),
        )
        self.listener.on_connected(peer, 0.0)

    def show(self, sequence: int) -> list[int]:
        """Every source sends a packet: which pictures arrive?"""
        for source in self.sources:
            source.take(RtpPacket(99, True, sequence, sequence, 5, b"x"), "vp8", float(sequence))
        return [place for ssrc in self.arrived() for place, bus in enumerate(self.buses) if bus.ssrc == ssrc]

    def arrived(self) -> list[int]:
        ssrcs = []
        try:
            while True:
                ssrcs.append(parse(self._theirs.unprotect(self.sock.recv(2000))).ssrc)
        except TimeoutError:
            return ssrcs

    def reported(self, now: float) -> dict[int, rtcp.SenderReport]:
        """What a look at the clock has the listener told, by the picture's place."""
        self.reports.clear()
        self.listener.on_timer(now)
        told = [item for item in self.reports if isinstance(item, rtcp.SenderReport)]
        return {place: item for place, bus in enumerate(self.buses) for item in told if item.ssrc == bus.ssrc}

    def complain(self, place: int, now: float, lost: float = 0.4) -> None:
        self.listener.on_rtcp([rtcp.ReportBlock(self.buses[place].ssrc, lost, 1, 1, 1, 0, 0.0)], now)


@pytest.fixture
def guest() -> Iterator[Guest]:
    sock = udp.open_socket("", 0)
    made = Guest(sock)
    yield made
    made.sock.close()
    sock.close()


def test_a_thin_line_loses_its_pictures_from_the_last(guest: Guest) -> None:
    assert guest.show(1) == [0, 1, 2]
    guest.complain(0, 1.0)
    guest.complain(0, 2.0)
    assert guest.show(2) == [0]
    assert [bus.viewers for bus in guest.buses] == [1, 0, 0]
    guest.complain(0, 3.0)
    guest.complain(0, 4.0)
    assert guest.show(3) == []
    guest.listener.on_timer(9.1)
    assert guest.show(4) == [0]
    guest.listener.on_timer(19.2)
    guest.listener.on_timer(39.3)
    assert guest.show(5) == [0, 1, 2]
    guest.listener.on_closed()
    assert guest.show(6) == []


def test_what_is_asked_for_again_is_the_picture_it_is_asked_of(guest: Guest) -> None:
    guest.show(7)
    wanted = guest.buses[1].history
    sequence = (guest.buses[1]._next_sequence - 1) & 0xFFFF
    assert wanted.find(sequence) is not None
    guest.listener.on_rtcp([rtcp.Nack(guest.buses[1].ssrc, (sequence,)), rtcp.Nack(4242, (sequence,))], 8.0)
    assert guest.arrived() == [guest.buses[1].repair_ssrc]


def test_a_keyframe_is_asked_of_the_picture_that_needs_it(guest: Guest) -> None:
    guest.show(7)
    guest.asked.clear()
    guest.listener.on_rtcp([rtcp.KeyframeRequest(guest.buses[2].ssrc)], 100.0)
    assert guest.asked == [2]
    guest.asked.clear()
    guest.listener.on_rtcp([rtcp.KeyframeRequest(0)], 200.0)
    assert guest.asked == [0, 1, 2]


def test_a_picture_cut_to_another_source_is_reported_at_once(guest: Guest) -> None:
    for source in guest.sources:
        source.capture_time = lambda timestamp: 100 + timestamp / 90000
    guest.show(1)
    assert set(guest.reported(10.0)) == {0, 1, 2}
    assert guest.reported(11.0) == {}
    known: list[float] = []
    other = VideoSource(lambda: None, lambda timestamp: known[0] if known else None)
    guest.buses[1].set_source(other)
    other.take(RtpPacket(99, True, 1, 4000, 6, b"x"), "vp8", 11.0)
    assert guest.reported(11.5) == {}, "its clock is not known yet"
    known.append(200.0)
    report = guest.reported(12.0)[1]
    shown_after_s = timestamp_after(guest.buses[1]._last_timestamp, report.timestamp) / 90000
    assert report.timestamp % (rtcp.ROUND_S * 90000) == 0
    assert report.ntp_s + shown_after_s == pytest.approx(200 + WALL_OFFSET_S, abs=1e-3)
    assert guest.reported(12.5) == {}


class Picture(VideoStreamTrack):
    """A grey picture of a size."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self._width = width

    async def recv(self) -> VideoFrame:
        pts, base = await self.next_timestamp()
        frame = VideoFrame(self._width, self._width * 3 // 4, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([128]) * plane.buffer_size)
        frame.pts, frame.time_base = pts, base
        return frame


async def connect(peer: RTCPeerConnection, answer_to: Any) -> str:
    await peer.setLocalDescription(await peer.createOffer())
    answer = (await answer_to(peer.localDescription.sdp)).sdp
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    return cast(str, answer)


async def width_of(peer: RTCPeerConnection, place: int) -> int:
    """The width of what a video section shows."""
    async with asyncio.timeout(15):
        frame = await peer.getTransceivers()[place].receiver.track.recv()
    assert isinstance(frame, VideoFrame)
    return frame.width


async def test_from_a_face_in_two_sizes_to_a_page_of_three_pictures() -> None:
    engine = await Engine.open(EngineConfig(udp_host="127.0.0.1", udp_port=0))
    # Balanced, it would open a way of its own for every second picture.
    face, page = (RTCPeerConnection(RTCConfiguration(bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)) for _ in range(2))
    try:
        engine.set_mix("r/floor", {"r/anna": Mix(1.0)})
        engine.set_picture("r/stage", "r/anna")
        engine.set_picture("r/face:0", "r/anna/small")
        for track in (AudioStreamTrack(), Picture(320), Picture(160)):
            face.addTrack(track)
        await connect(face, lambda sdp: engine.publish("f", sdp, audio="r/anna", video="r/anna", small="r/anna/small"))
        page.addTransceiver("audio", direction="recvonly")
        for _ in range(3):
            page.addTransceiver("video", direction="recvonly")

        async def see(sdp: str) -> Any:
            more = ("r/stage", "r/hall")
            return await engine.subscribe("p", sdp, bus="r/floor", picture="r/face:0", more_pictures=more)

        answer = await connect(page, see)
        assert answer.count("a=sendonly") == 4
        assert (await width_of(page, 1), await width_of(page, 2)) == (160, 320)
        stats = await engine.stats()
        assert stats.viewers == {"r/stage": 1, "r/face:0": 1, "r/hall": 1}
        assert stats.publishers["r/anna"]["small_packets"] > 0
        assert await engine.close_peer("f")
    finally:
        await face.close()
        await page.close()
        await engine.aclose()


async def test_a_face_in_one_size_is_its_own_small_picture() -> None:
    engine = await Engine.open(EngineConfig(udp_host="127.0.0.1", udp_port=0))
    face = RTCPeerConnection(RTCConfiguration(bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    try:
        engine.set_picture("r/face:0", "r/anna/small")
        for track in (AudioStreamTrack(), Picture(320)):
            face.addTrack(track)
        await connect(face, lambda sdp: engine.publish("f", sdp, audio="r/anna", video="r/anna", small="r/anna/small"))
        studio = engine._studio_now
        assert studio._videos["r/anna/small"] is studio._videos["r/anna"]
        assert studio._pictures["r/face:0"].source is studio._videos["r/anna"]
        await engine.close_peer("f")
        assert studio._videos == {}
    finally:
        await face.close()
        await engine.aclose()


async def test_a_picture_named_twice_is_sent_once() -> None:
    engine = await Engine.open(EngineConfig(udp_host="127.0.0.1", udp_port=0))
    page = RTCPeerConnection()
    try:
        page.addTransceiver("audio", direction="recvonly")
        for _ in range(2):
            page.addTransceiver("video", direction="recvonly")
        await page.setLocalDescription(await page.createOffer())
        answer = await engine.subscribe(
            "p", page.localDescription.sdp, bus="r/floor", picture="r/stage", more_pictures=("r/stage",)
        )
        assert answer.sdp.count("a=sendonly") == 2
        assert answer.sdp.count("a=inactive") == 1
    finally:
        await page.close()
        await engine.aclose()
