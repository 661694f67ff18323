"""Alarms are raised once, clear by themselves, and are acknowledged; nothing here reads a clock."""

from __future__ import annotations

import pytest

from interpreting.ids import RoomId
from server.alarms.board import Board
from server.alarms.kinds import PATIENCE, Finding, Kind, Severity

HALL = RoomId("plenary")


def hum(**values: float) -> Finding:
    return Finding(Kind.HUM, HALL, "venue", Severity.AMBER, values)


@pytest.mark.parametrize("kind", Kind)
def test_each_is_raised_once_after_its_patience_and_clears_after_it(kind: Kind) -> None:
    board, finding, patience = Board(), Finding(kind, HALL, "venue", Severity.RED), PATIENCE[kind]
    raised, cleared = [], []
    for step in range(400):
        now = step * 0.25
        change = board.take([finding] if now < 50 else [], now, round(now * 1000))
        raised += [(alarm.kind, now) for alarm in change.raised]
        cleared += [(alarm.kind, now) for alarm in change.cleared]
    ((_, raised_at),) = raised
    ((_, cleared_at),) = cleared
    assert raised_at == pytest.approx(patience.raise_s, abs=0.25)
    assert cleared_at == pytest.approx(50 + patience.clear_s, abs=0.25)
    assert not board.standing


def test_a_finding_that_comes_and_goes_within_its_patience_is_none() -> None:
    board = Board()
    for step in range(200):
        assert not board.take([hum()] if step % 4 else [], step * 0.25, 0)


def test_an_alarm_outlasts_a_gap_in_its_findings() -> None:
    board = Board()
    for step in range(100):
        board.take([hum()] if step % 8 else [], step * 0.25, 0)
    board.take([hum()], 25.0, 0)
    board.take([hum()], 28.0, 0)
    (alarm,) = board.standing
    for step in range(100):
        board.take([hum()] if step % 8 == 0 else [], 28.0 + step * 0.25, 0)
    assert board.standing == [alarm]


def test_values_are_those_of_the_beginning_and_ids_are_not_used_twice() -> None:
    board = Board()
    ids = []
    for round_ in range(3):
        board.take([hum(dbfs=-50)], round_ * 100.0, 0)
        board.take([hum(dbfs=-49)], round_ * 100.0 + 5, 12_345)
        board.take([hum(dbfs=-20)], round_ * 100.0 + 6, 0)
        (alarm,) = board.standing
        assert (alarm.values["dbfs"], alarm.since) == (-49, 12_345)
        ids.append(alarm.id)
        board.take([], round_ * 100.0 + 7, 0)
        board.take([], round_ * 100.0 + 50, 0)
    assert len(set(ids)) == 3


def test_the_first_acknowledgement_stands() -> None:
    board = Board()
    board.take([hum()], 0.0, 0)
    board.take([hum()], 5.0, 0)
    (alarm,) = board.standing
    assert board.acknowledge("hum-99", "Tom", 1) is None
    board.acknowledge(alarm.id, "Tom", 7000)
    board.acknowledge(alarm.id, "Ann", 8000)
    assert board.standing[0].as_page()["acknowledged"] == {"by": "Tom", "at": 7000}
    board.take([], 6.0, 0)
    board.take([], 20.0, 0)
    board.take([hum()], 21.0, 0)
    board.take([hum()], 26.0, 0)
    assert board.standing[0].acknowledged is None, "it is another one"
