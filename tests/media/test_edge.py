"""An edge and its origin in one process over loopback: what the origin's buses carry reaches the edge's listeners."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest

from media import udp
from media.audiobus import Way
from media.demo import DemoVideo
from media.dtls import DtlsIdentity
from media.edge import EdgeStudio, Pull
from media.edgebus import EdgeBus
from media.errors import MediaError, Overloaded, PeerUnknown
from media.fanout import Subscriber
from media.feeds import LINGER_S, Want
from media.mixer import Encoded, Mix
from media.opus import FRAME_SAMPLES, Pcm
from media.rtcp import SenderReport
from media.rtp import RtpPacket, sequence_after, timestamp_after
from media.srtp import PROFILES, SrtpSession
from media.studio import EngineEvent, PeerClosed, Studio
from media.upstream import Upstream
from tests.tries import retried

IDENTITY = DtlsIdentity()
HOST = ("127.0.0.1",)
HOME = ("127.0.0.1", 9)


class Noise:
    """A source whose every frame is another, so that two buses never encode the same packet."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def pull(self) -> Pcm:
        noise: Pcm = self._random.uniform(-0.3, 0.3, FRAME_SAMPLES).astype(np.float32)
        return noise

    def skip(self) -> None:
        """A tick without a listener."""


@dataclass
class Ear:
    """A listener: what came, in the order it came."""

    upstream: Upstream
    packets: list[RtpPacket] = field(default_factory=list)
    reports: list[SenderReport] = field(default_factory=list)

    @property
    def payloads(self) -> set[bytes]:
        return {packet.payload for packet in self.packets}


class Stage:
    """An origin with two buses of noise, an edge that is fed by it, and their listeners."""

    def __init__(self, max_listeners: int = 10) -> None:
        self.events: list[EngineEvent] = []
        self.pulls: list[Pull] = []
        self.is_cut = False
        self._ears: list[Ear] = []
        self._sock = udp.open_socket("127.0.0.1", 0)
        self.edge = EdgeStudio(self._sock, HOST, frozenset(), self.events.append, max_listeners, self.pull)
        self.origin = self._open_origin(1)

    def _open_origin(self, seed: int) -> Studio:
        self._origin_sock = udp.open_socket("127.0.0.1", 0)
        origin = Studio(self._origin_sock, HOST, frozenset(), lambda event: None)
        for n, bus in enumerate(("de", "uk")):
            origin.mixer.add_source(bus, Noise(seed + n))
            origin.mixer.set_mix(bus, {bus: Mix(1.0)})
        return origin

    def restart_origin(self) -> None:
        self.kill_origin()
        self.origin = self._open_origin(7)

    def kill_origin(self) -> None:
        """Without a goodbye, as when the process is killed."""
        self.origin._transport.sendto = lambda datagram, address: None  # type: ignore[method-assign]
        self.origin.close()
        self._origin_sock.close()

    def pull(self, pull: Pull) -> None:
        self.pulls.append(pull)
        if self.is_cut:
            asyncio.get_running_loop().call_soon(self.edge.refused, pull.peer)
            return
        pictures = () if pull.picture is None else (pull.picture,)
        answer = self.origin.subscribe(pull.peer, pull.offer, pull.bus, pictures, pull.frames, at_work=True)
        asyncio.get_running_loop().call_soon(self.edge.answered, pull.peer, answer.sdp, None)

    async def listen(
        self, studio: Studio, name: str, bus: str, picture: str | None = None, frames: int = 1, more: str | None = None
    ) -> Ear:
        """Let somebody listen to a bus, or see a picture, or two, when it is named, until the end of the test."""
        now = time.monotonic()
        ear = Ear(
            Upstream(
                IDENTITY,
                "audio" if picture is None else "video",
                lambda packet, codec, at: ear.packets.append(packet),
                lambda report: ear.reports.append(report),
                now,
            )
        )
        try:
            pictures = tuple(name for name in (picture, more) if name is not None)
            answer = studio.subscribe(name, with_sections(ear.upstream.offer, len(pictures)), bus, pictures, frames)
        except MediaError:
            ear.upstream.close()
            raise
        self._ears.append(ear)
        ear.upstream.answered(answer.sdp, None, now)
        return ear

    async def until(self, happened: Callable[[], bool], seconds: float = 30.0) -> None:
        """Keep the listeners alive until it is so."""
        async with asyncio.timeout(seconds):
            while not happened():
                for ear in self._ears:
                    ear.upstream.on_timer(time.monotonic())
                await asyncio.sleep(0.01)

    async def close(self) -> None:
        for ear in self._ears:
            ear.upstream.close()
        self.edge.close()
        self.origin.close()
        self._sock.close()
        self._origin_sock.close()


