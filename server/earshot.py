"""What somebody may listen to beyond the channels: their own mix, the hall's return, one source or bus for the desk.

Everybody hears a room's channels. Who takes part hears what the room's rules give them, by whatever channel they came,
and is moved when that changes; the addresses of the others are

    return, return:de     the hall's loudspeakers: those far away, without the hall; role venue
    solo:SOURCE           one source by itself; the desk. A booth's microphone is the technician's alone
    intercom              what is said to one's side by the intercom; technician, moderator, venue, interpreters
    bus:BUS               any bus of the room's plan; the desk
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from interpreting.buses import MINUS_VENUE, venue_bus
from interpreting.ids import FLOOR, BusId, Language, PersonId, SourceId, SourceKind
from interpreting.intercom import heard_by
from interpreting.plan import RoutingPlan, bus_for, bus_of
from interpreting.roles import Role
from interpreting.room import Room
from interpreting.workshop import Place
from server.coverage import DESK_ROLES
from server.problems import Problem
from server.tokens import Invitation

RETURN: Final = "return"
SOLO: Final = "solo"
BUS: Final = "bus"
INTERCOM: Final = "intercom"
ATTENDING: Final = frozenset({Role.PARTICIPANT, Role.SPEAKER})


@dataclass(frozen=True, slots=True)
class Wish:
    """A bus that somebody may hear; `follows` says that the room's rules may give them another one at any time, `solo`
    that the bus is to be made of this source.
    """

    bus: BusId
    follows: bool = False
    solo: SourceId | None = None


def grant(room: Room, plan: RoutingPlan, channel: str, under: bool, invitation: Invitation | None) -> Wish:
    """Return what somebody hears who asks for a channel.

    Raises Problem channel_unknown, forbidden, source_unknown; and for those who take part not_in_room, not_admitted or
    removed, while the room gives them nothing to hear.
    """
    form, _, name = channel.partition(":")
    if form == RETURN:
        return _return(room, name, invitation)
    if channel == INTERCOM:
        bus = None if invitation is None else heard_by(invitation.role, invitation.booth)
        if bus is None:
            raise Problem("forbidden")
        return Wish(bus)
    if form in (SOLO, BUS) and name:
        return _desk(room, plan, form, name, invitation)
    if channel != FLOOR and channel not in room.languages:
        raise Problem("channel_unknown")
    if invitation is not None and takes_part(room, invitation):
        check_admitted(room, invitation.person)
        bus = bus_for(room, invitation.person)
        if bus is not None:
            return Wish(bus, follows=True)
    return Wish(bus_of(FLOOR if channel == FLOOR else Language(channel), original_under=under))


def takes_part(room: Room, invitation: Invitation) -> bool:
    """Tell whether the rules decide what they hear: participants and guests always, moderators once they came in."""
    if invitation.role is Role.MODERATOR:
        return invitation.person in room.people
    return invitation.role in ATTENDING


def check_admitted(room: Room, person: PersonId) -> None:
    """Raise Problem not_in_room, not_admitted or removed for somebody who may neither hear nor speak."""
    attendee = room.people.get(person)
    if attendee is None:
        raise Problem("not_in_room")
    if attendee.place is Place.REMOVED:
        raise Problem("removed")
    if attendee.place is Place.WAITING:
        raise Problem("not_admitted", 403)


def check_speaking(room: Room, invitation: Invitation) -> None:
    """Raise Problem not_in_room, not_admitted or removed for somebody who may not send into the room.

    A guest's encoder, which has no page, is let in by its token alone.
    """
    if invitation.role in (Role.PARTICIPANT, Role.MODERATOR) or invitation.person in room.people:
        check_admitted(room, invitation.person)


def is_removed(room: Room, person: PersonId | None) -> bool:
    """Tell whether somebody was sent out of a room."""
    attendee = room.people.get(person) if person else None
    return attendee is not None and attendee.place is Place.REMOVED


def _return(room: Room, language: str, invitation: Invitation | None) -> Wish:
    if invitation is None or invitation.role is not Role.VENUE:
        raise Problem("forbidden")
    if not language:
        return Wish(MINUS_VENUE)
    if language not in room.languages:
        raise Problem("channel_unknown")
    return Wish(venue_bus(Language(language)))


def _desk(room: Room, plan: RoutingPlan, form: str, name: str, invitation: Invitation | None) -> Wish:
    if invitation is None or invitation.role not in DESK_ROLES:
        raise Problem("forbidden")
    if form == BUS:
        if name not in plan.mixes:
            raise Problem("channel_unknown")
        return Wish(BusId(name))
    source = SourceId(name)
    kind = room.sources.get(source)
    if kind is None:
        raise Problem("source_unknown", 404)
    if kind is SourceKind.MIC and invitation.role is not Role.TECHNICIAN:
        raise Problem("forbidden")
    return Wish(BusId(f"{SOLO}:{source}"), solo=source)
