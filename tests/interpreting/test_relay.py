"""Relay: nobody interprets their own output, neither directly nor through a ring of booths."""

from dataclasses import replace

from interpreting.booth import Interlock
from interpreting.commands import (
    AcceptHandover,
    AskHandover,
    LoseSource,
    PressCough,
    ReleaseMic,
    SelectIncoming,
    SelectOutgoing,
    SelectPivot,
    SetFloorLanguage,
    SetInterlock,
    StepAway,
    SwitchHandover,
    TakeMic,
)
from interpreting.errors import Code
from interpreting.events import PivotSelected
from interpreting.ids import PersonId, mic_source
from interpreting.languages import FLOOR, Channel
from interpreting.plan import channel_states
from interpreting.relay import hears
from interpreting.room import Room
from tests.interpreting.plenary import (
    DE,
    EMMA,
    EN,
    FAY,
    MODERATOR,
    NOW,
    OLHA,
    PETRO,
    PL,
    STRANGER,
    TECHNICIAN,
    UK,
    after,
    code_of,
    events_of,
    seat,
    staffed_room,
)


def relaying() -> Room:
    """Return the plenary with Emma on air into English, in relay from Ukrainian."""
    return after(staffed_room(), SelectIncoming(EMMA, UK), TakeMic(EMMA))


class TestOwnChannel:
    def test_cannot_be_incoming_on_air_or_off(self) -> None:
        assert code_of(staffed_room(), SelectIncoming(OLHA, UK)) is Code.INCOMING_IS_OWN_OUTGOING
        on_air = after(staffed_room(), TakeMic(OLHA))
        assert code_of(on_air, SelectIncoming(OLHA, UK)) is Code.INCOMING_IS_OWN_OUTGOING

    def test_what_one_listens_to_cannot_become_outgoing(self) -> None:
        room = after(staffed_room(), SelectIncoming(OLHA, DE))
        assert code_of(room, SelectOutgoing(OLHA, DE)) is Code.INCOMING_IS_OWN_OUTGOING
        assert code_of(after(room, SelectIncoming(OLHA, FLOOR)), SelectOutgoing(OLHA, DE)) is None

    def test_a_handover_does_not_make_it_incoming(self) -> None:
        listening = after(staffed_room(), SelectOutgoing(PETRO, DE), SelectIncoming(PETRO, UK), TakeMic(OLHA))
        room = after(listening, AskHandover(OLHA), AcceptHandover(PETRO))
        assert code_of(room, SwitchHandover(OLHA)) is Code.INCOMING_IS_OWN_OUTGOING
        assert code_of(after(room, SelectIncoming(PETRO, FLOOR)), SwitchHandover(OLHA)) is None


class TestRing:
    def test_relay_in_one_direction_is_fine(self) -> None:
        assert code_of(relaying(), TakeMic(OLHA)) is None

    def test_is_not_closed_by_choosing_an_incoming_on_air(self) -> None:
        room = after(relaying(), TakeMic(OLHA))
        assert code_of(room, SelectIncoming(OLHA, EN)) is Code.RELAY_CYCLE

    def test_is_not_closed_by_going_on_air(self) -> None:
        room = after(relaying(), SelectIncoming(OLHA, EN))
        assert code_of(room, TakeMic(OLHA)) is Code.RELAY_CYCLE

    def test_is_not_closed_by_changing_direction_on_air(self) -> None:
        room = after(relaying(), SelectOutgoing(OLHA, DE), SelectIncoming(OLHA, EN), TakeMic(OLHA))
        assert code_of(room, SelectOutgoing(OLHA, UK)) is Code.RELAY_CYCLE

    def test_is_not_closed_by_a_handover(self) -> None:
        room = after(relaying(), TakeMic(OLHA), SelectIncoming(PETRO, EN), AskHandover(PETRO), AcceptHandover(OLHA))
        assert code_of(room, SwitchHandover(OLHA)) is Code.RELAY_CYCLE

    def test_is_not_closed_by_a_forced_take_over(self) -> None:
        room = after(relaying(), TakeMic(OLHA), StepAway(OLHA), SelectIncoming(PETRO, EN))
        assert code_of(room, TakeMic(PETRO)) is Code.RELAY_CYCLE

    def test_is_not_seen_where_the_one_who_closes_it_goes_off_air(self) -> None:
        room = after(staffed_room(), SelectOutgoing(PETRO, DE), SelectIncoming(PETRO, UK))
        room = after(room, SelectIncoming(OLHA, DE), TakeMic(OLHA), StepAway(OLHA))
        assert code_of(room, TakeMic(PETRO)) is None

    def test_an_ear_off_air_is_free(self) -> None:
        room = after(relaying(), TakeMic(OLHA), ReleaseMic(EMMA))
        assert code_of(room, SelectIncoming(OLHA, EN)) is None

    def test_may_be_longer_than_two(self) -> None:
        room = after(relaying(), SelectIncoming(OLHA, EN), SelectOutgoing(OLHA, DE), TakeMic(OLHA))
        room = after(room, SelectOutgoing(FAY, UK), SelectIncoming(FAY, DE))
        assert code_of(room, TakeMic(FAY)) is Code.RELAY_CYCLE
        assert code_of(after(room, SelectIncoming(FAY, FLOOR)), TakeMic(FAY)) is None

    def test_is_not_closed_through_one_of_two_on_a_channel(self) -> None:
        shared = after(staffed_room(), SetInterlock(TECHNICIAN, Interlock.NONE), SelectOutgoing(FAY, UK))
        room = after(shared, TakeMic(OLHA), SelectIncoming(FAY, EN), TakeMic(FAY))
        assert code_of(room, SelectIncoming(EMMA, UK)) is None
        listening = after(room, SelectIncoming(EMMA, UK))
        assert code_of(listening, TakeMic(EMMA)) is Code.RELAY_CYCLE
        assert code_of(after(listening, ReleaseMic(FAY)), TakeMic(EMMA)) is None


