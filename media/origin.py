"""The origin's clock as an edge follows it: which tick a packet is, and when its sound was due.

All audio buses of an origin share SSRC and timestamps, so one shift for all of them makes an edge's numbering out of
the origin's, and a listener moves from bus to bus as seamlessly as there. The shift is renewed when the origin's SSRC
changes: it was restarted, and the numbering at the edge goes on. Pure; the caller says when.
"""

from typing import Final

from media.mixer import TICK_S
from media.opus import FRAME_SAMPLES, SAMPLE_RATE_HZ
from media.rtcp import SenderReport
from media.rtp import RtpPacket, timestamp_after

# Timestamps turn over after 24 hours; after a pause of this length they are not trusted to tell the distance.
_FORGET_S: Final = 3600.0
# So that a long packet that began before the restart was noticed still gets a number nobody has had.
_LEAST_STEP: Final = 4


class OriginClock:
    """Ticks out of the origin's timestamps. `tick` is the newest one, and 1 before anything came."""

    def __init__(self) -> None:
        self.tick = 1
        self._ssrc: int | None = None
        self._former: int | None = None
        self._timestamp = 0
        self._at = 0.0
        self._report: SenderReport | None = None

    def take(self, packet: RtpPacket, now: float) -> int | None:
        """The tick a packet begins with; None for one of an origin that has been replaced."""
        if packet.ssrc == self._former:
            return None
        if packet.ssrc != self._ssrc or now - self._at > _FORGET_S:
            self._renew(packet, now)
        self._at = now
        ahead = timestamp_after(packet.timestamp, self._timestamp) // FRAME_SAMPLES
        if ahead <= 0:
            return self.tick + ahead
        self.tick += ahead
        self._timestamp = packet.timestamp
        return self.tick

    def _renew(self, packet: RtpPacket, now: float) -> None:
        if self._ssrc is not None:
            self.tick += max(_LEAST_STEP, round((now - self._at) / TICK_S))
            self._former = self._ssrc if packet.ssrc != self._ssrc else self._former
        if packet.ssrc != self._ssrc:
            self._report = None
        self._ssrc, self._timestamp = packet.ssrc, packet.timestamp

    def note_report(self, report: SenderReport) -> None:
        """The origin told when which timestamp was due, on its own wall clock."""
        if report.ssrc == self._ssrc:
            self._report = report

    def due(self) -> float | None:
        """When the newest tick was due, as Unix time on the origin's clock; None until it has told."""
        if self._report is None:
            return None
        return self._report.ntp_s + timestamp_after(self._timestamp, self._report.timestamp) / SAMPLE_RATE_HZ
