"""Relay: nobody interprets their own output, neither directly nor through a ring of booths."""

from interpreting.commands import (
    AcceptHandover,
    AskHandover,
    ReleaseMic,
    SelectIncoming,
    SelectOutgoing,
    StepAway,
    SwitchHandover,
    TakeMic,
)
from interpreting.errors import Code
from interpreting.languages import FLOOR
from interpreting.room import Room
from tests.interpreting.plenary import (
    DE,
    EMMA,
    EN,
    FAY,
    OLHA,
    PETRO,
    UK,
    after,
    code_of,
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
