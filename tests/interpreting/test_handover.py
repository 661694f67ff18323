"""Handover: either side asks, the other accepts, the one on air chooses the moment."""

from dataclasses import replace

import pytest

from interpreting.booth import Handover, MicState
from interpreting.commands import (
    AcceptHandover,
    AskHandover,
    Command,
    DeclineHandover,
    EnterBooth,
    LeaveBooth,
    LoseSource,
    PressCough,
    ReleaseMic,
    SelectOutgoing,
    StepAway,
    SwitchHandover,
    TakeMic,
)
from interpreting.errors import Code
from interpreting.events import HandoverAccepted, HandoverAsked, HandoverDeclined, HandoverSwitched
from interpreting.ids import PersonId, mic_source
from interpreting.room import Room
from tests.interpreting.plenary import (
    DE,
    DE_UK,
    NOW,
    OLHA,
    PETRO,
    QUINN,
    STRANGER,
    UK,
    after,
    code_of,
    events_of,
    olha_on_air,
    seat,
    staffed_room,
)


def three_seats() -> Room:
    """Return the plenary with Olha on air and two colleagues in her booth."""
    return after(olha_on_air(), EnterBooth(QUINN, DE_UK, "Quinn"))


def accepted() -> Room:
    """Return the plenary where Olha, on air, has offered and Petro accepted."""
    return after(olha_on_air(), AskHandover(OLHA), AcceptHandover(PETRO))


@pytest.mark.parametrize(("asker", "other"), [(OLHA, PETRO), (PETRO, OLHA)])
def test_either_side_asks_and_the_one_on_air_switches(asker: PersonId, other: PersonId) -> None:
    assert events_of(olha_on_air(), AskHandover(asker)) == (HandoverAsked(asker, at=NOW),)
    asked = after(olha_on_air(), AskHandover(asker))
    assert asked.booths[DE_UK].handover == Handover(asker)
    assert events_of(asked, AcceptHandover(other)) == (HandoverAccepted(other, at=NOW),)
    agreed = after(asked, AcceptHandover(other))
    assert agreed.booths[DE_UK].handover == Handover(asker, other)
    assert events_of(agreed, SwitchHandover(OLHA)) == (HandoverSwitched(OLHA, PETRO, UK, at=NOW),)
    switched = after(agreed, SwitchHandover(OLHA))
    assert seat(switched, OLHA).mic is MicState.OFF_AIR
    assert seat(switched, PETRO).mic is MicState.ON_AIR
    assert switched.booths[DE_UK].handover is None


def test_the_microphone_does_not_move_before_the_switch() -> None:
    assert seat(accepted(), OLHA).mic is MicState.ON_AIR
    assert seat(accepted(), PETRO).mic is MicState.OFF_AIR


def test_the_new_one_takes_the_old_ones_direction() -> None:
    room = after(accepted(), SelectOutgoing(PETRO, DE), SwitchHandover(OLHA))
    assert seat(room, PETRO).outgoing == UK


def test_the_new_one_is_heard_though_the_old_one_coughed() -> None:
    room = after(accepted(), PressCough(OLHA), SwitchHandover(OLHA))
    assert seat(room, OLHA).mic is MicState.OFF_AIR
    assert seat(room, PETRO).mic is MicState.ON_AIR


def test_two_who_ask_each_other_agree() -> None:
    asked = after(olha_on_air(), AskHandover(PETRO))
    assert events_of(asked, AskHandover(OLHA)) == (HandoverAccepted(OLHA, at=NOW),)


@pytest.mark.parametrize(
    ("before", "again"),
    [
        ([AskHandover(OLHA)], AskHandover(OLHA)),
        ([AskHandover(OLHA), AcceptHandover(PETRO)], AcceptHandover(PETRO)),
        ([AskHandover(OLHA), AcceptHandover(PETRO)], AskHandover(PETRO)),
        ([AskHandover(OLHA), AcceptHandover(PETRO)], AskHandover(OLHA)),
        ([], DeclineHandover(OLHA)),
        ([], DeclineHandover(PETRO)),
    ],
)
def test_saying_it_again_is_nothing_new(before: list[Command], again: Command) -> None:
    assert events_of(after(olha_on_air(), *before), again) == ()


@pytest.mark.parametrize("who", [OLHA, PETRO])
@pytest.mark.parametrize("before", [[AskHandover(PETRO)], [AskHandover(PETRO), AcceptHandover(OLHA)]])
def test_either_side_calls_it_off_at_any_time(before: list[Command], who: PersonId) -> None:
    room = after(olha_on_air(), *before)
    assert events_of(room, DeclineHandover(who)) == (HandoverDeclined(who, at=NOW),)
    assert after(room, DeclineHandover(who)) == olha_on_air()


