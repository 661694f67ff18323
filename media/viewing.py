"""One picture as one subscriber sees it: an end in a picture bus a codec, resends, and the way out and back in.

Belongs to the media thread.
"""

import socket

from media import rtcp
from media.fanout import Repair, Subscriber, may_resend, resend
from media.offers import AgreedPicture
from media.pictures import CLOCK_HZ, PictureBus, codec_of
from media.srtp import SrtpSession
from media.udp import Address


class View:
    """One video section of a subscriber.

    Args:
        sock: where to send.
        picture: the bus it shows.
        agreed: payload types as answered; there is one at least.
    """

    def __init__(self, sock: socket.socket, picture: PictureBus, agreed: AgreedPicture) -> None:
        self.picture = picture
        self._sock = sock
        self._agreed = agreed
        self._ends: dict[str, Subscriber] = {}
        self._is_shown = False
        self._told_of = 0

    def connect(self, session: SrtpSession, address: Address) -> None:
        """The peer is there."""
        for codec, number in self._agreed.types.items():
            end = self._ends[codec] = Subscriber(session, address, number, self.picture.ssrc)
            if codec in self._agreed.repairs:
                end.repair = Repair(self._agreed.repairs[codec], self.picture.repair_ssrc)

    def show(self, is_shown: bool, now: float) -> None:
        """Send the picture from now on, or no more."""
        if is_shown == self._is_shown:
            return
        self._is_shown = is_shown
        if is_shown:
            self.picture.add_viewer(self._ends, now)
        else:
            self.picture.remove_viewer(self._ends)

    def readdress(self, address: Address) -> None:
        """They have moved."""
        for codec, end in self._ends.items():
            self.picture.fans[codec].readdress(end, address)

    def resend(self, sequences: tuple[int, ...], now: float) -> None:
        """Send again what is asked for, as far as it is known and may be."""
        budget = next(iter(self._ends.values()), None)
        for sequence in sequences:
            if budget is None or not self._is_shown or not may_resend(budget, now):
                return
            packet = self.picture.history.find(sequence)
            end = self._ends.get(codec_of(packet)) if packet is not None else None
            if packet is not None and end is not None:
                resend(self._sock, end, packet)

    @property
    def has_new_clock(self) -> bool:
        """Whether the picture has been cut to another source since the last report, and that one's clock is known."""
        return self.picture.cuts != self._told_of and self.picture.clock() is not None

    def report(self, wall_offset_s: float, cname: bytes) -> bytes:
        """A sender report, so that browsers keep lip sync; nothing while the source's clock is unknown."""
        clock = self.picture.clock()
        if clock is None:
            return b""
        self._told_of = self.picture.cuts
        due, timestamp = rtcp.rounded(clock[0] + wall_offset_s, clock[1], CLOCK_HZ)
        return rtcp.format_sender_report(self.picture.ssrc, due, timestamp, 0, 0, cname)
