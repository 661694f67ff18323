"""What is wrong with the server itself: mixer or web side late, disk low, store away, relay away, certificate ending.

Gathering is here too, but for what waits on the network (`relays`, `certificate`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from server.alarms.board import Board
from server.alarms.kinds import Finding, Kind, Severity
from server.config_alarms import AlarmsConfig

_GIB: Final = 1024**3
_WINDOW: Final = 11
"""Looks once a second, so ten seconds lie between the first and the last."""


@dataclass(slots=True)
class Machine:
    """What is known of the server now. `late` and `web_late` count since the start and are noted once a second."""

    config: AlarmsConfig
    free_bytes: int | None = None
    is_store_there: bool = True
    relays_away: tuple[str, ...] = ()
    certificate_days: Mapping[str, float] = field(default_factory=dict)
    _late: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=_WINDOW))

    def note_lateness(self, late: int, web_late: int) -> None:
        """Take how often a tick of the mixer and the web side's loop were late so far."""
        self._late.append((late, web_late))

    def find(self, board: Board) -> Iterator[Finding]:
        """Yield what is wrong now."""
        yield from self._lateness()
        disk_gib = self.config.disk_gib * (1.1 if board.has(Kind.DISK_LOW, None, "disk") else 1.0)
        if self.free_bytes is not None and self.free_bytes < disk_gib * _GIB:
            values = {"free_gib": round(self.free_bytes / _GIB, 2)}
            yield Finding(Kind.DISK_LOW, None, "disk", Severity.RED, values)
        if not self.is_store_there:
            yield Finding(Kind.STORE_AWAY, None, "store", Severity.RED)
        for relay in self.relays_away:
            yield Finding(Kind.RELAY_AWAY, None, relay, Severity.AMBER)
        for host, days in self.certificate_days.items():
            if days < self.config.certificate_days:
                severity = Severity.RED if days < 1 else Severity.AMBER
                yield Finding(Kind.CERTIFICATE_ENDING, None, host, severity, {"days": max(0, int(days))})

    def _lateness(self) -> Iterator[Finding]:
        if not self._late:
            return
        late = self._late[-1][0] - self._late[0][0]
        web_late = self._late[-1][1] - self._late[0][1]
        if late >= self.config.late_ticks or web_late >= self.config.web_late:
            values = {"late_ticks": late, "web_late": web_late}
            severity = Severity.RED if late >= self.config.late_ticks else Severity.AMBER
            yield Finding(Kind.MIXER_LATE, None, "mixer", severity, values)
