"""The report as a page shows it: what was drawn and what stands in tables, in the page's language. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Final, Protocol

from interpreting.ids import HALL
from server.daybook import plot
from server.daybook.timeline import Stretch, Timeline
from server.logbook import Fact

_LOST: Final = 0.5


class Words(Protocol):
    """The page's texts by key."""

    def __call__(self, key: str, /, **variables: object) -> str: ...


class Sheet:
    """One report in one language.

    Args:
        timeline: what is told.
        say: gives the words.
        items: the programme's titles by id.
        language_name: gives a language's own name.
    """

    def __init__(
        self, timeline: Timeline, say: Words, items: Mapping[str, str], language_name: Callable[[str], str]
    ) -> None:
        self._timeline = timeline
        self._say = say
        self._items = items
        self._language_name = language_name
        self._scale = plot.scale_of(timeline)

    def as_page(self) -> dict[str, object]:
        """Return all of it, JSON-ready."""
        lanes = self._lanes()
        lines, marks = plot.lines_of(self._timeline.listeners, self._scale)
        return {
            "since": plot.clock(self._scale.since),
            "until": plot.clock(self._scale.until),
            "zone": datetime.fromtimestamp(self._timeline.since).astimezone().strftime("%Z (UTC%z)"),
            "ticks": [asdict(tick) for tick in self._scale.ticks()],
            "lanes": [asdict(lane) for lane in lanes],
            "lanes_height": len(lanes) * plot.LANE,
            "lines": [{**asdict(line), "name": self._place(line.way, line.channel)} for line in lines],
            "marks": [asdict(mark) for mark in marks],
            "plot_height": plot.PLOT_HEIGHT,
            "is_empty": not (lines or any(lane.bars for lane in lanes)),
            "on_air": self._on_air(),
            "shares": self._shares(),
            "losses": self._losses(),
            "alarms": self._alarms(),
            "acts": [
                {"at": plot.clock(act.at, seconds=True), "by": act.by, "what": self._act(act.act, act.facts)}
                for act in self._timeline.acts
            ],
            "starts": [plot.clock(at, seconds=True) for at in self._timeline.starts],
        }

    def _lanes(self) -> list[plot.Lane]:
        wanted: list[tuple[str, str, Callable[[Stretch], tuple[str, str, str] | None]]] = [
            ("item", self._say("report.lane_item"), self._item),
            ("venue", self._say("report.lane_venue"), self._venue),
            ("floor", self._say("report.lane_floor"), self._floor),
        ]
        wanted += [
            (f"channel:{channel}", self._language_name(channel), self._channel) for channel in self._timeline.channels()
        ]
        wanted.append(("recording", self._say("report.lane_recording"), self._recording))
        return [
            plot.lane_of(label, number, self._stretches(name), self._scale, say)
            for number, (name, label, say) in enumerate(wanted)
        ]

    def _stretches(self, name: str) -> list[Stretch]:
        """Return a lane's stretches; a hall is not lost before it was there."""
        lane = self._timeline.lanes.get(name, [])
        if name != "venue":
            return lane
        first = next((number for number, one in enumerate(lane) if one.facts.get("source")), len(lane))
        return lane[first:]

    def _item(self, one: Stretch) -> tuple[str, str, str] | None:
        item = one.facts.get("item")
        title = self._items.get(str(item), str(item))
        return None if item is None else ("item", title, title)

    def _venue(self, one: Stretch) -> tuple[str, str, str] | None:
        source = one.facts.get("source")
        kind = "lost" if source is None else str(source)
        text = self._say(f"report.venue_{kind}" if kind in ("lost", *HALL) else "report.venue_venue")
        return kind, text, text

    def _floor(self, one: Stretch) -> tuple[str, str, str] | None:
        name = self._language_name(str(one.facts.get("language")))
        return "floor", name, name

    def _recording(self, one: Stretch) -> tuple[str, str, str] | None:
        if one.facts.get("recording") is None:
            return None
        return "recording", self._say("report.recorded"), self._say("report.recorded")

    def _channel(self, one: Stretch) -> tuple[str, str, str] | None:
        mode, name = str(one.facts.get("mode")), str(one.facts.get("name") or "")
        words = self._say(f"report.mode_{mode}")
        if mode != "interpreted":
            return mode, "", words
        return mode, name, f"{words}: {name} ({one.facts.get('booth')})"

    def _on_air(self) -> list[dict[str, object]]:
        """Return who interpreted into what, from when till when, in the order of time."""
        found = [
            (one.since, one.until, channel, str(one.facts.get("name") or ""), str(one.facts.get("booth") or ""))
            for channel in self._timeline.channels()
            for one in self._timeline.lanes[f"channel:{channel}"]
            if one.facts.get("mode") == "interpreted"
        ]
        return [
            {
                "since": plot.clock(since, seconds=True),
                "until": plot.clock(until, seconds=True),
                "length": _length(until - since),
                "channel": self._language_name(channel),
                "name": name,
                "booth": booth,
            }
            for since, until, channel, name, booth in sorted(found)
        ]

    def _shares(self) -> list[dict[str, object]]:
        """Return how long everybody was on air, the longest first."""
        sums: dict[tuple[str, str], float] = {}
        for channel in self._timeline.channels():
            for one in self._timeline.lanes[f"channel:{channel}"]:
                if one.facts.get("mode") == "interpreted":
                    who = str(one.facts.get("name") or ""), str(one.facts.get("booth") or "")
                    sums[who] = sums.get(who, 0.0) + one.until - one.since
        ranked = sorted(sums.items(), key=lambda pair: -pair[1])
        return [{"name": name, "booth": booth, "length": _length(length)} for (name, booth), length in ranked]

    def _losses(self) -> list[dict[str, object]]:
        return [
            {
                "since": plot.clock(loss.since, seconds=True),
                "length": _length(loss.until - loss.since) if loss.is_over else self._say("report.not_over"),
                "source": self._source(loss.source),
                "reason": self._say(f"report.reason_{loss.reason or 'silent'}"),
            }
            for loss in self._timeline.losses
            if loss.until - loss.since >= _LOST
        ]

    def _alarms(self) -> list[dict[str, object]]:
        return [
            {
                "since": plot.clock(alarm.since, seconds=True),
                "length": _length(alarm.until - alarm.since) if alarm.is_over else self._say("report.not_over"),
                "what": self._say(f"alarm.{alarm.alarm}", **alarm.values),
                "subject": self._source(alarm.subject) if alarm.subject else "",
                "severity": self._say(f"report.severity_{alarm.severity}"),
                "by": alarm.acknowledged_by or "",
            }
            for alarm in self._timeline.alarms
        ]

    def _act(self, act: str, facts: Mapping[str, Fact]) -> str:
        told = ", ".join(self._fact(name, fact) for name, fact in facts.items() if fact is not None)
        return self._say(f"report.act_{act}") + (f" ({told})" if told else "")

    def _fact(self, name: str, fact: Fact) -> str:
        value = self._say("report.yes" if fact else "report.no") if isinstance(fact, bool) else fact
        return self._say(f"report.fact_{name}", value=value)

    def _source(self, source: str) -> str:
        kind, _, who = source.partition(":")
        if kind in ("venue", "backup", "mic", "speaker", "hall", "playout"):
            return self._say(f"report.source_{kind}", who=who)
        return source

    def _place(self, way: str, channel: str) -> str:
        name = self._say("channel.floor") if channel == "floor" else self._language_name(channel)
        return f"{name}, {self._say(f'report.way_{way}')}"


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
