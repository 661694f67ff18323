"""The media thread's own state: transport, mixer, buses, pictures, sources. Everything here runs on its loop.

`media.engine` is the door to it for other threads.
"""

import asyncio
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

from media import sdp
from media.audiobus import AudioBus
from media.demo import DemoSound, DemoVideo
from media.dtls import DtlsEndpoint, DtlsIdentity
from media.errors import EtagStale, Overloaded, PeerUnknown
from media.fanout import AudioClock
from media.jitter import JitterBuffer
from media.mixer import Encoded, Mix, Mixer, Sound
from media.offers import Agreed, PictureSsrcs, Ssrcs, agree_to_publish, agree_to_send
from media.peer import Media, Peer
from media.picture_watch import PictureWatches
from media.pictures import PictureBus, VideoSource
from media.publisher_figures import publisher_figures, silent_s
from media.publishing import SILENT_AFTER_S, Publisher
from media.reel_deck import Deck
from media.stream import StreamEvent
from media.streams import Streams
from media.subscribing import CNAME, Listener, Stage
from media.transport import Transport
from media.trickle import Fragment, format_fragment
from media.ways import count_ways

_MOST_PENDING: Final = 3000
# What one core bears with every packet in time, at 6 to 7 µs a packet and 50 packets a second each.
MAX_LISTENERS: Final = 2500


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
        self.watches = PictureWatches(self._picture)
        self.deck = Deck(self, self._loop, self._tell_flow)
        self._begin()

    def _begin(self) -> None:
        self.mixer.start()

    def close(self) -> None:
        """Stop streams and mixer, and say goodbye to everybody."""
        self.streams.close()
        self.watches.close()
        self.deck.close()
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

    def publish(
        self, ident: str, offer_text: str, audio: str | None, video: str | None, small: str | None = None
    ) -> Answer:
        """Take a publisher's offer; what it sends becomes the sources `audio`, `video` and, second picture, `small`."""
        offer = sdp.parse_offer(offer_text)
        agreed = agree_to_publish(
            offer,
            takes_audio=audio is not None,
            takes_video=video is not None,
            takes_small=video is not None and small is not None,
        )
        sound = JitterBuffer() if audio is not None and agreed.audio_type is not None else None
        source = audio or video or ident
        publisher = Publisher(agreed, sound, lambda flows: self._on_flow(source, ident, flows))
        publisher.silent_after_s = self._patience.get(source, SILENT_AFTER_S)
        peer, answer = self._admit(ident, offer, agreed, publisher)
        former, self._publishing[source] = self._publishing.get(source), peer
        self._audio_of[ident] = source
        if former is not None:
            publisher.take_over(former.media)
            self._transport.remove(former, "replaced")
        if sound is not None and audio is not None:
            self.mixer.add_source(audio, sound, lambda: sound.counts.lost)
        large, second = (*publisher.cameras, None, None)[:2]
        for name, camera in ((video, large), (small, second or large)):
            if name is not None and camera is not None:
                self._set_video(name, camera.source)
        return answer

    def subscribe(
        self,
        ident: str,
        offer_text: str,
        bus: str,
        pictures: tuple[str, ...],
        frames: int = 1,
        *,
        at_work: bool = False,
    ) -> Answer:
        """Take a subscriber's offer; it hears `bus` in packets of `frames` ticks and sees `pictures`, each in a video
        section of its own. Who is at work is taken even when it is full.
        """
        if not at_work and len(self._transport.peers) - len(self._publishing) >= self._max_listeners:
            raise Overloaded("overloaded")
        offer = sdp.parse_offer(offer_text)
        shown = [self._picture(name) for name in pictures]
        ssrcs = Ssrcs(self._stage.clock.ssrc, tuple(_ssrcs_of(shown)))
        agreed = agree_to_send(offer, ssrcs)
        self._bus(bus)
        listener = Listener(self._stage, bus, agreed, shown, self._count, frames)
        hears_alone = not any(place.types for place in agreed.pictures)
        return self._admit(ident, offer, agreed, listener, ssrcs.audio if hears_alone else None)[1]

    def _admit(
        self, ident: str, offer: sdp.Offer, agreed: Agreed, media: Media, only_ssrc: int | None = None
    ) -> tuple[Peer, Answer]:
        peers = self._transport.peers
        if len(peers) >= _MOST_PENDING and sum(not p.is_connected for p in peers.values()) >= _MOST_PENDING:
            raise Overloaded("overloaded")
        is_server = not offer.is_dtls_server
        dtls = DtlsEndpoint(self._identity, offer.fingerprints, is_server=is_server, only_ssrc=only_ssrc)
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

    def put_source(self, name: str, sound: Sound, video: VideoSource) -> None:
        """See `reel_deck.Stage`."""
        self.mixer.add_source(name, sound)
        self._set_video(name, video)

    def take_source(self, name: str, sound: Sound, video: VideoSource) -> None:
        """See `reel_deck.Stage`."""
        self.mixer.remove_source(name, sound)
        self._drop_videos([video])

    def stats(self) -> EngineStats:
        """What there is to know."""
        now = time.monotonic()
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
            publishers={source: publisher_figures(peer.media, now) for source, peer in self._publishing.items()},
            streams=self.streams.stats(),
        )

    def silences(self) -> dict[str, float]:
        """How many seconds ago each publisher's last packet came; from any thread."""
        now = time.monotonic()
        ages = {source: silent_s(peer.media, now) for source, peer in dict(self._publishing).items()}
        return {source: age for source, age in ages.items() if age is not None}

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
            self._tell_flow(source, flows)

    def _tell_flow(self, source: str, flows: bool) -> None:
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
        self._drop_videos([camera.source for camera in publisher.cameras if camera is not None])

    def _drop_videos(self, gone: list[VideoSource]) -> None:
        for name, video in list(self._videos.items()):
            if video in gone:
                del self._videos[name]
                for picture in list(video.buses):
                    picture.set_source(None)


def _ssrcs_of(pictures: list[PictureBus]) -> Iterator[PictureSsrcs]:
    """A picture that is named again keeps its place, but no stream can be in one session twice."""
    for place, picture in enumerate(pictures):
        is_again = picture in pictures[:place]
        yield PictureSsrcs(0, 0) if is_again else PictureSsrcs(picture.ssrc, picture.repair_ssrc)
