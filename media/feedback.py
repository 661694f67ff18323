"""Transport-wide congestion feedback: when every packet of a publisher came, so that its encoder follows its line.

draft-holmer-rmcat-transport-wide-cc-extensions-01. Without I/O and clock.
"""

import struct
from typing import Final

from media.rtcp import RTPFB
from media.rtp import sequence_after

EVERY_S: Final = 0.1
_MOST_STATUSES: Final = 420
_TICK_S: Final = 0.00025
_REFERENCE_S: Final = 0.064
_SYMBOLS_A_CHUNK: Final = 7


class TransportFeedback:
    """Arrivals since the last report.

    Args:
        ssrc: ours, as the reporter.
    """

    def __init__(self, ssrc: int) -> None:
        self._ssrc = ssrc
        self._arrivals: dict[int, float] = {}
        self._next: int | None = None
        self._count = 0
        self._sent_at = 0.0

    def note(self, sequence: int, now: float) -> None:
        """The packet with this transport-wide number came."""
        if self._next is None:
            self._next = sequence
        if sequence_after(sequence, self._next) < 0:
            # Reported as lost already; a second opinion only confuses the estimator.
            return
        self._arrivals.setdefault(sequence, now)

    def report(self, media_ssrc: int, now: float) -> bytes | None:
        """The feedback packet, when one is due: ten times a second while packets come."""
        if not self._arrivals or self._next is None or now - self._sent_at < EVERY_S:
            return None
        self._sent_at = now
        base = self._next
        last = max(self._arrivals, key=lambda sequence: sequence_after(sequence, base))
        span = sequence_after(last, base) + 1
        if span > _MOST_STATUSES:
            # A jump no line explains: begin again behind it.
            self._next, self._arrivals = None, {}
            return None
        times = [self._arrivals.get((base + n) & 0xFFFF) for n in range(span)]
        self._next, self._arrivals = (last + 1) & 0xFFFF, {}
        self._count = (self._count + 1) & 0xFF
        return _format(self._ssrc, media_ssrc, base, times, self._count - 1 & 0xFF)


def _format(ssrc: int, media_ssrc: int, base: int, times: list[float | None], count: int) -> bytes:
    first = next(at for at in times if at is not None)
    reference = int(first / _REFERENCE_S)
    symbols, deltas = _deltas(times, reference * _REFERENCE_S)
    body = struct.pack("!IIHH", ssrc, media_ssrc, base, len(times))
    body += (reference & 0xFFFFFF).to_bytes(3, "big") + bytes([count])
    for at in range(0, len(symbols), _SYMBOLS_A_CHUNK):
        chunk = 0b11
        for symbol in (symbols[at : at + _SYMBOLS_A_CHUNK] + [0] * _SYMBOLS_A_CHUNK)[:_SYMBOLS_A_CHUNK]:
            chunk = chunk << 2 | symbol
        body += chunk.to_bytes(2, "big")
    body += deltas
    body += bytes(-len(body) & 3)
    return struct.pack("!BBH", 0x80 | 15, RTPFB, len(body) // 4) + body


def _deltas(times: list[float | None], start: float) -> tuple[list[int], bytes]:
    """Two-bit symbols (0 lost, 1 small, 2 large or negative) and the deltas in quarters of a millisecond."""
    symbols: list[int] = []
    deltas = b""
    ticks = 0
    for at in times:
        if at is None:
            symbols.append(0)
            continue
        delta = round((at - start) / _TICK_S) - ticks
        ticks += delta
        if 0 <= delta <= 255:
            symbols.append(1)
            deltas += bytes([delta])
        else:
            symbols.append(2)
            deltas += struct.pack("!h", max(-32768, min(32767, delta)))
    return symbols, deltas
