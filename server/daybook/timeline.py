"""A room's day out of the log book: who was on air when, what was lost, which alarms stood, who listened.

Pure: notes in, a `Timeline` out. What the rooms *became* is written by `server.logbook_rooms` as it changes and anew
each hour, so that a day begins with what stood before it. A stretch ends with what follows it, with the server, or
with the day; after a crash it ends with the last sign of life before the next start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from server.logbook import Entry, Fact
from server.logbook_rooms import RETOLD_S

MARGIN_S: Final = RETOLD_S + 100.0
"""So much before the day has to be read too, and as much after it."""
PLANNED_ENDS: Final = frozenset({"bye", "closed", "replaced", "displaced", "stopping"})
_SAME_LOSS_S: Final = 5.0
_POINTS: Final = 1500
_OF_ALARMS: Final = ("alarm", "subject", "severity")
# At one and the same moment a server starts before, and stops after, all else.
_ORDER: Final = {"server_started": 0, "server_stopped": 2}
_SPECIAL: Final = ("channel", "floor", "item", "venue", "held", "recording")


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `since` to `until` (epoch seconds) a lane carried these facts. `is_open` at the day's end or now."""

    since: float
    until: float
    facts: Mapping[str, Fact]
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Loss:
    """A source that was away; `reason` is the engine's, "" when it only fell silent."""

    source: str
    since: float
    until: float
    reason: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class AlarmStretch:
    """An alarm that stood, with its values when it was raised. `acknowledged_by` is a name, or None."""

    alarm: str
    subject: str
    severity: str
    since: float
    until: float
    acknowledged_by: str | None
    is_over: bool
    values: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody at a desk did."""

    at: float
    by: str
    act: str
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Sample:
    """Who listened, by `way:channel`; of the moments around it the most."""

    at: float
    counts: Mapping[str, float]


@dataclass(slots=True)
class Timeline:
    """One room's day, from `since` to `until`. `lanes` are `floor`, `item`, `venue`, `channel:uk`, …"""

    since: float
    until: float
    lanes: dict[str, list[Stretch]] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    alarms: list[AlarmStretch] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    listeners: list[Sample] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)

    def channels(self) -> list[str]:
        """Return the channels there were, in the order of their first note."""
        return [lane.partition(":")[2] for lane in self.lanes if lane.startswith("channel:")]


def make_timeline(entries: Sequence[Entry], since: float, until: float, now: float) -> Timeline:
    """Return the timeline of a room from its notes and the server's, which may reach beyond the day on both sides."""
    reader = _Reader(Timeline(since, min(until, now)))
    for entry in sorted(entries, key=lambda one: (one.at, _ORDER.get(one.kind, 1))):
        reader.take(entry)
    reader.finish(now)
    timeline = reader.timeline
    timeline.listeners = _thinned(timeline.listeners, (timeline.until - since) / _POINTS)
    return timeline


_AlarmKey = tuple[str, str, str]
"""Room ("None" for the whole server), kind and subject: of these one stands at most."""


