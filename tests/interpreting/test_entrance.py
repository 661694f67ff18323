"""Coming and going from afar: doors, places, closed rooms, who was removed."""

from dataclasses import replace

import pytest

from interpreting.commands import Command, EnterBooth, SetFloorLanguage, StartRecording, StepAway, TakeMic
from interpreting.errors import Code
from interpreting.ids import PersonId
from interpreting.languages import FLOOR
from interpreting.people import Role
from interpreting.places import ENTRANCE
from interpreting.room import Room
from interpreting.workshop import MAX_PEOPLE, MAX_REMOVED, RESERVED, Attendee, Door, Place
from interpreting.workshop_commands import (
    Admit,
    BringOn,
    CallBackstage,
    EnterRoom,
    GiveFloor,
    LeaveRoom,
    RaiseHand,
    Remove,
    SelectChannel,
    SetDoor,
    SetSpeaks,
)
from interpreting.workshop_events import Admitted, BroughtOn, FloorGiven, Removed, RoomEntered, RoomLeft
from tests.interpreting.plenary import (
    CHAIR,
    DE,
    DE_UK,
    EN,
    GUEST,
    MODERATOR,
    NOW,
    OLHA,
    PL,
    REMOTE,
    STRANGER,
    UK,
    VISITOR,
    after,
    code_of,
    empty_room,
    events_of,
    staffed_room,
    workshop,
)


def come(role: Role = Role.PARTICIPANT, *, named: bool = True) -> EnterRoom:
    """Return the coming of a stranger in a role."""
    return EnterRoom(STRANGER, "New", UK, role, named)


def place(room: Room, person: PersonId) -> Place:
    """Return where somebody is."""
    return room.people[person].place


def crowd(count: int, place: Place = Place.SEATED) -> dict[PersonId, Attendee]:
    """Return so many people, all alike."""
    ids = [PersonId(f"p{number}") for number in range(count)]
    return {id: Attendee(id, Role.PARTICIPANT, "Somebody", place=place, present=False) for id in ids}


@pytest.mark.parametrize("door", Door)
@pytest.mark.parametrize("role", Role)
def test_the_table_of_the_door_is_what_the_room_does(door: Door, role: Role) -> None:
    room = after(staffed_room(), SetDoor(MODERATOR, door))
    if (door, role) in ENTRANCE:
        assert place(after(room, come(role)), STRANGER) is ENTRANCE[door, role]
    else:
        assert code_of(room, come(role)) is Code.DOOR_CLOSED


class TestComing:
    def test_brings_the_language_one_speaks_and_first_hears(self) -> None:
        assert events_of(empty_room(), come()) == (
            RoomEntered(STRANGER, Role.PARTICIPANT, "New", UK, UK, Place.SEATED, at=NOW),
        )
        silent = after(empty_room(), EnterRoom(STRANGER, "New", None))
        assert silent.people[STRANGER].hears == FLOOR
        assert code_of(empty_room(), EnterRoom(STRANGER, "New", PL)) is Code.LANGUAGE_UNKNOWN

    def test_back_finds_everything_as_it_was(self) -> None:
        room = after(workshop(), GiveFloor(CHAIR, REMOTE), RaiseHand(VISITOR), SelectChannel(VISITOR, EN))
        away = after(room, StepAway(REMOTE), StepAway(VISITOR), SetDoor(CHAIR, Door.CLOSED))
        assert not away.people[VISITOR].present
        assert events_of(away, StepAway(VISITOR)) == ()
        back = after(away, EnterRoom(REMOTE, "Iryna", DE), EnterRoom(VISITOR, "Jonas", None))
        assert back == replace(room, door=Door.CLOSED)
        assert events_of(back, EnterRoom(VISITOR, "Jonas", EN)) == ()

    def test_and_going_is_over_at_once(self) -> None:
        room = after(workshop(), GiveFloor(CHAIR, REMOTE), RaiseHand(VISITOR))
        gone = after(room, LeaveRoom(REMOTE), LeaveRoom(VISITOR))
        assert (gone.holders, gone.hands) == ((), ())
        assert not {REMOTE, VISITOR} & set(gone.people)
        assert events_of(gone, LeaveRoom(REMOTE)) == ()

    def test_is_bounded_and_keeps_places_for_guests_and_moderators(self) -> None:
        room = replace(empty_room(), people=crowd(MAX_PEOPLE - RESERVED))
        assert code_of(room, come()) is Code.ROOM_FULL
        assert code_of(room, come(Role.SPEAKER)) is None
        full = replace(empty_room(), people=crowd(MAX_PEOPLE))
        assert code_of(full, come(Role.MODERATOR)) is Code.ROOM_FULL

    def test_from_a_booth_leaves_the_booth_and_back(self) -> None:
        room = after(staffed_room(), TakeMic(OLHA), EnterRoom(OLHA, "Olha", None))
        assert room.booth_of(OLHA) is None
        assert room.people[OLHA].place is Place.SEATED
        back = after(room, EnterBooth(OLHA, DE_UK, "Olha"))
        assert (back.booth_of(OLHA) is not None, OLHA in back.people) == (True, False)


