"""A day out of its notes: stretches, losses, alarms and listeners, with restarts, crashes and midnights."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from interpreting.ids import RoomId
from server.daybook.forms import COLUMNS, report_to_csv, report_to_dict
from server.daybook.plot import LEFT, WIDTH, Scale, lines_of, scale_of
from server.daybook.timeline import Sample, Timeline, make_timeline
from server.logbook import Entry, Fact

HALL = RoomId("hall")
DAWN = 1_800_000_000.0
DUSK = DAWN + 86_400


def note(at: float, kind: str, by: str | None = None, /, **facts: Fact) -> Entry:
    return Entry(DAWN + at, HALL, kind, by, facts)


def server(at: float, kind: str) -> Entry:
    return Entry(DAWN + at, None, kind)


def uk(at: float, mode: str, name: str | None = None) -> Entry:
    booth = "de-uk" if name else None
    return note(at, "channel", channel="uk", mode=mode, booth=booth, person=name, name=name)


def made(entries: Sequence[Entry], now: float = 86_400) -> Timeline:
    return make_timeline(entries, DAWN, DUSK, DAWN + now)


def lane(timeline: Timeline, name: str) -> list[tuple[float, float, Fact]]:
    return [(one.since - DAWN, one.until - DAWN, list(one.facts.values())[-1]) for one in timeline.lanes[name]]


def test_a_stretch_ends_with_what_follows() -> None:
    found = made(
        [uk(100, "fallback"), uk(200, "interpreted", "Olha"), uk(260, "interpreted", "Petro"), uk(300, "fallback")],
        now=400,
    )
    assert lane(found, "channel:uk") == [(100, 200, None), (200, 260, "Olha"), (260, 300, "Petro"), (300, 400, None)]
    assert found.lanes["channel:uk"][-1].is_open


def test_the_same_told_again_goes_on() -> None:
    found = made([note(100, "floor", language="de"), note(3700, "floor", language="de")], now=4000)
    assert lane(found, "floor") == [(100, 4000, "de")]


def test_what_stood_before_midnight_stands_after_it() -> None:
    found = made([note(-3000, "floor", language="uk"), note(600, "floor", language="uk")], now=700)
    assert lane(found, "floor") == [(0, 700, "uk")]


def test_a_crash_ends_everything_with_the_last_sign_of_life() -> None:
    found = made(
        [
            uk(100, "interpreted", "Olha"),
            note(150, "listeners", **{"webrtc:uk": 3}),
            server(500, "server_started"),
            uk(501, "interpreted", "Olha"),
        ],
        now=600,
    )
    assert lane(found, "channel:uk") == [(100, 150, "Olha"), (501, 600, "Olha")]
    assert [at - DAWN for at in found.starts] == [500]


def test_a_server_that_is_stopped_ends_everything() -> None:
    found = made([note(10, "floor", language="de"), server(50, "server_stopped")], now=80_000)
    assert lane(found, "floor") == [(10, 50, "de")]
    assert not found.lanes["floor"][0].is_open


def test_a_loss_has_its_reason_and_a_planned_end_is_none() -> None:
    found = made(
        [
            note(10, "source_lost", source="venue"),
            note(11, "publisher_closed", source="venue", reason="consent_timeout"),
            note(14, "source_connected", source="venue"),
            note(20, "publisher_closed", source="mic:olha", reason="bye"),
            note(21, "source_lost", source="mic:olha"),
            note(30, "source_lost", source="backup"),
        ],
        now=40,
    )
    told = [(loss.source, loss.since - DAWN, loss.until - DAWN, loss.reason, loss.is_over) for loss in found.losses]
    assert told == [("venue", 10, 14, "consent_timeout", True), ("backup", 30, 40, "", False)]


def test_alarms_stand_from_raised_to_cleared() -> None:
    facts: dict[str, Fact] = {"alarm": "hum", "subject": "venue", "severity": "amber"}
    found = made(
        [
            note(10, "alarm_raised", **facts, hz=50),
            note(12, "alarm_acknowledged", "Tech", **facts),
            note(20, "alarm_cleared", **facts),
            note(30, "alarm_raised", **{**facts, "alarm": "loss"}),
        ],
        now=50,
    )
    hum, loss = found.alarms
    assert (hum.alarm, hum.since - DAWN, hum.until - DAWN, hum.acknowledged_by, hum.is_over) == (
        "hum",
        10,
        20,
        "Tech",
        True,
    )
    assert hum.values == {"hz": 50}
    assert (loss.alarm, loss.until - DAWN, loss.is_over) == ("loss", 50, False)


def test_a_long_day_of_listeners_is_thinned_to_its_most() -> None:
    found = made([note(at, "listeners", **{"webrtc:uk": at % 100}) for at in range(0, 86_400, 10)])
    assert len(found.listeners) <= 1500
    assert max(sample.counts["webrtc:uk"] for sample in found.listeners) == 90


def test_json_and_csv_say_the_same() -> None:
    found = made(
        [
            uk(100, "interpreted", "=cmd|'Olha'"),
            note(120, "act", "Tech", act="set_floor_language", language="uk"),
            note(130, "listeners", **{"webrtc:uk": 2, "hls:uk": 1.5}),
            note(140, "listeners", **{"webrtc:uk": 2, "hls:uk": 1.5}),
            uk(160, "fallback"),
        ],
        now=200,
    )
    plain = report_to_dict(found, "hall", "2027-01-15")
    assert plain["lanes"]["channel:uk"][0]["until"] == (DAWN + 160) * 1000  # type: ignore[index]
    text = report_to_csv(found)
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert tuple(rows[0]) == COLUMNS
    assert [row["kind"] for row in rows] == ["channel", "act", "listeners", "listeners", "channel"]
    # A name is no formula.
    assert rows[0]["who"].startswith("'=cmd")
    assert rows[1]["who"] == "Tech"
    assert rows[1]["what"] == "language=uk"


def test_the_scale_leaves_the_night_out() -> None:
    found = made([note(36_000, "venue", source="venue"), note(39_600, "venue", source=None)], now=80_000)
    scale = scale_of(found)
    assert 35_900 < scale.since - DAWN <= 36_000
    assert scale.x(scale.since) == LEFT
    assert 1 < len(scale.ticks()) <= 13
    assert all(LEFT <= tick.at <= WIDTH for tick in scale.ticks())


def test_lines_fall_to_nothing_where_nobody_was_counted() -> None:
    samples = [Sample(DAWN + at, {"webrtc:uk": 4}) for at in (0, 10, 20, 600, 610)]
    [line], marks = lines_of(samples, Scale(DAWN, DAWN + 620))
    assert line.most == 4
    assert len({point.split(",")[1] for point in line.points.split()}) == 2
    assert [mark.text for mark in marks] == ["0", "1", "2", "3", "4"]