def heard_by(room: Room, person: PersonId) -> Channel:
    """Return what the person hears."""
    return hears(room, seat(room, person))


def ukrainian_floor() -> Room:
    """Return the plenary with a Ukrainian floor, which Emma's booth of English and German does not take."""
    return after(staffed_room(), SetFloorLanguage(MODERATOR, UK), SelectOutgoing(OLHA, DE))


class TestIncoming:
    def test_is_heard_while_somebody_is_live_on_air_into_it(self) -> None:
        room = after(staffed_room(), SelectIncoming(EMMA, UK))
        assert heard_by(room, EMMA) == FLOOR
        live = after(room, TakeMic(OLHA))
        assert heard_by(live, EMMA) == UK
        assert heard_by(after(live, PressCough(OLHA)), EMMA) == UK
        assert heard_by(after(live, LoseSource(mic_source(OLHA))), EMMA) == FLOOR
        assert heard_by(after(live, ReleaseMic(OLHA)), EMMA) == FLOOR
        assert seat(live, EMMA).incoming == UK

    def test_is_heard_while_the_floor_speaks_it(self) -> None:
        assert heard_by(after(staffed_room(), SelectIncoming(EMMA, DE)), EMMA) == DE

    def test_that_is_lost_gives_way_to_the_pivot(self) -> None:
        room = after(ukrainian_floor(), SelectIncoming(EMMA, DE), SelectPivot(EMMA, DE), TakeMic(OLHA))
        assert heard_by(room, EMMA) == DE
        pivoting = after(ukrainian_floor(), SelectPivot(EMMA, DE), TakeMic(OLHA), SelectIncoming(PETRO, EN))
        assert heard_by(after(pivoting, SelectPivot(PETRO, DE)), PETRO) == FLOOR


