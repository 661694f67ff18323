"""A subscriber's side: an end in one audio bus and perhaps in picture buses; reports, resends, language switches."""

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from media import rtcp
from media.audiobus import AudioBus, Lane, Way
from media.fanout import AudioClock, Subscriber, Switches, may_resend, send_one
from media.line import Line
from media.offers import Agreed
from media.opus import SAMPLE_RATE_HZ
from media.peer import Peer
from media.pictures import PictureBus
from media.rtp import RtpPacket
from media.udp import Address
from media.viewing import View

_REPORT_EVERY_S: Final = 5.0
CNAME: Final = "tolmach"
WALL_OFFSET_S: Final = time.time() - time.monotonic()
"""Set once, so that a change of the machine's clock moves nobody's lip sync."""


@dataclass(slots=True)
class Stage:
    """What all subscribers share: buses by name, the tick now sent and when it was due."""

    sock: socket.socket
    clock: AudioClock
    buses: dict[str, AudioBus] = field(default_factory=dict)
    tick: int = 0
    tick_at: float = 0.0


class Listener:
    """One subscriber.

    Args:
        stage: the buses.
        bus: the audio bus to begin with.
        agreed: payload types as answered.
        pictures: the picture buses, in the order of the offer's video sections.
        on_count: called with a bus's name whenever its number of subscribers changed.
        frames: ticks a packet, 1 or 3.
    """

    def __init__(
        self,
        stage: Stage,
        bus: str,
        agreed: Agreed,
        pictures: Sequence[PictureBus],
        on_count: Callable[[str], None],
        frames: int = 1,
    ) -> None:
        self.bus = bus
        self.lost_fraction = 0.0
        self._stage = stage
        self._agreed = agreed
        self._way = Way(frames, (agreed.audio_type or 0) if agreed.red_type is not None else 0)
        places = zip(pictures, agreed.pictures, strict=False)
        self._views = [View(stage.sock, picture, place) for picture, place in places if place.types]
        self._on_count = on_count
        self._peer: Peer | None = None
        self._audio: Subscriber | None = None
        self._line = Line(len(self._views))
        self._switches = Switches()
        self._first_tick: int | None = None
        self._reported = 0.0

    def on_connected(self, peer: Peer, now: float) -> None:
        """Join the buses; the next tick's packet is theirs."""
        self._peer = peer
        session, address, agreed = peer.session.srtp, peer.address, self._agreed
        assert session is not None
        assert address is not None
        if agreed.audio_type is not None:
            number = agreed.audio_type if agreed.red_type is None else agreed.red_type
            self._audio = Subscriber(session, address, number, self._stage.clock.ssrc)
            self._enter(self.bus)
        for view in self._views:
            view.connect(session, address)
        self._show(now)

    def _show(self, now: float) -> None:
        for place, view in enumerate(self._views):
            view.show(place < self._line.shown, now)

    def move(self, bus: str) -> None:
        """Hear another bus from the next tick on."""
        if bus == self.bus:
            return
        self._leave()
        self.bus = bus
        if self._audio is not None:
            self._enter(bus)

    def _lane(self, bus: str) -> Lane:
        return self._stage.buses[bus].lane(self._way)

    def _enter(self, bus: str) -> None:
        assert self._audio is not None
        self._lane(bus).fan.add(self._audio)
        self._switches.note(self._stage.clock.sequence(self._stage.tick + 1, self._way.frames), bus)
        self._on_count(bus)

    def _leave(self) -> None:
        if self._audio is not None and self._audio.slot >= 0:
            self._lane(self.bus).fan.remove(self._audio)
            self._on_count(self.bus)

    def on_moved(self, address: Address) -> None:
        """Send to the new address from now on."""
        if self._audio is not None:
            self._lane(self.bus).fan.readdress(self._audio, address)
        for view in self._views:
            view.readdress(address)

    def on_closed(self) -> None:
        """Leave the buses."""
        self._leave()
        self._audio = None
        for view in self._views:
            view.show(False, time.monotonic())
        self._peer = None

    def on_rtp(self, packet: RtpPacket, now: float) -> None:
        """A subscriber sends nothing that anybody wants."""

    def on_rtcp(self, items: list[rtcp.Item], now: float) -> None:
        """Answer what is asked for again, pass on the wish for a keyframe, note what they lose."""
        for item in items:
            match item:
                case rtcp.Nack(media_ssrc, sequences) if media_ssrc == self._stage.clock.ssrc:
                    self._resend_audio(sequences, now)
                case rtcp.Nack(media_ssrc, sequences):
                    for view in self._views_of(media_ssrc):
                        view.resend(sequences, now)
                case rtcp.KeyframeRequest(media_ssrc):
                    # Who has seen nothing yet cannot name it.
                    for view in self._views_of(media_ssrc) or self._views:
                        view.picture.want_keyframe(now)
                case rtcp.ReportBlock(ssrc=ssrc, lost_fraction=lost):
                    self._note_loss(ssrc, lost, now)
                case _:
                    pass

    def _views_of(self, ssrc: int) -> list[View]:
        return [view for view in self._views if view.picture.ssrc == ssrc]

    def _note_loss(self, ssrc: int, lost: float, now: float) -> None:
        if ssrc == self._stage.clock.ssrc:
            self.lost_fraction = lost
            self._line.note(lost, now, None)
        for place, view in enumerate(self._views):
            if view.picture.ssrc == ssrc:
                self._line.note(lost, now, place)
        self._show(now)

    def _resend_audio(self, sequences: tuple[int, ...], now: float) -> None:
        for sequence in sequences:
            # Looking counts as well as sending: thousands can be asked for in one packet.
            if self._audio is None or not may_resend(self._audio, now):
                return
            name = self._switches.bus_at(sequence)
            bus = self._stage.buses.get(name) if name is not None else None
            packet = bus.lane(self._way).history.find(sequence) if bus is not None else None
            if packet is not None:
                send_one(self._stage.sock, self._audio, packet)

    def on_timer(self, now: float) -> None:
        """Pictures again when their line has rested; sender reports, so that browsers keep lip sync (RFC 3550
        section 6.4.1).
        """
        for view in self._views:
            # A wish for a keyframe that came too soon after another is still open.
            view.picture.on_timer(now)
        self._line.on_timer(now)
        if self._peer is None:
            return
        self._show(now)
        if now - self._reported < _REPORT_EVERY_S and not any(view.has_new_clock for view in self._views):
            return
        self._reported = now
        stage, cname = self._stage, CNAME.encode()
        packet = b""
        if self._audio is not None:
            if self._first_tick is None:
                self._first_tick = stage.tick
            sent = stage.tick - self._first_tick
            due, timestamp = rtcp.rounded(
                stage.tick_at + WALL_OFFSET_S, stage.clock.timestamp(stage.tick), SAMPLE_RATE_HZ
            )
            packet += rtcp.format_sender_report(stage.clock.ssrc, due, timestamp, sent, sent * 160, cname)
        packet += b"".join(view.report(WALL_OFFSET_S, cname) for view in self._views)
        if packet:
            self._peer.send_rtcp(packet)
