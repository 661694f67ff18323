"""On air, cough and the interlocks of a booth and of a channel."""

from interpreting.booth import MicState
from interpreting.commands import (
    LoseSource,
    PressCough,
    ReleaseCough,
    ReleaseMic,
    SelectOutgoing,
    StepAway,
    TakeMic,
)
from interpreting.errors import Code
from interpreting.events import CoughPressed, CoughReleased, MicReleased, MicTaken, OutgoingSelected
from interpreting.ids import mic_source
from tests.interpreting.plenary import (
    DE,
    EMMA,
    EN,
    FAY,
    NOW,
    OLHA,
    PETRO,
    STRANGER,
    UK,
    after,
    code_of,
    events_of,
    olha_on_air,
    seat,
    staffed_room,
)


def test_the_microphone_opens_into_the_selected_outgoing() -> None:
    assert events_of(staffed_room(), TakeMic(OLHA)) == (MicTaken(OLHA, UK, at=NOW),)
    assert [seat.person for _, seat in olha_on_air().on_air_into(UK)] == [OLHA]


def test_taking_and_releasing_twice_is_nothing_new() -> None:
    assert events_of(olha_on_air(), TakeMic(OLHA)) == ()
    assert events_of(olha_on_air(), ReleaseMic(OLHA)) == (MicReleased(OLHA, at=NOW),)
    assert events_of(staffed_room(), ReleaseMic(OLHA)) == ()


def test_a_stranger_has_no_microphone() -> None:
    assert code_of(staffed_room(), TakeMic(STRANGER)) is Code.NOT_IN_BOOTH


def test_the_cough_key_mutes_while_held() -> None:
    assert events_of(olha_on_air(), PressCough(OLHA)) == (CoughPressed(OLHA, at=NOW),)
    coughing = after(olha_on_air(), PressCough(OLHA))
    assert seat(coughing, OLHA).mic is MicState.COUGHING
    assert events_of(coughing, PressCough(OLHA)) == ()
    assert events_of(coughing, TakeMic(OLHA)) == ()
    assert events_of(coughing, ReleaseCough(OLHA)) == (CoughReleased(OLHA, at=NOW),)
    assert after(coughing, ReleaseCough(OLHA)) == olha_on_air()


def test_who_coughs_can_go_off_air() -> None:
    room = after(olha_on_air(), PressCough(OLHA), ReleaseMic(OLHA))
    assert room == staffed_room()
    assert events_of(room, ReleaseCough(OLHA)) == ()


def test_there_is_no_cough_off_air() -> None:
    assert code_of(staffed_room(), PressCough(OLHA)) is Code.NOT_ON_AIR


def test_a_partner_on_air_keeps_the_microphone_even_while_coughing() -> None:
    assert code_of(olha_on_air(), TakeMic(PETRO)) is Code.PARTNER_ON_AIR
    assert code_of(after(olha_on_air(), PressCough(OLHA)), TakeMic(PETRO)) is Code.PARTNER_ON_AIR


def test_the_partner_keeps_it_from_the_booths_other_direction_too() -> None:
    assert code_of(after(olha_on_air(), SelectOutgoing(PETRO, DE)), TakeMic(PETRO)) is Code.PARTNER_ON_AIR


def test_an_absent_partner_loses_the_microphone_in_the_same_step() -> None:
    away = after(olha_on_air(), StepAway(OLHA))
    assert events_of(away, TakeMic(PETRO)) == (MicReleased(OLHA, at=NOW), MicTaken(PETRO, UK, at=NOW))
    assert seat(after(away, TakeMic(PETRO)), OLHA).mic is MicState.OFF_AIR


def test_a_partner_without_a_live_microphone_loses_it_too() -> None:
    dead = after(olha_on_air(), LoseSource(mic_source(OLHA)))
    assert events_of(dead, TakeMic(PETRO)) == (MicReleased(OLHA, at=NOW), MicTaken(PETRO, UK, at=NOW))


def test_another_booth_keeps_its_channel_whatever_became_of_it() -> None:
    room = after(staffed_room(), TakeMic(EMMA))
    assert code_of(room, TakeMic(FAY)) is Code.CHANNEL_ENGAGED
    assert code_of(after(room, StepAway(EMMA)), TakeMic(FAY)) is Code.CHANNEL_ENGAGED


def test_a_forced_take_over_respects_other_booths() -> None:
    room = after(staffed_room(), TakeMic(OLHA), StepAway(OLHA), SelectOutgoing(PETRO, DE), SelectOutgoing(EMMA, DE))
    assert code_of(after(room, TakeMic(EMMA)), TakeMic(PETRO)) is Code.CHANNEL_ENGAGED


def test_changing_direction_on_air_moves_the_microphone() -> None:
    assert events_of(olha_on_air(), SelectOutgoing(OLHA, DE)) == (OutgoingSelected(OLHA, DE, at=NOW),)
    room = after(olha_on_air(), SelectOutgoing(OLHA, DE))
    assert room.on_air_into(UK) == []
    assert [seat.person for _, seat in room.on_air_into(DE)] == [OLHA]


def test_changing_direction_on_air_into_an_engaged_channel_is_refused() -> None:
    room = after(staffed_room(), TakeMic(EMMA), SelectOutgoing(FAY, UK), TakeMic(FAY))
    assert code_of(room, SelectOutgoing(FAY, EN)) is Code.OUTGOING_WHILE_ON_AIR_ENGAGED
    assert code_of(after(room, ReleaseMic(FAY)), SelectOutgoing(FAY, EN)) is None
