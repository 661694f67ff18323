"""Order and gaps of one RTP stream, told from its 16-bit sequence numbers alone (RFC 3550 section 5.1)."""

from typing import Final

_MODULUS: Final = 1 << 16
_HALF: Final = 1 << 15
# As many missing numbers are remembered as may still come late: ten seconds of audio.
_REMEMBERED: Final = 512


class SequenceCheck:
    """Counts what came, what is missing, what came late and what came twice.

    A number ahead of the expected one opens a gap and counts everything between as `lost`. A missing number that
    comes after all is `reordered` and no longer `lost`. Any other old number is a `duplicate`.
    `expected` is -1 before the first packet.
    """

    __slots__ = ("_missing", "duplicates", "expected", "gaps", "lost", "received", "reordered")

    def __init__(self) -> None:
        self.expected = -1
        self.received = 0
        self.lost = 0
        self.gaps = 0
        self.reordered = 0
        self.duplicates = 0
        self._missing: dict[int, None] = {}

    def add(self, sequence: int) -> None:
        """Take the next packet's number."""
        self.received += 1
        if self.expected < 0 or sequence == self.expected:
            self.expected = (sequence + 1) % _MODULUS
            return
        ahead = (sequence - self.expected) % _MODULUS
        if ahead < _HALF:
            self._open_gap(ahead)
            self.expected = (sequence + 1) % _MODULUS
        elif sequence in self._missing:
            del self._missing[sequence]
            self.lost -= 1
            self.reordered += 1
        else:
            self.duplicates += 1

    def _open_gap(self, ahead: int) -> None:
        self.gaps += 1
        self.lost += ahead
        for offset in range(max(0, ahead - _REMEMBERED), ahead):
            self._missing[(self.expected + offset) % _MODULUS] = None
        while len(self._missing) > _REMEMBERED:
            # Dictionaries keep insertion order: the first key is the one missing longest.
            del self._missing[next(iter(self._missing))]