class TestAClosedRoom:
    closed = replace(staffed_room(), is_closed=True, is_recordable=False)

    @pytest.mark.parametrize("role", [Role.PARTICIPANT, Role.SPEAKER, Role.MODERATOR])
    def test_takes_named_invitations_alone(self, role: Role) -> None:
        assert code_of(self.closed, come(role, named=False)) is Code.NAME_NEEDED
        assert code_of(self.closed, come(role)) is None

    def test_is_not_recorded(self) -> None:
        assert code_of(self.closed, StartRecording(MODERATOR)) is Code.RECORDING_OFF


class TestPlaces:
    def test_at_the_door_one_waits_to_be_admitted(self) -> None:
        room = after(empty_room(), SetDoor(MODERATOR, Door.WAITING), come())
        assert code_of(room, RaiseHand(STRANGER)) is Code.NOT_IN_ROOM
        assert code_of(room, GiveFloor(MODERATOR, STRANGER)) is Code.NOT_SEATED
        assert code_of(room, BringOn(MODERATOR, STRANGER)) is Code.NOT_ADMITTED
        assert events_of(room, Admit(MODERATOR, STRANGER)) == (Admitted(STRANGER, at=NOW),)
        assert place(after(room, Admit(MODERATOR, STRANGER)), STRANGER) is Place.SEATED

    def test_backstage_is_off_the_floor_until_brought_on(self) -> None:
        room = after(workshop(), GiveFloor(CHAIR, REMOTE), RaiseHand(VISITOR))
        called = after(room, CallBackstage(CHAIR, REMOTE), CallBackstage(CHAIR, VISITOR))
        assert (called.holders, called.hands, place(called, REMOTE)) == ((), (), Place.BACKSTAGE)
        assert code_of(called, GiveFloor(CHAIR, REMOTE)) is Code.NOT_SEATED
        facts = events_of(called, BringOn(CHAIR, VISITOR))
        assert facts == (BroughtOn(VISITOR, at=NOW), FloorGiven(VISITOR, at=NOW))

    def test_backstage_absent_is_not_brought_on(self) -> None:
        assert code_of(after(workshop(), StepAway(GUEST)), BringOn(CHAIR, GUEST)) is Code.NOT_PRESENT

    @pytest.mark.parametrize("kind", [Admit, Remove, CallBackstage, BringOn])
    def test_are_not_for_moderators_and_strangers(self, kind: type[Admit | Remove | CallBackstage | BringOn]) -> None:
        assert code_of(workshop(), kind(MODERATOR, CHAIR)) is Code.FORBIDDEN
        assert code_of(workshop(), kind(MODERATOR, STRANGER)) is Code.PERSON_UNKNOWN


class TestTheRemoved:
    room = after(workshop(), GiveFloor(CHAIR, REMOTE), Remove(CHAIR, REMOTE))

    def test_hold_nothing_and_are_told_once(self) -> None:
        assert (self.room.holders, self.room.people[REMOTE].present) == ((), False)
        assert events_of(self.room, Remove(CHAIR, REMOTE)) == ()
        assert events_of(workshop(), Remove(CHAIR, VISITOR)) == (Removed(VISITOR, at=NOW),)

    @pytest.mark.parametrize(
        "command",
        [
            EnterRoom(REMOTE, "Iryna", None),
            LeaveRoom(REMOTE),
            RaiseHand(REMOTE),
            SetSpeaks(REMOTE, DE),
            EnterBooth(REMOTE, DE_UK, "Iryna"),
            SetFloorLanguage(REMOTE, DE),
        ],
        ids=lambda command: type(command).__name__,
    )
    def test_can_do_nothing_until_admitted(self, command: Command) -> None:
        assert code_of(self.room, command) is Code.REMOVED
        assert code_of(after(self.room, Admit(CHAIR, REMOTE)), command) is None

    def test_come_straight_in_when_admitted(self) -> None:
        back = after(self.room, SetDoor(CHAIR, Door.CLOSED), Admit(CHAIR, REMOTE), EnterRoom(REMOTE, "Iryna", None))
        assert (place(back, REMOTE), back.people[REMOTE].present) == (Place.SEATED, True)

    def test_are_no_longer_called_or_brought_on(self) -> None:
        for command in (CallBackstage(CHAIR, REMOTE), BringOn(CHAIR, REMOTE)):
            assert code_of(self.room, command) is Code.NOT_ADMITTED

    def test_are_remembered_up_to_a_bound(self) -> None:
        many = {**crowd(MAX_REMOVED, place=Place.REMOVED), **workshop().people}
        room = after(replace(workshop(), people=many), Remove(CHAIR, VISITOR))
        assert PersonId("p0") not in room.people
        assert place(room, PersonId("p1")) is place(room, VISITOR) is Place.REMOVED

    def test_leave_a_trace_of_those_who_went(self) -> None:
        assert events_of(workshop(), LeaveRoom(VISITOR)) == (RoomLeft(VISITOR, at=NOW),)