@asynccontextmanager
async def stage(max_listeners: int = 10) -> AsyncIterator[Stage]:
    made = Stage(max_listeners)
    try:
        yield made
    finally:
        await made.close()


def with_sections(offer: str, count: int) -> str:
    """An offer of one section with that section `count` times."""
    head, line, section = offer.partition("m=")
    sections = [line + section.replace("a=mid:0", f"a=mid:{number}") for number in range(count or 1)]
    return head.replace("BUNDLE 0", "BUNDLE " + " ".join(map(str, range(count or 1)))) + "".join(sections)


def assert_seamless(packets: list[RtpPacket], frames: int = 1) -> None:
    """One SSRC, and numbers and timestamps without a gap."""
    assert len({packet.ssrc for packet in packets}) == 1
    for before, after in itertools.pairwise(packets):
        assert sequence_after(after.sequence, before.sequence) == 1
        assert (after.timestamp - before.timestamp) & 0xFFFFFFFF == 960 * frames


@retried
async def test_a_listener_of_the_edge_hears_what_the_origin_sends() -> None:
    async with stage() as made:
        near = await made.listen(made.origin, "near", "de")
        far = await made.listen(made.edge, "far", "de")
        await made.until(lambda: len(far.packets) > 20 and len(near.packets) > 40)
        common = near.payloads & far.payloads
        assert len(common) > 15
        assert_seamless(far.packets)


async def test_one_subscription_serves_all_and_ends_after_the_last() -> None:
    async with stage() as made:
        ears = [await made.listen(made.edge, f"far{n}", "de") for n in range(4)]
        await made.until(lambda: all(len(ear.packets) > 5 for ear in ears))
        assert len(made.pulls) == 1
        for n in range(4):
            made.edge.close_peer(f"far{n}")
        feed = made.edge.feeds[Want("de")]
        assert feed.on_timer(time.monotonic() + LINGER_S - 1)
        assert not feed.on_timer(time.monotonic() + LINGER_S + 1)
        # The origin is told, and encodes no more.
        await made.until(lambda: made.origin.stats().peers == 0)


@retried
async def test_a_switch_at_the_edge_has_no_seam_and_never_two_packets_of_one_number() -> None:
    async with stage() as made:
        near = {bus: await made.listen(made.origin, bus, bus) for bus in ("de", "uk")}
        far = await made.listen(made.edge, "far", "de")
        await made.until(lambda: len(far.packets) > 5)
        for bus in ("uk", "de", "uk"):
            before = len(far.packets)
            made.edge.move("far", bus)
            await made.until(lambda at=before: len(far.packets) > at + 15)  # type: ignore[misc]
            assert far.packets[-1].payload in near[bus].payloads
        assert_seamless(far.packets)
        assert {pull.bus for pull in made.pulls} == {"de", "uk"}


@retried
async def test_long_packets_are_fed_by_a_subscription_of_their_own() -> None:
    async with stage() as made:
        far = await made.listen(made.edge, "far", "de", frames=3)
        short = await made.listen(made.edge, "short", "de")
        await made.until(lambda: len(far.packets) > 8 and len(short.packets) > 8)
        assert_seamless(far.packets, frames=3)
        assert {pull.frames for pull in made.pulls} == {1, 3}


@retried
async def test_sound_goes_on_under_the_same_numbering_after_the_origin_was_restarted() -> None:
    async with stage() as made:
        far = await made.listen(made.edge, "far", "de")
        await made.until(lambda: len(far.packets) > 10)
        made.restart_origin()
        before, at = len(far.packets), time.monotonic()
        await made.until(lambda: len(far.packets) > before + 10)
        lost_s = time.monotonic() - at
        last, first = far.packets[before - 1], far.packets[-1]
        assert len({packet.ssrc for packet in far.packets}) == 1
        steps = sequence_after(first.sequence, last.sequence)
        assert 50 < steps < 50 * lost_s + 50, "the numbering counts the time that was lost"
        assert (first.timestamp - last.timestamp) & 0xFFFFFFFF == 960 * steps
        assert_seamless(far.packets[-8:])


