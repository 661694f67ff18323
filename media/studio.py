"""The media thread's own state: transport, mixer, buses, pictures, sources. Everything here runs on its loop.

`media.engine` is the door to it for other threads.
"""

import asyncio
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from media import sdp
from media.audiobus import AudioBus
from media.demo import DemoSound, DemoVideo
from media.dtls import DtlsEndpoint, DtlsIdentity
from media.errors import EtagStale, Overloaded, PeerUnknown
from media.fanout import AudioClock
from media.jitter import JitterBuffer
from media.mixer import Encoded, Mix, Mixer
from media.offers import Agreed, Ssrcs, agree_to_publish, agree_to_send
from media.peer import Media, Peer
from media.pictures import PictureBus, VideoSource
from media.publishing import SILENT_AFTER_S, Publisher
from media.stream import StreamEvent
from media.streams import Streams
from media.subscribing import CNAME, Listener, Stage
from media.transport import Transport
from media.trickle import Fragment, format_fragment
from media.ways import count_ways

_MOST_PENDING: Final = 3000
# What one core bears with every packet in time, at 4 to 5 µs a packet and 50 packets a second each.
MAX_LISTENERS: Final = 4000


@dataclass(frozen=True, slots=True)
class Answer:
    """An SDP answer, or a fragment of one, and a strong entity tag for the ICE session it describes. `edge` names the
    edge that took the session; "" is the engine itself.
    """

    sdp: str
    etag: str
    edge: str = ""


@dataclass(frozen=True, slots=True)
class PeerConnected:
    """DTLS with a peer is done; media may flow."""

    peer: str


@dataclass(frozen=True, slots=True)
class PeerClosed:
    """A peer is gone. Reasons: bye, closed, replaced, displaced, setup_timeout, consent_timeout, dtls_failed,
    dtls_fingerprint, dtls_no_srtp, stopping; and edge_lost, when the edge it was on is gone.
    """

    peer: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceFlowing:
    """Packets of a source have begun, or begun again."""

    source: str


@dataclass(frozen=True, slots=True)
class SourceSilent:
    """No packet of a source for two seconds (or as `set_patience` says), or its peer is gone."""

    source: str


@dataclass(frozen=True, slots=True)
class MixerFailed:
    """A tick of the mixer raised; `error` is the exception's class. The next tick went on."""

    error: str


EngineEvent = PeerConnected | PeerClosed | SourceFlowing | SourceSilent | MixerFailed | StreamEvent


@dataclass(frozen=True, slots=True)
class EngineStats:
    """Plain numbers: peers there, subscribers by bus, datagrams dropped by reason, the mixer's ticks, packets sent and
    not taken by the kernel, connected peers by the way they took, per publishing peer what its tracks lost, and per
    stream what was packaged (see `media.packager`).
    """

    peers: int
    connected: int
    subscribers: dict[str, int]
    viewers: dict[str, int]
    drops: dict[str, int]
    mixer: dict[str, float]
    packets_sent: int
    packets_dropped: int
    ways: dict[str, int]
    publishers: dict[str, dict[str, float]]
    streams: dict[str, dict[str, float]] = field(default_factory=dict)