class TestPivot:
    def test_is_heard_while_the_floor_speaks_none_of_the_booths_languages(self) -> None:
        room = after(ukrainian_floor(), SelectPivot(EMMA, DE), TakeMic(OLHA))
        assert heard_by(room, EMMA) == DE
        assert heard_by(after(room, SetFloorLanguage(MODERATOR, EN)), EMMA) == FLOOR
        assert heard_by(after(room, SelectPivot(EMMA, None)), EMMA) == FLOOR

    def test_that_is_lost_gives_way_to_the_floor_and_comes_back_by_itself(self) -> None:
        room = after(ukrainian_floor(), SelectPivot(EMMA, DE), TakeMic(OLHA))
        off_air = after(room, ReleaseMic(OLHA))
        assert heard_by(off_air, EMMA) == FLOOR
        assert heard_by(after(off_air, TakeMic(PETRO)), EMMA) == FLOOR  # Petro speaks into Ukrainian
        assert heard_by(after(off_air, TakeMic(OLHA)), EMMA) == DE
        assert heard_by(after(room, LoseSource(mic_source(OLHA))), EMMA) == FLOOR

    def test_is_never_the_own_booth(self) -> None:
        # A Polish floor would be a channel; here Fay's booth of English and Ukrainian does not take German.
        room = after(staffed_room(), SelectPivot(FAY, UK), SelectPivot(OLHA, EN), SelectOutgoing(FAY, UK), TakeMic(FAY))
        assert heard_by(room, FAY) == FLOOR
        english = after(
            staffed_room(), SetFloorLanguage(MODERATOR, EN), SelectPivot(PETRO, DE), SelectOutgoing(OLHA, DE)
        )
        on_air = after(english, TakeMic(OLHA))
        assert heard_by(on_air, PETRO) == FLOOR

    def test_may_be_a_channel_one_does_not_speak_into_now(self) -> None:
        assert events_of(staffed_room(), SelectPivot(OLHA, DE)) == (PivotSelected(OLHA, DE, at=NOW),)
        assert events_of(staffed_room(), SelectPivot(OLHA, None)) == ()
        assert code_of(staffed_room(), SelectPivot(OLHA, UK)) is Code.INCOMING_IS_OWN_OUTGOING
        assert code_of(staffed_room(), SelectPivot(OLHA, PL)) is Code.CHANNEL_UNKNOWN
        assert code_of(staffed_room(), SelectPivot(STRANGER, UK)) is Code.NOT_IN_BOOTH

    def test_does_not_bind_the_direction(self) -> None:
        room = after(
            ukrainian_floor(), SelectPivot(EMMA, DE), TakeMic(OLHA), ReleaseMic(OLHA), SelectOutgoing(EMMA, DE)
        )
        assert heard_by(after(room, TakeMic(EMMA)), EMMA) == FLOOR

    def test_is_refused_on_air_where_it_would_close_a_ring(self) -> None:
        room = after(
            ukrainian_floor(), SelectOutgoing(EMMA, EN), SelectIncoming(OLHA, EN), TakeMic(OLHA), TakeMic(EMMA)
        )
        assert code_of(room, SelectPivot(EMMA, DE)) is Code.RELAY_CYCLE
        assert code_of(after(room, ReleaseMic(EMMA)), SelectPivot(EMMA, DE)) is None

    def test_of_others_is_no_way_to_close_a_ring_by_choice(self) -> None:
        room = after(ukrainian_floor(), SelectPivot(EMMA, DE), TakeMic(OLHA), TakeMic(EMMA))
        assert heard_by(room, EMMA) == DE
        assert code_of(room, SelectIncoming(OLHA, EN)) is Code.RELAY_CYCLE

    def test_that_would_close_a_ring_is_passed_over_by_everybody_on_it(self) -> None:
        # Each chose the other's channel off air; then the floor went to a language that neither booth takes.
        room = after(
            four_languages(),
            SelectPivot(OLHA, EN),
            SelectPivot(EMMA, UK),
            TakeMic(OLHA),
            TakeMic(EMMA),
        )
        assert [heard_by(room, person) for person in (OLHA, EMMA)] == [FLOOR, FLOOR]
        lone = after(room, ReleaseMic(OLHA))
        assert [heard_by(lone, person) for person in (OLHA, EMMA)] == [EN, FLOOR]

    def test_that_others_do_without_is_free_again(self) -> None:
        room = after(four_languages(), SelectPivot(OLHA, EN), SelectPivot(EMMA, UK), TakeMic(OLHA), TakeMic(EMMA))
        assert heard_by(after(room, SelectPivot(OLHA, None)), EMMA) == UK


def four_languages() -> Room:
    """Return the staffed plenary with a Polish floor, of which no booth knows anything."""
    room = staffed_room()
    return replace(room, languages=(*room.languages, PL), floor_language=PL)


class TestDepth:
    def test_is_counted_from_the_floor(self) -> None:
        assert depths(staffed_room()) == {DE: 0, UK: 0, EN: 0}
        assert depths(after(staffed_room(), TakeMic(OLHA))) == {DE: 0, UK: 1, EN: 0}
        assert depths(after(relaying(), TakeMic(OLHA))) == {DE: 0, UK: 1, EN: 2}

    def test_of_a_relay_from_the_floors_own_language_is_one(self) -> None:
        assert depths(after(staffed_room(), SelectIncoming(EMMA, DE), TakeMic(EMMA))) == {DE: 0, UK: 0, EN: 1}

    def test_of_a_relay_of_a_relay_is_no_more_than_two(self) -> None:
        room = after(relaying(), TakeMic(OLHA), SelectOutgoing(FAY, UK), SetFloorLanguage(MODERATOR, EN))
        room = after(room, ReleaseMic(OLHA), SelectOutgoing(OLHA, DE), SelectIncoming(OLHA, EN), TakeMic(OLHA))
        room = after(room, TakeMic(FAY))
        assert depths(room) == {DE: 2, UK: 1, EN: 2}

    def test_follows_a_pivot(self) -> None:
        room = after(ukrainian_floor(), SelectPivot(EMMA, DE), TakeMic(OLHA), TakeMic(EMMA))
        assert depths(room) == {DE: 1, UK: 0, EN: 2}
        assert depths(after(room, ReleaseMic(OLHA))) == {DE: 0, UK: 0, EN: 1}


def depths(room: Room) -> dict[str, int]:
    """Return every channel's depth of relay."""
    return {language: state.relay for language, state in channel_states(room).items()}
