"""How a booth's microphone passes from one interpreter to the other: ask, accept, switch.

Either side asks, the other accepts, the one on air chooses the moment. The tables are in ``transitions``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from interpreting.booth import Booth, Seat
from interpreting.commands import (
    AcceptHandover,
    AskHandover,
    DeclineHandover,
    HandoverCommand,
    SwitchHandover,
)
from interpreting.errors import Code, Refused
from interpreting.events import Event, HandoverAccepted, HandoverAsked, HandoverDeclined, HandoverSwitched
from interpreting.ids import PersonId
from interpreting.relay import check_listening
from interpreting.transitions import HANDOVER, HANDOVER_REFUSALS, Party, Phase

if TYPE_CHECKING:
    from interpreting.room import Room


def decide_handover(room: Room, command: HandoverCommand, now: float) -> tuple[Event, ...]:
    """Return the facts that the command makes; raise ``Refused`` when the rules forbid it."""
    booth, seat = seated(room, command.by)
    before = _phase(booth)
    after = HANDOVER.get((before, type(command), _party(booth, command.by)))
    if after is None:
        raise Refused(HANDOVER_REFUSALS[before, type(command)])
    if after is before:
        return ()
    match command:
        case AskHandover() if before is Phase.NONE:
            _check_other_side(booth, seat)
            return (HandoverAsked(command.by, at=now),)
        case AskHandover() | AcceptHandover():
            return (HandoverAccepted(command.by, at=now),)
        case DeclineHandover():
            return (HandoverDeclined(command.by, at=now),)
        case SwitchHandover():
            return _switch(room, booth, seat, now)
        case _:
            assert_never(command)


def seated(room: Room, person: PersonId) -> tuple[Booth, Seat]:
    """Return the person's booth and seat, or raise ``Refused`` (``not_in_booth``)."""
    booth = room.booth_of(person)
    if booth is None:
        raise Refused(Code.NOT_IN_BOOTH)
    return booth, booth.seats[person]


def _phase(booth: Booth) -> Phase:
    if booth.handover is None:
        return Phase.NONE
    return Phase.ACCEPTED if booth.handover.accepted else Phase.ASKED


def _party(booth: Booth, person: PersonId) -> Party:
    """Return what the person is to the booth's handover, as ``Party`` says."""
    handover, on_air = booth.handover, booth.on_air
    if handover is None or on_air is None:
        return Party.OUTSIDER
    if person == handover.asked_by:
        return Party.ASKER
    if handover.accepted:
        return Party.ANSWERER if person == handover.accepted_by else Party.OUTSIDER
    return Party.ANSWERER if on_air.person in (handover.asked_by, person) else Party.OUTSIDER


def _check_other_side(booth: Booth, seat: Seat) -> None:
    """Raise ``Refused`` when there is nobody to hand over to, or nobody to take over from."""
    if booth.on_air is None:
        raise Refused(Code.NOT_ON_AIR)
    partners = (other for other in booth.seats.values() if other.person != seat.person)
    if seat.is_on_air and not any(partner.present for partner in partners):
        raise Refused(Code.NOBODY_TO_HAND_OVER_TO)


def _switch(room: Room, booth: Booth, seat: Seat, now: float) -> tuple[Event, ...]:
    """Return the switch from ``seat``, one of the two sides, to the other side."""
    if not seat.is_on_air:
        raise Refused(Code.NOT_ON_AIR)
    taker = next(
        other for other in booth.seats.values() if other != seat and _party(booth, other.person) is not Party.OUTSIDER
    )
    if not taker.present:
        raise Refused(Code.NOBODY_TO_HAND_OVER_TO)
    check_listening(room, replace(taker, outgoing=seat.outgoing), on_air=True, instead_of=[seat.person])
    return (HandoverSwitched(seat.person, taker.person, seat.outgoing, at=now),)