class Studio:
    """All of the engine that lives on the media thread.

    Args:
        sock: the one UDP socket, owned by the caller.
        hosts: addresses to announce as candidates.
        relays: addresses that TURN servers relay from, to count who comes through them.
        tell: takes events; called on the media thread.
        max_listeners: past so many subscribers new ones are refused.
    """

    def __init__(
        self,
        sock: socket.socket,
        hosts: tuple[str, ...],
        relays: frozenset[str],
        tell: Callable[[EngineEvent], None],
        max_listeners: int = MAX_LISTENERS,
    ) -> None:
        self._max_listeners = max_listeners
        self._sock = sock
        self._relays = relays
        self._addresses = tuple((host, sock.getsockname()[1]) for host in hosts)
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._identity = DtlsIdentity()
        self._transport = Transport(sock, lambda peer: tell(PeerConnected(peer.ident)), self._on_closed)
        self._stage = Stage(sock, AudioClock())
        self._pictures: dict[str, PictureBus] = {}
        self._videos: dict[str, VideoSource] = {}
        self._wanted_pictures: dict[str, str | None] = {}
        self._audio_of: dict[str, str] = {}
        self._publishing: dict[str, Peer] = {}
        self._patience: dict[str, float] = {}
        self._demos: list[DemoVideo] = []
        self.mixer = Mixer(self._deliver, lambda error: self._say(MixerFailed(error)))
        self.streams = Streams(self.mixer, self._picture, tell)
        self._begin()

    def _begin(self) -> None:
        self.mixer.start()

    def close(self) -> None:
        """Stop streams and mixer, and say goodbye to everybody."""
        self.streams.close()
        self.mixer.stop()
        for demo in self._demos:
            demo.aclose()
        self._transport.close()

    def _say(self, event: EngineEvent) -> None:
        self._loop.call_soon_threadsafe(self._tell, event)

    def _deliver(self, packets: list[Encoded]) -> None:
        try:
            self._loop.call_soon_threadsafe(self._send, packets)
        except RuntimeError:
            # The loop has closed while the mixer made its last tick.
            return

    def _send(self, packets: list[Encoded]) -> None:
        self._stage.tick = max(encoded.tick + encoded.frames - 1 for encoded in packets)
        self._stage.tick_at = self.mixer.due(self._stage.tick)
        for encoded in packets:
            bus = self._stage.buses.get(encoded.bus)
            if bus is not None:
                bus.send(encoded)

    def publish(self, ident: str, offer_text: str, audio: str | None, video: str | None) -> Answer:
        """Take a publisher's offer; what it sends becomes the sources `audio` and `video`."""
        offer = sdp.parse_offer(offer_text)
        agreed = agree_to_publish(offer, takes_audio=audio is not None, takes_video=video is not None)
        sound = JitterBuffer() if audio is not None and agreed.audio_type is not None else None
        source = audio or video or ident
        publisher = Publisher(agreed, sound, lambda flows: self._on_flow(source, ident, flows))
        publisher.silent_after_s = self._patience.get(source, SILENT_AFTER_S)
        peer, answer = self._admit(ident, offer, agreed, publisher)
        former = self._publishing.get(source)
        self._publishing[source] = peer
        self._audio_of[ident] = source
        if former is not None:
            self._transport.remove(former, "replaced")
        if sound is not None and audio is not None:
            self.mixer.add_source(audio, sound, lambda: sound.counts.lost)
        if publisher.video is not None and video is not None:
            self._set_video(video, publisher.video)
        return answer

    def subscribe(
        self,
        ident: str,
        offer_text: str,
        bus: str,
        picture: str | None,
        frames: int = 1,
        *,
        at_work: bool = False,
    ) -> Answer:
        """Take a subscriber's offer; it hears `bus` in packets of `frames` ticks and sees `picture`. Who is at work
        is taken even when it is full.
        """
        if not at_work and len(self._transport.peers) - len(self._publishing) >= self._max_listeners:
            raise Overloaded("overloaded")
        offer = sdp.parse_offer(offer_text)
        shown = self._picture(picture) if picture is not None else None
        ssrcs = Ssrcs(self._stage.clock.ssrc, shown.ssrc if shown else 0, shown.repair_ssrc if shown else 0)
        agreed = agree_to_send(offer, ssrcs)
        self._bus(bus)
        listener = Listener(self._stage, bus, agreed, shown, self._count, frames)
        return self._admit(ident, offer, agreed, listener)[1]

    def _admit(self, ident: str, offer: sdp.Offer, agreed: Agreed, media: Media) -> tuple[Peer, Answer]:
        peers = self._transport.peers
        if len(peers) >= _MOST_PENDING and sum(not p.is_connected for p in peers.values()) >= _MOST_PENDING:
            raise Overloaded("overloaded")
        dtls = DtlsEndpoint(self._identity, offer.fingerprints, is_server=not offer.is_dtls_server)
        peer = Peer(ident, offer.ufrag, dtls, media, self._transport, time.monotonic())
        self._transport.add(peer)
        ours = peer.ice.newest
        ice = sdp.LocalIce(
            ours.ufrag, not offer.is_dtls_server, ours.password, self._identity.fingerprint, self._addresses
        )
        text = sdp.format_answer(ice, agreed.sections, secrets.randbits(62), CNAME)
        return peer, Answer(text, ours.etag)

    def update_ice(self, ident: str, fragment: Fragment, etags: frozenset[str] | None) -> Answer | None:
        """Take a fragment for a session: another ICE session when its user fragment is another one."""
        peer = self._transport.peers.get(ident)
        if peer is None:
            raise PeerUnknown
        newest = peer.ice.newest
        if etags is not None and newest.etag not in etags:
            raise EtagStale
        ours = newest
        if fragment.ufrag != newest.remote_ufrag:
            ours = self._transport.restart_ice(peer, fragment.ufrag)
        elif etags is not None or not peer.ice.is_restarting:
            return None
        # Without entity tags it is a restart asked for again, because our answer was lost on the way.
        return Answer(format_fragment(ours, fragment.section, sdp.format_candidates(self._addresses)), ours.etag)

    def close_peer(self, ident: str) -> bool:
        """End a session. False when there is none."""
        peer = self._transport.peers.get(ident)
        if peer is not None:
            self._transport.remove(peer, "closed")
        return peer is not None

    def move(self, ident: str, bus: str) -> None:
        """Let a subscriber hear another bus."""
        peer = self._transport.peers.get(ident)
        if peer is None or not isinstance(peer.media, Listener):
            raise PeerUnknown
        self._bus(bus)
        peer.media.move(bus)

    def set_mix(self, bus: str, mix: Mapping[str, Mix]) -> None:
        """What a bus carries."""
        self.mixer.set_mix(bus, mix)

    def set_picture(self, picture: str, source: str | None) -> None:
        """Which video source a picture bus forwards, now and when it comes."""
        self._wanted_pictures[picture] = source
        self._picture(picture).set_source(self._videos.get(source) if source is not None else None)

    def set_patience(self, source: str, silent_after_s: float) -> None:
        """How long a source may send nothing until it is silent, now and when it comes."""
        self._patience[source] = silent_after_s
        peer = self._publishing.get(source)
        if peer is not None and isinstance(peer.media, Publisher):
            peer.media.silent_after_s = silent_after_s

    def add_demo(self, audio: str, video: str) -> None:
        """A generated source, made only while somebody hears or sees it."""
        demo = DemoVideo(self._loop)
        self._demos.append(demo)
        self.mixer.add_source(audio, DemoSound())
        self._set_video(video, demo.source)

    def stats(self) -> EngineStats:
        """What there is to know."""
        peers = self._transport.peers
        fans = [lane.fan for bus in self._stage.buses.values() for lane in bus.lanes.values()]
        fans += [fan for picture in self._pictures.values() for fan in picture.fans.values()]
        return EngineStats(
            peers=len(peers),
            connected=sum(p.is_connected for p in peers.values()),
            subscribers={name: bus.subscribers for name, bus in self._stage.buses.items()},
            viewers={name: picture.viewers for name, picture in self._pictures.items()},
            drops=asdict(self._transport.drops),
            mixer=asdict(self.mixer.counts),
            packets_sent=sum(fan.packets_sent for fan in fans),
            packets_dropped=sum(fan.packets_dropped for fan in fans),
            ways=count_ways((p.address for p in peers.values() if p.address and p.is_connected), self._relays),
            publishers={source: _publisher_stats(peer.media) for source, peer in self._publishing.items()},
            streams=self.streams.stats(),
        )

    def _bus(self, name: str) -> AudioBus:
        bus = self._stage.buses.get(name)
        if bus is None:
            bus = self._stage.buses[name] = AudioBus(self._sock, self._stage.clock)
        return bus

    def _count(self, name: str) -> None:
        self.mixer.set_sinks(name, self._stage.buses[name].sinks())

    def _picture(self, name: str) -> PictureBus:
        picture = self._pictures.get(name)
        if picture is None:
            picture = self._pictures[name] = PictureBus(self._sock)
        return picture

    def _set_video(self, name: str, video: VideoSource) -> None:
        self._videos[name] = video
        for picture, source in self._wanted_pictures.items():
            if source == name:
                self._picture(picture).set_source(video)

    def _on_flow(self, source: str, ident: str, flows: bool) -> None:
        # A replaced session's last breath says nothing of the one that took its place.
        peer = self._publishing.get(source)
        if peer is not None and peer.ident == ident:
            self._tell(SourceFlowing(source) if flows else SourceSilent(source))

    def _on_closed(self, peer: Peer, reason: str) -> None:
        if isinstance(peer.media, Publisher):
            self._forget_source(peer, peer.media)
        self._tell(PeerClosed(peer.ident, reason))

    def _forget_source(self, peer: Peer, publisher: Publisher) -> None:
        source = self._audio_of.pop(peer.ident, None)
        if source is not None and self._publishing.get(source) is peer:
            del self._publishing[source]
        if source is not None and publisher.sound is not None:
            self.mixer.remove_source(source, publisher.sound)
        for name, video in list(self._videos.items()):
            if video is publisher.video:
                del self._videos[name]
                for picture in list(video.buses):
                    picture.set_source(None)


def _publisher_stats(media: Any) -> dict[str, float]:
    numbers: dict[str, float] = {}
    if not isinstance(media, Publisher):
        return numbers
    for kind, reception in media.receptions.items():
        numbers |= {
            f"{kind}_packets": reception.packets,
            f"{kind}_lost": reception.lost,
            f"{kind}_jitter_ms": round(reception.jitter_ms, 2),
        }
    if media.sound is not None:
        numbers |= {f"sound_{name}": count for name, count in asdict(media.sound.counts).items()}
        numbers["sound_depth_ms"] = round(media.sound.depth_ms, 1)
    return numbers
