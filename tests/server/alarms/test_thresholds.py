"""When something is an alarm is the house's choice: each threshold can be set, is documented, and is checked."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from media.hum import Hum
from media.quality import Quality, Reason
from server.alarms.board import Board
from server.alarms.hearing import Hearing
from server.alarms.machine import Machine
from server.config_alarms import AlarmsConfig, parse_alarms
from server.config_table import ConfigError, Table
from server.engine import PictureLook
from tests.server.alarms.scenes import SPEAKING, Stage, everybody_speaks

DOCUMENT = Path(__file__).parents[3] / "docs" / "operating.md"
MEND = r"Write a whole number, -?\d+ to -?\d+, such as -?\d+|Put it in quotation marks"
# One below and one above what will do, and something that is no number.
BAD: dict[str, tuple[object, ...]] = {
    "lost_ms": (499, 10_001, "soon", 1.5),
    "silence_dbfs": (-111, -19, "-60 dB"),
    "silence_s": (1, 10, True),
    "loudness_lu": (0, 31, 2.5),
    "clipping_per_mille": (0, 1001, "much"),
    "narrow_hz": (999, 20_001, "7 kHz"),
    "hum_dbfs": (-67, -19, "loud"),
    "loss_percent": (0, 101, "2%"),
    "frozen_s": (-1, 3601, "never"),
    "black_s": (-1, 3601, False),
    "drift_ppm": (19, 10_001, "fast"),
    "late_ticks": (0, 501, "many"),
    "web_late": (0, 51, "often"),
    "disk_gib": (-1, 10_001, "2 GiB"),
    "certificate_days": (-1, 366, "two weeks"),
    "certificate": (7, ["cert.pem"]),
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in BAD.items() for value in values])
def test_a_value_that_will_not_do_is_named_with_what_to_write(key: str, value: object) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_alarms(Table({"alarms": {key: value}}))
    assert refused.value.key == f"alarms.{key}"
    assert repr(value) in refused.value.wrong
    assert re.match(MEND, refused.value.mend)


def test_a_threshold_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"alarms\.loudness: no such setting\. Remove it, or write one of: black_s"):
        parse_alarms(Table({"alarms": {"loudness": 3}}))


def test_each_threshold_is_read_tried_above_and_documented() -> None:
    assert {one.name for one in fields(AlarmsConfig)} == set(BAD)
    document = DOCUMENT.read_text("utf-8")
    for one in fields(AlarmsConfig):
        other: Any = "cert.pem" if one.name == "certificate" else one.default + 1  # type: ignore[operator]
        assert getattr(parse_alarms(Table({"alarms": {one.name: other}})), one.name) == other
        assert f"`{one.name}`" in document


@pytest.mark.parametrize(
    ("setting", "quality", "kind"),
    [
        ({"clipping_per_mille": 20}, {"reason": Reason.CLIPPING, "clipped_percent": 1.5}, "clipping"),
        ({"narrow_hz": 3000}, {"reason": Reason.NARROW, "bandwidth_hz": 3500}, "narrow_sound"),
        ({"hum_dbfs": -50}, {"hum": Hum(50, -55.0)}, "hum"),
    ],
)
def test_what_a_house_bears_is_no_alarm(setting: dict[str, Any], quality: dict[str, Any], kind: str) -> None:
    def poor(source: object, second: int) -> Quality:
        return replace(SPEAKING, **quality)

    usual, tolerant = Stage(), Stage(config=replace(AlarmsConfig(), **setting))
    for stage in (usual, tolerant):
        stage.run(20, poor)
    assert kind in usual.kinds
    assert kind not in tolerant.kinds


def test_a_wider_speech_than_telephones_may_be_asked_for() -> None:
    stage = Stage(config=replace(AlarmsConfig(), narrow_hz=15_000))
    stage.run(20, everybody_speaks)
    assert set(stage.kinds) == {"narrow_sound"}


def test_how_long_a_sender_may_say_nothing_is_set() -> None:
    stage = Stage(hearing=Hearing(lost_s=3.0), silences={"plenary/venue": 2.9})
    stage.run(1, everybody_speaks)
    assert stage.kinds == []
    stage.silences["plenary/venue"] = 3.1
    stage.run(1, everybody_speaks)
    assert stage.kinds == ["venue_lost"]


def test_a_picture_stops_soon_after_its_sound_would_be_lost() -> None:
    stage = Stage(config=replace(AlarmsConfig(), lost_ms=3000))
    stage.looks["plenary"] = PictureLook(3.1, 0.0, 0.0)
    stage.run(1, everybody_speaks)
    assert stage.kinds == []
    stage.looks["plenary"] = PictureLook(3.3, 0.0, 0.0)
    stage.run(1, everybody_speaks)
    assert stage.kinds == ["picture_frozen"]


def test_how_often_the_web_side_may_be_late_is_set() -> None:
    for web_late, found in ((3, 1), (4, 0)):
        machine = Machine(replace(AlarmsConfig(), web_late=web_late))
        for late in (0, 1, 2, 3):
            machine.note_lateness(0, late)
        assert len(list(machine.find(Board()))) == found
