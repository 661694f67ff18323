"""A day's report for programs and spreadsheets: JSON with moments in epoch milliseconds, and CSV, a line a fact."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from server.daybook.timeline import Loss, Stretch, Timeline
from server.logbook import Fact

COLUMNS: Final = ("kind", "since", "until", "subject", "what", "who")
# A spreadsheet takes what begins so for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
# Excel takes a file without it for one of the last century.
_BYTE_ORDER_MARK: Final = "\ufeff"


def report_to_dict(timeline: Timeline, room: str, day: str) -> dict[str, object]:
    """Return the report ready for JSON."""
    return {
        "room": room,
        "day": day,
        "since": _ms(timeline.since),
        "until": _ms(timeline.until),
        "lanes": {name: [_stretch(one) for one in lane] for name, lane in timeline.lanes.items()},
        "losses": [_loss(one) for one in timeline.losses],
        "alarms": [
            {
                "alarm": one.alarm,
                "subject": one.subject,
                "severity": one.severity,
                "since": _ms(one.since),
                "until": _ms(one.until),
                "acknowledged_by": one.acknowledged_by,
                "is_over": one.is_over,
                "values": dict(one.values),
            }
            for one in timeline.alarms
        ],
        "acts": [{"at": _ms(one.at), "by": one.by, "act": one.act, "facts": dict(one.facts)} for one in timeline.acts],
        "listeners": [{"at": _ms(one.at), "counts": dict(one.counts)} for one in timeline.listeners],
        "starts": [_ms(at) for at in timeline.starts],
    }


def report_to_csv(timeline: Timeline) -> str:
    """Return the report as CSV (RFC 4180, UTF-8 with a mark for spreadsheets), times in the server's own zone."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for row in sorted(_rows(timeline), key=lambda row: row[1]):
        writer.writerow([_harmless(cell) for cell in row])
    return _BYTE_ORDER_MARK + written.getvalue()


def _rows(timeline: Timeline) -> Iterator[tuple[str, ...]]:
    for name, lane in timeline.lanes.items():
        kind, _, channel = name.partition(":")
        for one in lane:
            what, who = _what(kind, one.facts)
            yield kind, _time(one.since), _time(one.until), channel, what, who
    for loss in timeline.losses:
        yield "loss", _time(loss.since), _time(loss.until), loss.source, loss.reason, ""
    for alarm in timeline.alarms:
        by = alarm.acknowledged_by or ""
        yield "alarm", _time(alarm.since), _time(alarm.until), alarm.subject, f"{alarm.alarm} ({alarm.severity})", by
    for act in timeline.acts:
        facts = " ".join(f"{name}={fact}" for name, fact in act.facts.items())
        yield "act", _time(act.at), "", act.act, facts, act.by
    for at in timeline.starts:
        yield "server_started", _time(at), "", "", "", ""
    before: Mapping[str, float] = {}
    for sample in timeline.listeners:
        for place, count in sample.counts.items():
            if before.get(place) != count:
                way, _, channel = place.partition(":")
                yield "listeners", _time(sample.at), "", channel, f"{count:g}", way
        before = sample.counts


def _what(kind: str, facts: Mapping[str, Fact]) -> tuple[str, str]:
    """Return what a lane carried, and who was it."""
    if kind == "channel":
        who = " ".join(str(facts[name]) for name in ("name", "booth") if facts.get(name))
        return str(facts.get("mode") or ""), who
    return next((str(fact) for fact in facts.values() if fact is not None), ""), ""


def _stretch(one: Stretch) -> dict[str, object]:
    return {"since": _ms(one.since), "until": _ms(one.until), "is_open": one.is_open, **one.facts}


def _loss(one: Loss) -> dict[str, object]:
    return {
        "source": one.source,
        "since": _ms(one.since),
        "until": _ms(one.until),
        "reason": one.reason,
        "is_over": one.is_over,
    }


def _ms(at: float) -> int:
    return round(at * 1000)


def _time(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
