"""The alarms that stand: each is raised once, clears by itself, and may be acknowledged. Pure; time is handed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from interpreting.ids import RoomId
from server.alarms.kinds import PATIENCE, Finding, Key, Kind, Severity, Value


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Who has seen it, and when in epoch ms."""

    by: str
    at: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm; `since` is when it was raised, in epoch ms. Its values are those of that moment."""

    id: str
    kind: Kind
    room: RoomId | None
    subject: str
    since: int
    severity: Severity
    values: Mapping[str, Value] = field(default_factory=dict)
    acknowledged: Acknowledged | None = None

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return self.kind, self.room, self.subject

    def as_page(self) -> dict[str, object]:
        """Return it as a page is told."""
        seen = self.acknowledged
        return {
            "id": self.id,
            "kind": self.kind.value,
            "room": self.room,
            "subject": self.subject,
            "since": self.since,
            "severity": self.severity.value,
            "values": dict(self.values),
            "acknowledged": {"by": seen.by, "at": seen.at} if seen else None,
        }


@dataclass(frozen=True, slots=True)
class Change:
    """What a look has changed."""

    raised: tuple[Alarm, ...] = ()
    cleared: tuple[Alarm, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.raised or self.cleared)


class Board:
    """All alarms of the server."""

    def __init__(self) -> None:
        self._standing: dict[Key, Alarm] = {}
        self._found_since: dict[Key, float] = {}
        self._gone_since: dict[Key, float] = {}
        self._count = 0

    @property
    def standing(self) -> list[Alarm]:
        """Those that stand, the oldest first."""
        return list(self._standing.values())

    def has(self, kind: Kind, room: RoomId | None, subject: str) -> bool:
        """Tell whether this one stands: then it takes less to keep it than it took to raise it."""
        return (kind, room, subject) in self._standing

    def find(self, id: str) -> Alarm | None:
        """Return the standing alarm with this id."""
        return next((alarm for alarm in self._standing.values() if alarm.id == id), None)

    def take(self, findings: Iterable[Finding], now: float, epoch_ms: int) -> Change:
        """Take in all that is wrong at `now` (monotonic seconds)."""
        found = {finding.key: finding for finding in findings}
        self._found_since = {key: self._found_since.get(key, now) for key in found}
        raised = [
            self._raise(finding, epoch_ms)
            for key, finding in found.items()
            if key not in self._standing and now - self._found_since[key] >= PATIENCE[key[0]].raise_s
        ]
        return Change(tuple(raised), tuple(self._clear(found.keys(), now)))

    def acknowledge(self, id: str, by: str, epoch_ms: int) -> Alarm | None:
        """Note that somebody has seen it, the first one's word stands; None when there is no such alarm."""
        alarm = self.find(id)
        if alarm is None or alarm.acknowledged is not None:
            return alarm
        seen = self._standing[alarm.key] = replace(alarm, acknowledged=Acknowledged(by, epoch_ms))
        return seen

    def _raise(self, finding: Finding, epoch_ms: int) -> Alarm:
        self._count += 1
        id = f"{finding.kind.value}-{self._count}"
        alarm = Alarm(id, finding.kind, finding.room, finding.subject, epoch_ms, finding.severity, finding.values)
        self._standing[finding.key] = alarm
        return alarm

    def _clear(self, found: Iterable[Key], now: float) -> list[Alarm]:
        gone = self._standing.keys() - set(found)
        self._gone_since = {key: self._gone_since.get(key, now) for key in gone}
        over = [key for key, since in self._gone_since.items() if now - since >= PATIENCE[key[0]].clear_s]
        return [self._standing.pop(key) for key in sorted(over, key=str)]