@pytest.mark.parametrize(
    ("before", "command", "code"),
    [
        ([], AcceptHandover(PETRO), Code.NO_HANDOVER),
        ([], SwitchHandover(OLHA), Code.NO_HANDOVER),
        ([], AskHandover(STRANGER), Code.NOT_IN_BOOTH),
        ([AskHandover(OLHA)], AcceptHandover(OLHA), Code.NOT_YOURS_TO_ACCEPT),
        ([AskHandover(PETRO)], AcceptHandover(PETRO), Code.NOT_YOURS_TO_ACCEPT),
        ([AskHandover(PETRO)], SwitchHandover(OLHA), Code.NOT_ACCEPTED),
        ([AskHandover(OLHA), AcceptHandover(PETRO)], SwitchHandover(PETRO), Code.NOT_ON_AIR),
        ([AskHandover(PETRO), AcceptHandover(OLHA)], SwitchHandover(PETRO), Code.NOT_ON_AIR),
        (
            [AskHandover(OLHA), AcceptHandover(PETRO), StepAway(PETRO)],
            SwitchHandover(OLHA),
            Code.NOBODY_TO_HAND_OVER_TO,
        ),
        ([StepAway(PETRO)], AskHandover(OLHA), Code.NOBODY_TO_HAND_OVER_TO),
        ([LeaveBooth(PETRO)], AskHandover(OLHA), Code.NOBODY_TO_HAND_OVER_TO),
        ([ReleaseMic(OLHA)], AskHandover(OLHA), Code.NOT_ON_AIR),
        ([ReleaseMic(OLHA)], AskHandover(PETRO), Code.NOT_ON_AIR),
    ],
)
def test_what_is_refused(before: list[Command], command: Command, code: Code) -> None:
    assert code_of(after(olha_on_air(), *before), command) is code


@pytest.mark.parametrize(
    ("before", "command", "code"),
    [
        ([AskHandover(PETRO)], AskHandover(QUINN), Code.HANDOVER_PENDING),
        ([AskHandover(PETRO)], AcceptHandover(QUINN), Code.NOT_YOURS_TO_ACCEPT),
        ([AskHandover(PETRO)], DeclineHandover(QUINN), Code.NOT_YOURS_TO_ACCEPT),
        ([AskHandover(OLHA), AcceptHandover(PETRO)], AskHandover(QUINN), Code.HANDOVER_PENDING),
        ([AskHandover(OLHA), AcceptHandover(PETRO)], AcceptHandover(QUINN), Code.NOT_YOURS_TO_ACCEPT),
        ([AskHandover(OLHA), AcceptHandover(PETRO)], DeclineHandover(QUINN), Code.NOT_YOURS_TO_ACCEPT),
    ],
)
def test_a_third_colleague_stays_out_of_it(before: list[Command], command: Command, code: Code) -> None:
    assert code_of(after(three_seats(), *before), command) is code


def test_an_offer_is_for_whichever_colleague_accepts_first() -> None:
    room = after(three_seats(), AskHandover(OLHA), AcceptHandover(QUINN), SwitchHandover(OLHA))
    assert seat(room, QUINN).mic is MicState.ON_AIR
    assert seat(room, PETRO).mic is MicState.OFF_AIR


@pytest.mark.parametrize("ends_it", [ReleaseMic(OLHA), LeaveBooth(OLHA), LeaveBooth(PETRO)])
def test_a_handover_lapses_with_its_sides(ends_it: Command) -> None:
    assert after(accepted(), ends_it).booths[DE_UK].handover is None


def test_a_forced_take_over_ends_the_handover() -> None:
    room = after(accepted(), LoseSource(mic_source(OLHA)), TakeMic(PETRO))
    assert room.booths[DE_UK].handover is None
    assert seat(room, PETRO).mic is MicState.ON_AIR


def test_another_booth_has_a_handover_of_its_own() -> None:
    room = staffed_room()
    others = {booth_id: booth for booth_id, booth in room.booths.items() if booth_id != DE_UK}
    switched = after(room, TakeMic(OLHA), AskHandover(PETRO), AcceptHandover(OLHA), SwitchHandover(OLHA))
    assert switched == replace(room, booths={**others, DE_UK: switched.booths[DE_UK]})
