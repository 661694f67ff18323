"""What arrives of one RTP stream: loss, jitter, and which packets to ask for again (RFC 3550 A.1, A.3, A.8; RFC 4585).

Without I/O and without a clock: the caller says when.
"""

import math
from dataclasses import dataclass
from typing import Final

from media.drift import Drift
from media.rtcp import ReportBlock, SenderReport
from media.rtp import sequence_after, timestamp_after

# Reordering on real paths is over within this; asking earlier would ask for what is on its way.
PATIENCE_S: Final = 0.02
_LONGEST_ROUND_S: Final = 0.1
_SHORTEST_ROUND_S: Final = 0.02
# On such a line requests and answers are lost too, and sound is small: it pays to ask twice before an answer can come.
_HEAVY_LOSS: Final = 0.02
_MOST_ASKS: Final = 3
# No decoder waits longer; what comes later is late.
_GIVEN_UP_S: Final = 1.0
_MOST_MISSING: Final = 200


@dataclass(slots=True)
class _Missing:
    since: float
    asked_at: float = -math.inf
    asks: int = 0


class Reception:
    """Statistics of one SSRC, and its sender's clock.

    Args:
        ssrc: the stream's.
        clock_hz: the rate of its timestamps.
        patience_s: how long a missing packet may be on its way before it is asked for again.
    """

    def __init__(self, ssrc: int, clock_hz: int, patience_s: float = PATIENCE_S) -> None:
        self.ssrc = ssrc
        self.packets = 0
        self.octets = 0
        self.report: SenderReport | None = None
        self._clock_hz = clock_hz
        self._first: int | None = None
        self._highest = 0
        self._cycles = 0
        self._jitter = 0.0
        self._transit: float | None = None
        self._expected_before = 0
        self._received_before = 0
        self.report_at = 0.0
        self._missing: dict[int, _Missing] = {}
        self._patience_s = patience_s
        self._round_s = _LONGEST_ROUND_S
        self.round_ms: float | None = None
        """How long it usually takes until what was asked for again is there; None while nothing was."""
        self.drift = Drift()
        self.last_at = 0.0
        """When the last packet came."""
        self._went_missing = 0
        self._is_lossy = False
        self._last_timestamp = 0

    def note(self, sequence: int, timestamp: int, size: int, now: float) -> None:
        """A packet of `size` bytes came at `now`."""
        self.packets += 1
        self.octets += size
        if self._first is None:
            self._first = self._highest = sequence
        ahead = sequence_after(sequence, self._highest)
        if ahead > 0:
            self._note_gap(ahead, now)
            if sequence < self._highest:
                self._cycles += 1
            self._highest = sequence
        else:
            missing = self._missing.pop(sequence, None)
            if missing is not None:
                self._note_found(missing, now)
        self._note_transit(timestamp, now)

    def _note_found(self, missing: _Missing, now: float) -> None:
        """Learn from a missing packet that came how long asking takes; after two requests nobody knows which of them
        it answers.
        """
        if missing.asks == 1:
            took = now - missing.asked_at
            self._round_s += (min(took, _LONGEST_ROUND_S) - self._round_s) / 4
            self.round_ms = took * 1000 if self.round_ms is None else self.round_ms + (took * 1000 - self.round_ms) / 4

    def is_missing(self, sequence: int) -> bool:
        """Whether this packet has not come and may still be of use."""
        return sequence in self._missing

    def note_repaired(self, sequence: int, size: int) -> None:
        """A packet that was missing came by another way (RTX, RED)."""
        if self._missing.pop(sequence, None) is not None:
            self.packets += 1
            self.octets += size

    def _note_gap(self, ahead: int, now: float) -> None:
        # Bounded in all, and not only a gap: whoever jumps on and on would have us look through 2^16 at each packet.
        if len(self._missing) + ahead > _MOST_MISSING:
            self._missing.clear()
        if ahead > _MOST_MISSING:
            return
        self._went_missing += ahead - 1
        for step in range(1, ahead):
            self._missing[(self._highest + step) & 0xFFFF] = _Missing(now)

    def _note_transit(self, timestamp: int, now: float) -> None:
        step = timestamp_after(timestamp, self._last_timestamp) / self._clock_hz if self._transit is not None else 0
        if self._transit is not None and abs(step) < 1:
            late = abs((now - self._transit) - step) * self._clock_hz
            self._jitter += (late - self._jitter) / 16
            self.drift.note(step, now)
        else:
            self.drift.restart()
        self.last_at = now
        self._transit, self._last_timestamp = now, timestamp

    def note_report(self, report: SenderReport, now: float) -> None:
        """The stream's sender told its clock."""
        self.report, self.report_at = report, now

    @property
    def jitter_ms(self) -> float:
        """Interarrival jitter (RFC 3550 section 6.4.1)."""
        return self._jitter / self._clock_hz * 1000

    @property
    def lost(self) -> int:
        """Packets that never came, so far."""
        return max(0, self._expected() - self.packets)

    def _expected(self) -> int:
        return 0 if self._first is None else (self._cycles << 16) + self._highest - self._first + 1

    def block(self, now: float) -> ReportBlock:
        """The report block since the last one."""
        expected = self._expected()
        wanted, got = expected - self._expected_before, self.packets - self._received_before
        self._expected_before, self._received_before = expected, self.packets
        if wanted > 0:
            # By what went missing at first, whether it came again or not.
            self._is_lossy = self._went_missing > _HEAVY_LOSS * wanted
            self._went_missing = 0
        fraction = max(0.0, (wanted - got) / wanted) if wanted > 0 else 0.0
        last = self.report.ntp_middle if self.report else 0
        delay = now - self.report_at if self.report else 0.0
        highest = (self._cycles << 16) + self._highest
        return ReportBlock(self.ssrc, fraction, min(self.lost, 0x7FFFFF), highest, int(self._jitter), last, delay)

    def to_ask_for(self, now: float) -> list[int]:
        """Sequence numbers to ask for again now; each at most three times, somewhat more than a usual round trip apart:
        100 ms while none is known, 20 ms on a line that loses much.
        """
        asked = []
        usual = 0.0 if self._is_lossy else 1.25 * self._round_s
        again = max(_SHORTEST_ROUND_S, min(_LONGEST_ROUND_S, usual))
        for sequence, missing in list(self._missing.items()):
            if now - missing.since > _GIVEN_UP_S:
                del self._missing[sequence]
            elif (
                missing.asks < _MOST_ASKS
                and now - missing.since >= self._patience_s
                and now - missing.asked_at >= again
            ):
                missing.asks += 1
                missing.asked_at = now
                asked.append(sequence)
        return asked
