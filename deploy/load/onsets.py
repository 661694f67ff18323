"""Onsets, gaps and latencies out of recorded envelopes. Pure; all times in milliseconds of one clock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

BLOCK_MS: Final = 128 / 48
"""The recorder's resolution: a block of 128 samples at 48 kHz."""

_QUIET_MS: Final = 300.0


@dataclass(slots=True)
class Envelope:
    """Blocks in order of time: when each began, its peak and RMS (1.0 is full scale), and each tone's amplitude."""

    times: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    rms: list[float] = field(default_factory=list)
    tones: list[list[float]] = field(default_factory=list)

    def extend(self, offset: float, rows: Iterable[Sequence[float]]) -> None:
        """Append a recorder's rows `[time, peak, rms, tone, …]`; `offset` maps their clock to the common one."""
        for time, peak, rms, *tones in rows:
            self.times.append(time + offset)
            self.peaks.append(peak)
            self.rms.append(rms)
            if not self.tones:
                self.tones.extend([] for _ in tones)
            for column, strength in zip(self.tones, tones, strict=True):
                column.append(strength)

    def between(self, start: float, end: float) -> range:
        """The indices of the blocks that began in [start, end)."""
        inside = [index for index, time in enumerate(self.times) if start <= time < end]
        return range(inside[0], inside[-1] + 1) if inside else range(0)


def read_take(envelope: Envelope, take: dict[str, Any]) -> None:
    """Append what `tolmachRecorder.take()` returned.

    Raises:
        KeyError, ValueError: it is something else.
    """
    envelope.extend(float(take["offset"]), take["rows"])


def find_onsets(envelope: Envelope) -> list[float]:
    """When each click began: the first block above a third of the loudest after 300 ms below it."""
    if not envelope.peaks:
        return []
    threshold = max(envelope.peaks) / 3
    onsets: list[float] = []
    loud_until = envelope.times[0]
    for time, peak in zip(envelope.times, envelope.peaks, strict=True):
        if peak < threshold:
            continue
        if time - loud_until >= _QUIET_MS:
            onsets.append(time)
        loud_until = time
    return onsets


def latencies(sent: Sequence[float], heard: Sequence[float], longest_ms: float = 900.0) -> list[float]:
    """For each click heard, how long after the last one sent; those without one within `longest_ms` are left out.

    Unambiguous only where clicks are further apart than `longest_ms`.
    """
    found: list[float] = []
    for onset in heard:
        before = [each for each in sent if each <= onset]
        if before and onset - before[-1] <= longest_ms:
            found.append(onset - before[-1])
    return found


def switch_gap(
    envelope: Envelope, old: int, new: int, pressed: float, within_ms: float = 2000.0
) -> tuple[float, float]:
    """Gap from the last sound of tone `old` to the first of tone `new`, and from `pressed` to the latter.

    A tone sounds while it is above a quarter of its loudest in the window. An overlap is a gap of 0.

    Raises:
        ValueError: one of the tones does not sound in the window.
    """
    window = envelope.between(pressed - 500, pressed + within_ms)
    sounding = {}
    for tone in (old, new):
        column = envelope.tones[tone] if tone < len(envelope.tones) else []
        loudest = max((column[index] for index in window), default=0.0)
        sounding[tone] = [index for index in window if loudest > 0.01 and column[index] > loudest / 4]
        if not sounding[tone]:
            raise ValueError(f"tone {tone} is not heard around the switch")
    last_old = envelope.times[sounding[old][-1]] + BLOCK_MS
    first_new = envelope.times[sounding[new][0]]
    return max(0.0, first_new - last_old), first_new - pressed


def below_talking(envelope: Envelope, start: float, end: float) -> float:
    """How many milliseconds in [start, end) are more than 6 dB below the talking level, the second before's median RMS.

    Raises:
        ValueError: nobody talked in that second, or nothing was recorded.
    """
    before = [envelope.rms[index] for index in envelope.between(start - 1000, start)]
    window = envelope.between(start, end)
    if not before or not window or (talking := median(before)) < 0.01:
        raise ValueError("nobody talks before the handover")
    return sum(envelope.rms[index] < talking / 2 for index in window) * BLOCK_MS
