"""One picture that a publisher sends: its packets to the picture buses, those that were lost asked for again.

A publisher has one, or a large and a small one of the same face.
"""

from collections.abc import Callable
from typing import Final

from media import rtcp, rtp
from media.offers import Agreed, AgreedPicture
from media.pictures import VideoSource, seconds_after
from media.reception import Reception
from media.rtp import RtpPacket

_USUAL_DELAY_S: Final = 0.06
# More streams than a publisher of two pictures has, each with its repairs, before and after a restart of its encoder.
_MOST_STREAMS: Final = 16


class Camera:
    """One picture.

    Args:
        agreed: its section as answered.
        ssrc: ours, as the one who asks.
        send: takes RTCP for the publisher.
        sound_delay: tells how long after its capture the publisher's sound leaves the mixer, in seconds between their
            clock and our monotonic one; None while nobody hears it.
    """

    def __init__(
        self, agreed: AgreedPicture, ssrc: int, send: Callable[[bytes], None], sound_delay: Callable[[], float | None]
    ) -> None:
        self.source = VideoSource(self._ask_keyframe, self._capture_time)
        self.reception: Reception | None = None
        self.agreed = agreed
        self._ssrc = ssrc
        self._send = send
        self._sound_delay = sound_delay
        self._codecs = {number: name for name, number in agreed.types.items()}
        self._repairs = {number: agreed.types[name] for name, number in agreed.repairs.items()}

    def take(self, packet: RtpPacket, now: float) -> bool:
        """One packet, perhaps of its repairs. Returns whether it was either."""
        if packet.payload_type in self._codecs:
            if self.reception is None or self.reception.ssrc != packet.ssrc:
                self.reception = Reception(packet.ssrc, 90000)
            self.reception.note(packet.sequence, packet.timestamp, len(packet.payload), now)
            self._show(packet, now)
            return True
        if packet.payload_type in self._repairs:
            self._take_repair(packet, now)
            return True
        return False

    def _take_repair(self, packet: RtpPacket, now: float) -> None:
        """A packet sent again under another number: its first two bytes are the old one (RFC 4588 section 4)."""
        if self.reception is None or len(packet.payload) <= 2:
            # Without a payload it is padding that probes the line.
            return
        number = self._repairs[packet.payload_type]
        sequence = int.from_bytes(packet.payload[:2], "big")
        again = RtpPacket(number, packet.marker, sequence, packet.timestamp, self.reception.ssrc, packet.payload[2:])
        if self.reception.is_missing(sequence):
            self.reception.note_repaired(sequence, len(again.payload))
            self._show(again, now)

    def _show(self, packet: RtpPacket, now: float) -> None:
        if packet.payload:
            self.source.take(packet, self._codecs[packet.payload_type], now)

    def _ask_keyframe(self) -> None:
        if self.reception is not None:
            self._send(rtcp.format_pli(self._ssrc, self.reception.ssrc))

    def _capture_time(self, timestamp: int) -> float | None:
        """When the sound of this picture's moment leaves the mixer: the publisher's clock plus the sound's delay."""
        reception = self.reception
        if reception is None or reception.report is None:
            return None
        captured = reception.report.ntp_s + seconds_after(timestamp, reception.report.timestamp)
        delay = self._sound_delay()
        if delay is None:
            # Nobody hears its sound: what the mixer usually takes keeps the picture where it will be wanted.
            delay = reception.report_at - reception.report.ntp_s + _USUAL_DELAY_S
        return captured + delay


class Cameras:
    """Which camera a packet belongs to: by its SSRC as offered, else by the section it names (RFC 8843 section 9.2).

    Args:
        agreed: the offer as answered.
        cameras: in the order of `agreed.pictures`, None for sections that were refused.
    """

    def __init__(self, agreed: Agreed, cameras: list[Camera | None]) -> None:
        self.in_order = cameras
        self.there = [camera for camera in cameras if camera is not None]
        self._mid_id = agreed.mid_id
        self._by_mid = {camera.agreed.mid.encode(): camera for camera in self.there}
        self._by_ssrc = {ssrc: camera for camera in self.there for ssrc in camera.agreed.ssrcs}

    def find(self, packet: RtpPacket) -> Camera | None:
        """The camera; None when that cannot be told."""
        if len(self.there) < 2:
            return self.there[0] if self.there else None
        known = self._by_ssrc.get(packet.ssrc)
        if known is not None or not self._mid_id:
            return known
        named = self._by_mid.get(rtp.find_extension(packet.extensions, self._mid_id) or b"")
        if named is not None and len(self._by_ssrc) < _MOST_STREAMS:
            # Only a stream's first packets name their section.
            self._by_ssrc[packet.ssrc] = named
        return named
