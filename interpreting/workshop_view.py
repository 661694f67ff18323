"""What pages are told about those who take part from afar: the workshop's part of the ``state`` object.

Who runs the room sees everybody. Who takes part sees who speaks, once they are let in, and who else is there where the
room shows it. Viewers see no person. What is somebody's own is in ``own_view``.
"""

from __future__ import annotations

from interpreting.audience import Circle
from interpreting.ids import PersonId, speaker_source
from interpreting.people import Role
from interpreting.room import Room
from interpreting.workshop import Attendee, Hand, Holder, Place


def workshop_view(room: Room, circle: Circle) -> dict[str, object]:
    """Return the fields of the state, ready for JSON; every circle gets all of them, empty where not for them."""
    is_at_work = circle.is_inside and circle.role is not Role.PARTICIPANT
    return {
        "door": room.door.value,
        "is_closed": room.is_closed,
        "speakers": [_speaker(room, holder) for holder in room.holders] if circle.is_inside else [],
        "people": _people(room, circle),
        "hands": [_hand(hand) for hand in room.hands] if circle.is_staff else [],
        "floor_lost": [_lost(room, one.person, one.at) for one in room.lost_floors] if circle.is_staff else [],
        "follows_speaker": room.follows_speaker if circle.is_staff else None,
        "timer": _timer(room) if circle.is_inside else None,
        "venue_hears": list(room.venue_hears) if circle.is_staff or circle.role is Role.VENUE else [],
        "playout": _playout(room) if is_at_work else None,
    }


def muted_by(holder: Holder) -> str | None:
    """Say who shut the microphone: one can open one's own again."""
    if holder.muted_by is None:
        return None
    return "self" if holder.muted_by == holder.person else "moderator"


def _speaker(room: Room, holder: Holder) -> dict[str, object]:
    attendee = room.people[holder.person]
    return {
        "person": holder.person,
        "name": attendee.name,
        "language": attendee.speaks,
        "since": _ms(holder.since),
        "live": room.is_live(speaker_source(holder.person)),
        "muted": muted_by(holder),
    }


def _people(room: Room, circle: Circle) -> list[dict[str, object]]:
    if circle.is_staff:
        return [_attendee(room, attendee) for attendee in room.people.values()]
    if room.is_closed or not room.shows_roster or not circle.is_attending or not circle.is_inside:
        return []
    seated = (attendee for attendee in room.people.values() if attendee.place is Place.SEATED)
    return [{"person": one.person, "name": one.name, "role": one.role.value, "speaks": one.speaks} for one in seated]


def _attendee(room: Room, attendee: Attendee) -> dict[str, object]:
    return {
        "person": attendee.person,
        "name": attendee.name,
        "role": attendee.role.value,
        "speaks": attendee.speaks,
        "hears": attendee.hears,
        "place": attendee.place.value,
        "present": attendee.present,
        "live": room.is_live(speaker_source(attendee.person)),
    }


def _hand(hand: Hand) -> dict[str, object]:
    return {
        "hand": hand.id,
        "person": hand.person,
        "label": hand.label,
        "language": hand.language,
        "since": _ms(hand.since),
    }


def _lost(room: Room, person: PersonId, at: float) -> dict[str, object]:
    return {"person": person, "name": room.people[person].name, "at": _ms(at)}


def _timer(room: Room) -> dict[str, object] | None:
    if room.timer is None:
        return None
    return {"since": _ms(room.timer.since), "seconds": room.timer.seconds}


def _playout(room: Room) -> dict[str, object] | None:
    playout = room.playout
    if playout is None:
        return None
    return {
        "item": playout.item,
        "asset": playout.asset,
        "seconds": playout.seconds,
        "reel": playout.reel.value,
        "since": None if playout.since is None else _ms(playout.since),
        "played": playout.played_s,
    }


def _ms(moment: float) -> int:
    return round(moment * 1000)
