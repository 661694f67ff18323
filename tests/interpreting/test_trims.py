"""What a technician mends: trims of sources, and a microphone taken off air."""

from dataclasses import replace

import pytest

from interpreting.codec import event_from_dict, event_to_dict, parse_command, room_from_dict, room_to_dict
from interpreting.commands import AskHandover, CutMic, PressCough, SetTrim, TakeMic
from interpreting.errors import Code, InvalidCommand, InvalidRoom, Refused
from interpreting.events import MicCut, TrimSet
from interpreting.ids import DEMO, HALL_MICS, PLAYOUT, VENUE, BoothId, SourceId, mic_source, speaker_source
from interpreting.people import Role
from interpreting.roles import ALLOWED, check_allowed
from interpreting.trims import Trim
from interpreting.view import room_view
from tests.interpreting.plenary import (
    DE_UK,
    EMMA,
    MODERATOR,
    NOW,
    OLHA,
    PETRO,
    STRANGER,
    TECHNICIAN,
    after,
    code_of,
    events_of,
    staffed_room,
)


def trim(source: SourceId = VENUE, gain_db: float = -6.0, delay_ms: int = 120, *, muted: bool = False) -> SetTrim:
    return SetTrim(TECHNICIAN, source, gain_db, delay_ms, high_pass=True, gate=False, muted=muted)


class TestTrims:
    def test_is_kept_and_can_be_undone(self) -> None:
        room = after(staffed_room(), trim())
        assert events_of(staffed_room(), trim()) == (
            TrimSet(VENUE, -6.0, 120, high_pass=True, gate=False, muted=False, by=TECHNICIAN, at=NOW),
        )
        assert room.trims == {VENUE: Trim(VENUE, -6.0, 120, high_pass=True)}
        assert events_of(room, trim()) == ()
        undone = after(room, SetTrim(TECHNICIAN, VENUE, 0.0, 0, high_pass=False, gate=False, muted=False))
        assert undone.trims == {}

    @pytest.mark.parametrize(
        "source", [VENUE, DEMO, PLAYOUT, HALL_MICS[0], mic_source(OLHA)], ids=lambda source: str(source)
    )
    def test_is_for_the_hall_and_who_is_there(self, source: SourceId) -> None:
        assert source in after(staffed_room(), trim(source)).trims

    @pytest.mark.parametrize("source", [mic_source(STRANGER), speaker_source(STRANGER), SourceId("radio")])
    def test_is_not_for_anybody_else(self, source: SourceId) -> None:
        assert code_of(staffed_room(), trim(source)) is Code.SOURCE_UNKNOWN

    @pytest.mark.parametrize(("gain_db", "delay_ms"), [(20.1, 0), (-60.1, 0), (0.0, -1), (0.0, 501), (1e9, 0)])
    def test_has_bounds(self, gain_db: float, delay_ms: int) -> None:
        assert code_of(staffed_room(), trim(VENUE, gain_db, delay_ms)) is Code.TRIM_INVALID
        with pytest.raises(InvalidRoom):
            replace(staffed_room(), trims={VENUE: Trim(VENUE, gain_db, delay_ms)})

    def test_is_stored(self) -> None:
        room = after(staffed_room(), trim(), trim(mic_source(OLHA), muted=True))
        assert room_from_dict(room_to_dict(room)) == room
        for event in events_of(staffed_room(), trim()):
            assert event_from_dict(event_to_dict(event)) == event

    def test_is_shown_to_those_who_run_the_room(self) -> None:
        room = after(staffed_room(), trim())
        told = {"gain_db": -6.0, "delay_ms": 120, "high_pass": True, "gate": False, "muted": False}
        for role in Role:
            is_staff = role in (Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER)
            assert room_view(room, role)["trims"] == ({"venue": told} if is_staff else {})


class TestCutting:
    def test_takes_off_air_and_ends_the_handover(self) -> None:
        for coughing in ((), (PressCough(OLHA),)):
            room = after(staffed_room(), TakeMic(OLHA), *coughing, AskHandover(PETRO))
            assert events_of(room, CutMic(TECHNICIAN, DE_UK, OLHA)) == (MicCut(OLHA, TECHNICIAN, at=NOW),)
            cut = after(room, CutMic(TECHNICIAN, DE_UK, OLHA))
            assert cut.booths[DE_UK].on_air is None
            assert cut.booths[DE_UK].handover is None
            assert after(cut, TakeMic(OLHA)).booths[DE_UK].on_air is not None

    def test_wants_somebody_on_air_there(self) -> None:
        room = after(staffed_room(), TakeMic(OLHA))
        assert code_of(room, CutMic(TECHNICIAN, DE_UK, PETRO)) is Code.NOT_ON_AIR
        assert code_of(room, CutMic(TECHNICIAN, DE_UK, EMMA)) is Code.NOT_ON_AIR
        assert code_of(room, CutMic(TECHNICIAN, DE_UK, STRANGER)) is Code.NOT_ON_AIR
        assert code_of(room, CutMic(TECHNICIAN, BoothId("none"), OLHA)) is Code.BOOTH_UNKNOWN


def test_only_a_technician_mends() -> None:
    for role in Role:
        for command in (trim(), CutMic(MODERATOR, DE_UK, OLHA)):
            if role is Role.TECHNICIAN:
                check_allowed(role, command)
            else:
                with pytest.raises(Refused):
                    check_allowed(role, command)
    assert {SetTrim, CutMic} <= ALLOWED[Role.TECHNICIAN]


@pytest.mark.parametrize(
    "wrong",
    [
        {"gain_db": "loud"},
        {"gain_db": float("nan")},
        {"gain_db": True},
        {"delay_ms": 1.5},
        {"muted": 0},
        {"source": ""},
        {"more": 1},
    ],
)
def test_a_trim_that_is_none_is_refused(wrong: dict[str, object]) -> None:
    args = {"source": "venue", "gain_db": 0, "delay_ms": 0, "high_pass": False, "gate": False, "muted": False, **wrong}
    with pytest.raises(InvalidCommand):
        parse_command("set_trim", args, TECHNICIAN)
