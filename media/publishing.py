"""A publisher's side: RTP in, to a jitter buffer (sound) and its cameras (video); reports and requests back."""

import random
from collections.abc import Callable
from typing import Final

from media import redundancy, rtcp, rtp
from media.camera import Camera, Cameras
from media.errors import WireError
from media.feedback import TransportFeedback
from media.jitter import JitterBuffer
from media.offers import Agreed, AgreedPicture
from media.peer import Media, Peer
from media.reception import PATIENCE_S, Reception
from media.rtp import RtpPacket, timestamp_after
from media.udp import Address

REPORT_EVERY_S: Final = 1.0
SILENT_AFTER_S: Final = 2.0
"""Without any packet for so long a publisher is silent. A Wi-Fi that stalls is back before."""
SILENT_BEFORE_A_SPARE_S: Final = 1.0
"""The same where another sender of the same thing stands ready: a look every half second finds it within 1.5 s, so that
the other is heard within 2 s. A stall this long is a hole in the sound either way."""
_CNAME: Final = b"tolmach"
_LIMITER_S: Final = 0.005
# A venue's 720p at full quality; a limit by what the line bears belongs to congestion control.
_MAX_VIDEO_BITS_PER_S: Final = 4_000_000


class Publisher:
    """What one publishing peer sends.

    Args:
        agreed: payload types as answered.
        sound: where audio goes, or None when no audio was answered.
        on_flow: told True when packets of any track begin or begin again, False after `silent_after_s` without any.
    """

    def __init__(self, agreed: Agreed, sound: JitterBuffer | None, on_flow: Callable[[bool], None]) -> None:
        self.sound = sound
        self._agreed = agreed
        self._on_flow = on_flow
        self._ssrc = random.getrandbits(31) | 1
        self._feedback = TransportFeedback(self._ssrc)
        self._peer: Peer | None = None
        self._audio: Reception | None = None
        self._last_packet = 0.0
        self._is_flowing = self._has_come = False
        self._reported = 0.0
        self.silent_after_s = SILENT_AFTER_S
        self._delay_s: float | None = None
        self._cameras = Cameras(agreed, [self._camera(picture) for picture in agreed.pictures])

    def take_over(self, former: Media) -> None:
        """Flow on as the session before did, until this one is silent, or ends without having been connected."""
        self._is_flowing = isinstance(former, Publisher) and former._is_flowing

    def _camera(self, picture: AgreedPicture) -> Camera | None:
        return Camera(picture, self._ssrc, self._send, self._sound_delay) if picture.types else None

    @property
    def cameras(self) -> list[Camera | None]:
        """The pictures in the order of the offer's video sections, None where one was refused."""
        return self._cameras.in_order

    @property
    def receptions(self) -> dict[str, Reception]:
        """Statistics by kind of track ("audio", "video", "small"), of those that have sent."""
        found = {"audio": self._audio}
        for kind, camera in zip(("video", "small"), self.cameras, strict=False):
            found[kind] = camera.reception if camera is not None else None
        return {kind: reception for kind, reception in found.items() if reception is not None}

    def on_connected(self, peer: Peer, now: float) -> None:
        """Media may come."""
        self._peer = peer
        self._last_packet = now

    def on_rtp(self, packet: RtpPacket, now: float) -> None:
        """Sound to the jitter buffer, pictures to their buses; other payload types to nobody."""
        if self._agreed.feedback_id and packet.extensions:
            self._note_transport(packet, now)
        number = packet.payload_type
        if self.sound is not None and number in (self._agreed.audio_type, self._agreed.red_type):
            self._take_sound(packet, now)
        elif (camera := self._cameras.find(packet)) is None or not camera.take(packet, now):
            return
        self._last_packet = now
        if not (self._is_flowing and self._has_come):
            self._is_flowing = self._has_come = True
            self._on_flow(True)
        self._ask_again(now)

    def _take_sound(self, packet: RtpPacket, now: float) -> None:
        assert self.sound is not None
        # Sound has one packet in 20 ms: one that is overtaken is rare and small, and one that is lost is needed soon.
        audio = self._audio = self._reception(self._audio, packet, 48000, 0.0)
        audio.note(packet.sequence, packet.timestamp, len(packet.payload), now)
        if packet.payload_type == self._agreed.audio_type:
            self.sound.push(packet)
            return
        try:
            *earlier, newest = redundancy.take_apart(packet, self._agreed.audio_type or 0)
        except WireError:
            return
        for again in earlier:
            if audio.is_missing(again.sequence):
                audio.note_repaired(again.sequence, len(again.payload))
                self.sound.push(again)
        self.sound.push(newest)

    def _note_transport(self, packet: RtpPacket, now: float) -> None:
        value = rtp.find_extension(packet.extensions, self._agreed.feedback_id)
        if value is None or len(value) != 2:
            return
        self._feedback.note(int.from_bytes(value, "big"), now)
        report = self._feedback.report(packet.ssrc, now)
        if report is not None:
            self._send(report)

    @staticmethod
    def _reception(
        known: Reception | None, packet: RtpPacket, clock_hz: int, patience_s: float = PATIENCE_S
    ) -> Reception:
        if known is not None and known.ssrc == packet.ssrc:
            return known
        return Reception(packet.ssrc, clock_hz, patience_s)

    def _ask_again(self, now: float) -> None:
        for reception in self.receptions.values():
            if wanted := reception.to_ask_for(now):
                self._send(rtcp.format_nack(self._ssrc, reception.ssrc, wanted))

    def on_rtcp(self, items: list[rtcp.Item], now: float) -> None:
        """Sender reports set the clocks."""
        for item in items:
            if isinstance(item, rtcp.SenderReport):
                for reception in self.receptions.values():
                    if reception.ssrc == item.ssrc:
                        reception.note_report(item, now)

    def on_moved(self, address: Address) -> None:
        """Nothing here goes by address."""

    def on_timer(self, now: float) -> None:
        """Reports once a second; silence is noticed."""
        if self._is_flowing and now - self._last_packet > self.silent_after_s:
            self._is_flowing = False
            self._on_flow(False)
        if now - self._reported < REPORT_EVERY_S:
            return
        self._reported = now
        blocks = [reception.block(now) for reception in self.receptions.values()]
        packet = rtcp.format_receiver_report(self._ssrc, blocks, _CNAME)
        seen = [camera.reception.ssrc for camera in self._cameras.there if camera.reception is not None]
        if seen and not self._agreed.feedback_id:
            packet += rtcp.format_remb(self._ssrc, seen, self._agreed.most_bits_per_s or _MAX_VIDEO_BITS_PER_S)
        self._send(packet)

    def on_closed(self) -> None:
        """The stream has ended."""
        self._peer = None
        if self._is_flowing:
            self._is_flowing = False
            self._on_flow(False)

    def _send(self, packet: bytes) -> None:
        if self._peer is not None:
            self._peer.send_rtcp(packet)

    def _sound_delay(self) -> float | None:
        """From the publisher's clock to our monotonic one, by way of the sound that plays just now; smoothed."""
        played = self.sound.played if self.sound is not None else None
        report = self._audio.report if self._audio is not None else None
        if played is None or report is None:
            return self._delay_s
        at, timestamp = played
        captured = report.ntp_s + timestamp_after(timestamp, report.timestamp) / 48000
        delay = at + _LIMITER_S - captured
        if self._delay_s is None or abs(delay - self._delay_s) > 0.5:
            self._delay_s = delay
        self._delay_s += (delay - self._delay_s) / 8
        return self._delay_s
