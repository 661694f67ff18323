"""An audio bus's way out: one packet a tick, numbered by the tick, to every subscriber. Belongs to the media thread."""

import socket
from typing import Final

from media.fanout import AudioClock, FanOut, History
from media.mixer import Encoded
from media.opus import MAX_PACKET_BYTES
from media.rtp import HEADER
from media.srtp import MAX_TRAILER_BYTES

_SLOT_BYTES: Final = 576
_HISTORY_PACKETS: Final = 64

assert 12 + MAX_PACKET_BYTES + MAX_TRAILER_BYTES <= _SLOT_BYTES


class AudioBus:
    """One bus's fan-out and the last 1.3 seconds of it.

    Args:
        sock: where to send.
        clock: shared by all buses.
    """

    def __init__(self, sock: socket.socket, clock: AudioClock) -> None:
        self.fan = FanOut(sock, _SLOT_BYTES)
        self.history = History(_HISTORY_PACKETS)
        self._clock = clock

    def send(self, encoded: Encoded) -> None:
        """Send one tick's packet. Sequence and timestamp are the tick's, the SSRC is the same on every bus."""
        clock = self._clock
        sequence = clock.sequence(encoded.tick)
        header = HEADER.pack(0x80, 0, sequence, clock.timestamp(encoded.tick), clock.ssrc)
        packet = header + encoded.payload
        self.history.keep(sequence, packet)
        self.fan.send(packet)
