"""Relay: what an interpreter may listen to, so that nobody ends up interpreting themselves.

Two rules, checked by every command that could break them:

1. Nobody's incoming is their own selected outgoing, on air or off (``incoming_is_own_outgoing``).
2. Among interpreters on air, "speaks into this channel, listens to that one" never forms a ring
   (``relay_cycle``). Who is off air passes nothing on, so an ear to any channel is free until the microphone
   opens. One per outgoing channel is on air, so each channel has at most one such arrow and a ring is found
   by walking it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interpreting.errors import Code, Refused
from interpreting.languages import FLOOR

if TYPE_CHECKING:
    from interpreting.booth import Seat
    from interpreting.ids import PersonId
    from interpreting.languages import Channel, Language
    from interpreting.room import Room


def check_listening(room: Room, seat: Seat, *, on_air: bool, instead_of: PersonId | None = None) -> None:
    """Raise ``Refused`` when the seat as it would be breaks one of the two rules.

    ``seat`` carries the incoming and outgoing that it would have; ``on_air`` says whether it would be on air;
    ``instead_of`` names who goes off air in the same step.
    """
    if seat.incoming == seat.outgoing:
        raise Refused(Code.INCOMING_IS_OWN_OUTGOING)
    if not on_air:
        return
    others = {
        other.outgoing: other.incoming for other in room.seats_on_air() if other.person not in {seat.person, instead_of}
    }
    if _leads_back(others, seat.incoming, seat.outgoing):
        raise Refused(Code.RELAY_CYCLE)


def _leads_back(arrows: dict[Language, Channel], start: Channel, goal: Language) -> bool:
    """Walk from ``start`` along the other interpreters' arrows, which have no ring among themselves."""
    channel: Channel | None = start
    while channel is not None and channel != FLOOR:
        if channel == goal:
            return True
        channel = arrows.get(channel)
    return False