class _Reader:
    """Reads notes in their order. What is open ends where something else begins, or nothing lives any more."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._lanes: dict[str, tuple[float, Mapping[str, Fact]]] = {}
        self._lost: dict[str, tuple[float, str]] = {}
        self._alarms: dict[_AlarmKey, Entry] = {}
        self._acknowledged: dict[_AlarmKey, str | None] = {}
        self._ends: dict[str, tuple[float, str]] = {}
        self._last_at = timeline.since

    def take(self, entry: Entry) -> None:
        """Take one note in."""
        if entry.kind == "server_started":
            self._restarted(entry.at)
        self._last_at = entry.at
        match entry.kind:
            case kind if kind in _SPECIAL:
                self._lane(entry)
            case "source_connected" | "source_lost" | "all_sources_lost" | "publisher_closed":
                self._source(entry)
            case "alarm_raised" | "alarm_cleared" | "alarm_acknowledged":
                self._alarm(entry)
            case "server_stopped":
                self._close_all(entry.at)
            case "act" if self._is_within(entry.at):
                facts = {name: fact for name, fact in entry.facts.items() if name != "act"}
                self.timeline.acts.append(Act(entry.at, entry.by or "", str(entry.facts.get("act", "")), facts))
            case "listeners" if self._is_within(entry.at):
                counts = {name: fact for name, fact in entry.facts.items() if isinstance(fact, int | float)}
                self.timeline.listeners.append(Sample(entry.at, counts))

    def finish(self, now: float) -> None:
        """End what is open with the day, or with the last sign of life of a server that lives no more."""
        is_alive = now - self._last_at < MARGIN_S
        self._close_all(now if is_alive else self._last_at, is_open=is_alive)
        for lane in self.timeline.lanes.values():
            lane.sort(key=lambda stretch: stretch.since)
        self.timeline.losses.sort(key=lambda loss: loss.since)
        self.timeline.alarms.sort(key=lambda alarm: alarm.since)

    def _is_within(self, at: float) -> bool:
        return self.timeline.since <= at < self.timeline.until

    def _restarted(self, at: float) -> None:
        # What was open was not ended by anybody: the server died some time after its last sign of life.
        self._close_all(self._last_at)
        if self._is_within(at):
            self.timeline.starts.append(at)

    def _lane(self, entry: Entry) -> None:
        name = f"channel:{entry.facts.get('channel')}" if entry.kind == "channel" else entry.kind
        open_one = self._lanes.get(name)
        if open_one is not None and open_one[1] == entry.facts:
            return
        self._close_lane(name, entry.at)
        self._lanes[name] = entry.at, entry.facts
        self.timeline.lanes.setdefault(name, [])

    def _close_lane(self, name: str, at: float, *, is_open: bool = False) -> None:
        if name in self._lanes:
            since, facts = self._lanes.pop(name)
            span = self._clipped(since, at)
            if span is not None:
                self.timeline.lanes.setdefault(name, []).append(Stretch(*span, facts, is_open=is_open))

    def _source(self, entry: Entry) -> None:
        source = str(entry.facts.get("source", ""))
        match entry.kind:
            case "publisher_closed":
                reason = str(entry.facts.get("reason", ""))
                self._ends[source] = entry.at, reason
                lost = self._lost.get(source)
                if lost is not None and not lost[1] and entry.at - lost[0] < _SAME_LOSS_S:
                    self._lost[source] = lost[0], reason
            case "source_lost":
                at, reason = self._ends.get(source, (0.0, ""))
                self._lost[source] = entry.at, reason if entry.at - at < _SAME_LOSS_S else ""
            case "source_connected":
                self._close_loss(source, entry.at, is_over=True)
            case _:
                self._lost.clear()

    def _close_loss(self, source: str, at: float, *, is_over: bool) -> None:
        if source not in self._lost:
            return
        since, reason = self._lost.pop(source)
        span = self._clipped(since, at)
        # Who closes their page has not lost anything.
        if span is not None and reason not in PLANNED_ENDS:
            self.timeline.losses.append(Loss(source, *span, reason, is_over))

    def _alarm(self, entry: Entry) -> None:
        key = str(entry.room), str(entry.facts.get("alarm")), str(entry.facts.get("subject"))
        match entry.kind:
            case "alarm_raised":
                self._alarms[key] = entry
            case "alarm_acknowledged":
                self._acknowledged[key] = entry.by
            case _:
                self._close_alarm(key, entry.at, is_over=True)

    def _close_alarm(self, key: _AlarmKey, at: float, *, is_over: bool) -> None:
        raised = self._alarms.pop(key, None)
        by = self._acknowledged.pop(key, None)
        span = self._clipped(raised.at, at) if raised is not None else None
        if raised is not None and span is not None:
            alarm, subject, severity = (str(raised.facts.get(name) or "") for name in _OF_ALARMS)
            values = {name: fact for name, fact in raised.facts.items() if name not in _OF_ALARMS}
            self.timeline.alarms.append(AlarmStretch(alarm, subject, severity, *span, by, is_over, values))

    def _close_all(self, at: float, *, is_open: bool = False) -> None:
        for name in tuple(self._lanes):
            self._close_lane(name, at, is_open=is_open)
        for source in tuple(self._lost):
            self._close_loss(source, at, is_over=False)
        for key in tuple(self._alarms):
            self._close_alarm(key, at, is_over=False)

    def _clipped(self, since: float, until: float) -> tuple[float, float] | None:
        """Return what of it is within the day; None when nothing is."""
        since, until = max(since, self.timeline.since), min(until, self.timeline.until)
        return (since, until) if since < until else None


def _thinned(samples: Iterable[Sample], step_s: float) -> list[Sample]:
    """Return one sample a step, with the most of each count in it."""
    found: list[Sample] = []
    for sample in samples:
        if found and sample.at - found[-1].at < step_s:
            most = {**found[-1].counts}
            for name, count in sample.counts.items():
                most[name] = max(count, most.get(name, 0))
            found[-1] = Sample(found[-1].at, most)
        else:
            found.append(sample)
    return found