async def test_what_the_origin_refuses_is_asked_for_again() -> None:
    async with stage() as made:
        made.is_cut = True
        far = await made.listen(made.edge, "far", "de")
        await made.until(lambda: len(made.pulls) >= 2)
        made.is_cut = False
        await made.until(lambda: len(far.packets) > 5)
        assert made.edge.feeds[Want("de")].failures >= 1


@retried
async def test_sound_and_picture_keep_the_origins_clock_and_a_keyframe_comes() -> None:
    async with stage() as made:
        demo = DemoVideo(asyncio.get_running_loop())
        made.origin._set_video("venue", demo.source)
        made.origin.set_picture("room", "venue")
        ears = [await made.listen(studio, "sound", "de") for studio in (made.origin, made.edge)]
        views = [await made.listen(studio, "picture", "de", "room") for studio in (made.origin, made.edge)]
        # The edge's first report of the sound may be from before it knew the origin's clock.
        await made.until(lambda: len(ears[1].reports) > 1 and all(one.reports for one in (*ears, *views)))
        demo.aclose()
        for rate, (near, far) in ((48000, ears), (90000, views)):
            by_payload = {packet.payload: packet for packet in near.packets}
            there = next(packet for packet in reversed(far.packets) if packet.payload in by_payload)
            here = due(near.reports[-1], by_payload[there.payload], rate)
            assert due(far.reports[-1], there, rate) == pytest.approx(here, abs=0.003)
        # An H.264 stream begins with its parameters: the wish for a keyframe went all the way.
        assert any(packet.payload[0] & 0x1F == 7 for packet in views[1].packets)
        assert [pull.picture for pull in made.pulls if pull.picture] == ["room"]


def due(report: SenderReport, packet: RtpPacket, rate: int) -> float:
    """When a packet is to be played, by its sender's report."""
    return report.ntp_s + timestamp_after(packet.timestamp, report.timestamp) / rate


@retried
async def test_a_newcomer_gets_no_tick_that_another_bus_had_sent() -> None:
    async with stage() as made:
        edge_stage = made.edge._stage
        bus = EdgeBus(edge_stage)
        fan = bus.lane(Way()).fan
        old, new = (Subscriber(SrtpSession(PROFILES[0], bytes(56), is_server=True), HOME, 111, 1) for _ in range(2))
        fan.add(old)
        bus.send(Encoded("de", 100, b"sound"))
        edge_stage.tick = 101
        fan.add(new)
        for tick, receivers in ((101, 1), (99, 1), (102, 2), (40, 0)):
            before = fan.packets_sent
            bus.send(Encoded("de", tick, b"sound"))
            assert fan.packets_sent - before == receivers, tick
        assert len(fan) == 2


async def test_several_pictures_come_to_the_edge_each_by_a_subscription_of_its_own() -> None:
    async with stage() as made:
        demos = [DemoVideo(asyncio.get_running_loop()) for _ in range(2)]
        for picture, demo in zip(("room/stage", "room/face:0"), demos, strict=True):
            made.origin._set_video(f"{picture}'s", demo.source)
            made.origin.set_picture(picture, f"{picture}'s")
        viewer = await made.listen(made.edge, "viewer", "de", "room/stage", more="room/face:0")
        await made.until(lambda: len({packet.ssrc for packet in viewer.packets}) == 2)
        for demo in demos:
            demo.aclose()
        assert {pull.picture for pull in made.pulls} == {None, "room/stage", "room/face:0"}


async def test_past_its_load_only_those_at_work_are_taken() -> None:
    async with stage(max_listeners=1) as made:
        first = await made.listen(made.edge, "first", "de")
        with pytest.raises(Overloaded):
            await made.listen(made.edge, "second", "de")
        made.edge.subscribe("worker", first.upstream.offer, "de", (), at_work=True)
        assert set(made.edge.listeners) == {"first", "worker"}
        with pytest.raises(PeerUnknown):
            made.edge.move("second", "uk")


async def test_a_listener_that_leaves_is_told() -> None:
    async with stage() as made:
        far = await made.listen(made.edge, "far", "de")
        await made.until(lambda: far.upstream.is_connected)
        far.upstream.close()
        await made.until(lambda: PeerClosed("far", "bye") in made.events)
