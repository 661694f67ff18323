"""What is an alarm in a room's sound and picture, when, and what is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interpreting.commands import (
    ConnectSource,
    LoseSource,
    PressCough,
    ReleaseMic,
    SelectItem,
    SetTrim,
)
from interpreting.ids import BACKUP, DEMO, VENUE, SourceId, SourceKind
from media.hum import Hum
from media.quality import Quality, Reason
from server.alarms.kinds import Severity
from server.config_alarms import AlarmsConfig
from server.engine import PictureLook
from tests.interpreting.plenary import BREAK, MODERATOR, OLHA, TECHNICIAN
from tests.server.alarms.scenes import DEAD, MIC, PAUSE, SPEAKING, Sounds, Stage, everybody_speaks


def test_a_good_room_is_quiet() -> None:
    assert Stage().run(120, everybody_speaks) == []


def test_a_lost_venue_is_told_at_once_and_clears() -> None:
    stage = Stage()
    stage.run(10, everybody_speaks)
    stage.silences["plenary/venue"] = 1.3
    ((alarm, _),) = stage.run(0.5, everybody_speaks)
    assert (alarm.kind, alarm.subject, alarm.severity) == ("venue_lost", "venue", Severity.RED)
    stage.say(LoseSource(VENUE))
    assert stage.run(20, everybody_speaks) == [], "it is raised once, and silence needs no alarm of its own"
    stage.say(ConnectSource(VENUE, SourceKind.VENUE))
    stage.silences.clear()
    assert stage.run(3, everybody_speaks) == []
    assert stage.kinds == []


def test_a_venue_that_never_came_is_not_lost() -> None:
    stage = Stage(seen=frozenset())
    stage.say(LoseSource(VENUE))
    assert stage.run(20, everybody_speaks) == []


def test_a_demo_that_rings_to_nobody_is_no_reason_for_alarm() -> None:
    def bells(source: SourceId, second: int) -> Quality:
        poor = replace(SPEAKING, reason=Reason.NARROW, bandwidth_hz=3500, clipped_percent=1.0, loudness_lufs=-40.0)
        return replace(poor, hum=Hum(50, -50.0)) if source == DEMO else replace(DEAD, loudness_lufs=-24.0)

    stage = Stage(seen=frozenset())
    stage.say(LoseSource(VENUE))
    assert stage.run(60, bells) == []


def test_with_a_backup_the_lost_venue_is_amber() -> None:
    stage = Stage(seen=frozenset({VENUE, BACKUP}))
    stage.say(ConnectSource(BACKUP, SourceKind.BACKUP), LoseSource(VENUE))
    ((alarm, _),) = stage.run(5, everybody_speaks)
    assert (alarm.kind, alarm.subject, alarm.severity) == ("venue_lost", "venue", Severity.AMBER)


def test_a_silent_floor_is_told_within_eight_seconds_and_clears_when_it_is_heard() -> None:
    stage = Stage()
    (raised,) = stage.run(60, lambda source, at: DEAD if source == VENUE and at >= 20 else SPEAKING)
    assert raised[0].kind == "floor_silent"
    # The engine's verdict on a second comes at its end, up to a second later than here, and one may be cut in two.
    assert raised[1] - 20 <= 6
    stage.run(3, everybody_speaks)
    assert stage.kinds == []


def test_a_break_a_mute_and_a_lost_venue_are_no_silent_floor() -> None:
    for commands in (
        [SelectItem(MODERATOR, BREAK)],
        [SetTrim(TECHNICIAN, VENUE, 0.0, 0, high_pass=False, gate=False, muted=True)],
    ):
        stage = Stage()
        stage.say(*commands)
        assert stage.run(60, lambda source, at: DEAD if source == VENUE else PAUSE) == []


@pytest.mark.parametrize("silence", [PAUSE, replace(SPEAKING, is_unbroken=True)], ids=["silence", "a fan"])
def test_a_silent_interpreter_is_told_while_the_floor_speaks(silence: Quality) -> None:
    stage = Stage()
    (raised,) = stage.run(60, lambda source, at: silence if source == MIC and at >= 20 else SPEAKING)
    alarm, at = raised
    assert (alarm.kind, alarm.subject, alarm.values["reason"]) == ("channel_silent", "uk", "silent")
    assert at - 20 <= 6.5
    # The floor's pause does not make it good; a word does.
    stage.run(10, lambda source, at: PAUSE)
    assert stage.kinds == ["channel_silent"]
    stage.run(3, everybody_speaks)
    assert stage.kinds == []


def test_an_interpreter_who_waits_coughs_or_is_off_air_is_none() -> None:
    stage = Stage()
    # They begin four seconds after the floor and go on as long; floors pause too.
    assert stage.run(300, lambda source, at: SPEAKING if (at - (4 if source == MIC else 0)) % 20 < 12 else PAUSE) == []
    for command in (PressCough(OLHA), ReleaseMic(OLHA)):
        stage = Stage()
        stage.say(command)
        assert stage.run(60, lambda source, at: PAUSE if source == MIC else SPEAKING) == []


def test_a_lost_microphone_on_air_is_told_at_once() -> None:
    stage = Stage()
    stage.run(10, everybody_speaks)
    stage.silences["plenary/mic:olha"] = 1.3
    ((alarm, at),) = stage.run(2, everybody_speaks)
    assert (alarm.subject, alarm.values["reason"]) == ("uk", "mic_lost")
    assert at - 10 <= 0.5


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"clipped_percent": 0.3}, "clipping"),
        ({"reason": Reason.NARROW, "bandwidth_hz": 3500}, "narrow_sound"),
        ({"hum": Hum(50, -48.2)}, "hum"),
    ],
)
def test_a_poor_source_is_told_when_it_is_heard(fault: dict[str, object], kind: str) -> None:
    poor = replace(SPEAKING, **fault)  # type: ignore[arg-type]
    for source in (VENUE, MIC):
        stage = Stage()
        ((alarm, _),) = stage.run(30, lambda one, at, source=source: poor if one == source else SPEAKING)  # type: ignore[misc]
        assert (alarm.kind, alarm.subject) == (kind, source)
        stage.run(20, everybody_speaks)
        assert stage.kinds == []
    stage = Stage()
    stage.say(ReleaseMic(OLHA))
    assert stage.run(30, lambda one, at: poor if one == MIC else SPEAKING) == []


def test_a_loud_interpreter_is_told_and_a_ducked_floor_is_not() -> None:
    def loud(lu: float) -> Sounds:
        return lambda source, at: replace(SPEAKING, loudness_lufs=-23.0 + (lu if source == MIC else 0.0))

    for apart in (2.9, -2.9):
        assert Stage().run(60, loud(apart)) == []
    stage = Stage()
    ((alarm, _),) = stage.run(60, loud(-3.4))
    assert (alarm.kind, alarm.subject) == ("loudness_apart", "uk")
    assert dict(alarm.values) == {"lu": -3.4, "lufs": -26.4, "floor_lufs": -23.0}
    stage.run(20, loud(-2.6))
    assert stage.kinds == ["loudness_apart"], "it takes less to keep it than to raise it"
    stage.run(10, loud(-2.0))
    assert stage.kinds == []


@pytest.mark.parametrize(
    ("look", "kind", "reason"),
    [
        (PictureLook(1.5, 0.0, 0.0), "picture_frozen", "stopped"),
        (PictureLook(0.1, 0.0, 31.0), "picture_frozen", "frozen"),
        (PictureLook(0.1, 6.0, 60.0), "picture_black", None),
        (PictureLook(0.1, 4.0, 29.0), None, None),
        (PictureLook(None, 0.0, 0.0), None, None),
    ],
)
def test_a_picture_that_stops_freezes_or_is_black(look: PictureLook, kind: str | None, reason: str | None) -> None:
    stage = Stage(looks={"plenary": look})
    raised = stage.run(5, everybody_speaks)
    assert [(alarm.kind.value, alarm.values.get("reason")) for alarm, _ in raised] == ([(kind, reason)] if kind else [])


def test_thresholds_are_the_configurations() -> None:
    config = AlarmsConfig(frozen_s=0, black_s=0, loudness_lu=10, silence_s=9)
    stage = Stage(config=config, looks={"plenary": PictureLook(0.1, 600.0, 600.0)})

    def sounds(source: SourceId, at: int) -> Quality:
        if source == VENUE and at % 20 < 8:
            return DEAD
        return replace(SPEAKING, loudness_lufs=-30.0 if source == MIC else -23.0)

    assert stage.run(120, sounds) == []
