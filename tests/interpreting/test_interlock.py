"""What stands between two booths that want one channel, by the interlock; and how long a booth has been on air."""

import pytest

from interpreting.booth import Interlock
from interpreting.commands import (
    AcceptHandover,
    AskHandover,
    Command,
    PressCough,
    ReleaseMic,
    SelectIncoming,
    SelectOutgoing,
    SetInterlock,
    SetShift,
    StepAway,
    SwitchHandover,
    TakeMic,
)
from interpreting.errors import Code
from interpreting.events import InterlockSet, MicReleased, MicTaken, OutgoingSelected, ShiftSet
from interpreting.ids import BusId, mic_source
from interpreting.plan import ChannelState, Mode, channel_states, plan
from interpreting.room import Room, replay
from tests.interpreting.plenary import (
    DE,
    DE_UK,
    EMMA,
    EN,
    EN_DE,
    EN_UK,
    FAY,
    NOW,
    OLHA,
    PETRO,
    STRANGER,
    TECHNICIAN,
    UK,
    after,
    code_of,
    events_of,
    olha_on_air,
    seat,
    staffed_room,
)


def under(mode: Interlock, *commands: Command) -> Room:
    """Return the plenary under an interlock, Emma on air into English, Fay of another booth ready to."""
    return after(staffed_room(), *_set(mode), TakeMic(EMMA), *commands)


def _set(mode: Interlock) -> tuple[Command, ...]:
    return (SetInterlock(TECHNICIAN, mode),)


class TestInterlock:
    def test_is_on_until_the_technician_turns_it(self) -> None:
        assert staffed_room().interlock is Interlock.INTERLOCK
        assert events_of(staffed_room(), SetInterlock(TECHNICIAN, Interlock.INTERLOCK)) == ()
        set_none = SetInterlock(TECHNICIAN, Interlock.NONE)
        assert events_of(staffed_room(), set_none) == (InterlockSet(Interlock.NONE, at=NOW),)

    def test_refuses_the_newcomer(self) -> None:
        assert code_of(under(Interlock.INTERLOCK), TakeMic(FAY)) is Code.CHANNEL_ENGAGED

    def test_never_lets_a_partner_in(self) -> None:
        for mode in Interlock:
            room = after(staffed_room(), *_set(mode), TakeMic(OLHA))
            assert code_of(room, TakeMic(PETRO)) is Code.PARTNER_ON_AIR


class TestOverride:
    def test_displaces_the_other_booth(self) -> None:
        room = under(Interlock.OVERRIDE)
        assert events_of(room, TakeMic(FAY)) == (MicReleased(EMMA, at=NOW), MicTaken(FAY, EN, at=NOW))
        displaced = after(room, TakeMic(FAY))
        assert [booth.id for booth, _ in displaced.on_air_into(EN)] == [EN_UK]
        assert events_of(displaced, TakeMic(EMMA))[0] == MicReleased(FAY, at=NOW)

    def test_displaces_by_a_change_of_direction_too(self) -> None:
        room = under(Interlock.OVERRIDE, SelectOutgoing(FAY, UK), TakeMic(FAY))
        assert events_of(room, SelectOutgoing(FAY, EN)) == (
            MicReleased(EMMA, at=NOW),
            OutgoingSelected(FAY, EN, at=NOW),
        )

    def test_takes_an_absent_partners_microphone_and_the_other_booths_at_once(self) -> None:
        room = after(staffed_room(), *_set(Interlock.OVERRIDE), TakeMic(OLHA), StepAway(OLHA))
        room = after(room, SelectOutgoing(PETRO, DE), SelectOutgoing(EMMA, DE), TakeMic(EMMA))
        released = {event.person for event in events_of(room, TakeMic(PETRO)) if isinstance(event, MicReleased)}
        assert released == {OLHA, EMMA}

    def test_leaves_a_booth_on_another_channel_alone(self) -> None:
        room = after(under(Interlock.OVERRIDE), TakeMic(OLHA))
        assert {person.person for person in room.seats_on_air()} == {EMMA, OLHA}

    def test_sees_no_ring_through_who_is_displaced(self) -> None:
        room = under(Interlock.OVERRIDE, ReleaseMic(EMMA), SelectIncoming(EMMA, UK), TakeMic(EMMA), TakeMic(OLHA))
        assert code_of(after(room, SelectIncoming(FAY, UK)), TakeMic(FAY)) is None
        assert code_of(room, SelectIncoming(OLHA, EN)) is Code.RELAY_CYCLE


class TestNone:
    def test_lets_two_booths_be_heard_together(self) -> None:
        room = after(under(Interlock.NONE), TakeMic(FAY))
        assert channel_states(room)[EN] == ChannelState(Mode.INTERPRETED, EN_DE, EMMA, (EN_DE, EN_UK), 1)
        mics = {mic_source(EMMA): 1.0, mic_source(FAY): 1.0}
        assert plan(room).mixes[BusId("en")] == mics
        coughing = after(room, PressCough(EMMA))
        assert plan(coughing).mixes[BusId("en")] == {mic_source(FAY): 1.0}

    @pytest.mark.parametrize("mode", [Interlock.INTERLOCK, Interlock.OVERRIDE])
    def test_is_not_left_while_two_share_a_channel(self, mode: Interlock) -> None:
        room = after(under(Interlock.NONE), TakeMic(FAY))
        assert code_of(room, SetInterlock(TECHNICIAN, mode)) is Code.CHANNEL_SHARED
        assert after(room, ReleaseMic(FAY), SetInterlock(TECHNICIAN, mode)).interlock is mode


class TestShift:
    def test_is_the_booths(self) -> None:
        assert events_of(staffed_room(), SetShift(OLHA, 20)) == (ShiftSet(DE_UK, 20, at=NOW),)
        room = after(staffed_room(), SetShift(OLHA, 20))
        assert events_of(room, SetShift(PETRO, 20)) == ()
        assert after(room, SetShift(PETRO, None)).booths[DE_UK].shift_minutes is None
        assert code_of(room, SetShift(STRANGER, 20)) is Code.NOT_IN_BOOTH

    def test_begins_with_who_goes_on_air_and_ends_with_them(self) -> None:
        assert staffed_room().booths[DE_UK].shift_since is None
        room = replay(staffed_room(), staffed_room().apply(TakeMic(OLHA), NOW + 1))
        assert room.booths[DE_UK].shift_since == NOW + 1
        for command in (PressCough(OLHA), SelectOutgoing(OLHA, DE), StepAway(OLHA)):
            assert after(room, command).booths[DE_UK].shift_since == NOW + 1
        assert after(room, ReleaseMic(OLHA)).booths[DE_UK].shift_since is None

    def test_begins_anew_with_a_handover_and_a_forced_take_over(self) -> None:
        agreed = after(olha_on_air(), AskHandover(PETRO), AcceptHandover(OLHA))
        switched = replay(agreed, agreed.apply(SwitchHandover(OLHA), NOW + 60))
        away = after(olha_on_air(), StepAway(OLHA))
        taken = replay(away, away.apply(TakeMic(PETRO), NOW + 60))
        for room in (switched, taken):
            assert seat(room, PETRO).is_on_air
            assert room.booths[DE_UK].shift_since == NOW + 60
