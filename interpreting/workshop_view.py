"""What pages are told about those who take part from afar: the workshop's part of the ``state`` object.

Who runs the room sees everybody. Who takes part sees who speaks and themselves, once they are let in, and who else is
there where the room shows it. Viewers see no person.
"""

from __future__ import annotations

from interpreting.audience import Audience, is_inside
from interpreting.ids import PersonId, speaker_source
from interpreting.people import Role
from interpreting.room import Room
from interpreting.workshop import Attendee, Hand, Holder, Place


def workshop_view(room: Room, audience: Audience) -> dict[str, object]:
    """Return the fields of the state, ready for JSON; every audience gets all of them, empty where not for them."""
    sees_room = is_inside(room, audience)
    is_at_work = sees_room and audience.role is not Role.PARTICIPANT
    return {
        "door": room.door.value,
        "is_closed": room.is_closed,
        "own": _own(room, audience.person) if audience.is_attending else None,
        "speakers": [_speaker(room, holder) for holder in room.holders] if sees_room else [],
        "people": _people(room, audience),
        "hands": [_hand(hand) for hand in room.hands] if audience.is_staff else [],
        "floor_lost": [_lost(room, one.person, one.at) for one in room.lost_floors] if audience.is_staff else [],
        "follows_speaker": room.follows_speaker if audience.is_staff else None,
        "timer": _timer(room) if sees_room else None,
        "venue_hears": list(room.venue_hears) if audience.is_staff or audience.role is Role.VENUE else [],
        "playout": _playout(room) if is_at_work else None,
    }


def _own(room: Room, person: PersonId | None) -> dict[str, object] | None:
    attendee = room.people.get(person) if person else None
    if attendee is None:
        return None
    holder = room.holder(attendee.person)
    return {
        "place": attendee.place.value,
        "speaks": attendee.speaks,
        "hears": attendee.hears,
        "hand": next((place for place, hand in enumerate(room.hands) if hand.person == person), None),
        "has_floor": holder is not None,
        "muted": _muted(holder) if holder else None,
    }


def _speaker(room: Room, holder: Holder) -> dict[str, object]:
    attendee = room.people[holder.person]
    return {
        "person": holder.person,
        "name": attendee.name,
        "language": attendee.speaks,
        "since": _ms(holder.since),
        "live": room.is_live(speaker_source(holder.person)),
        "muted": _muted(holder),
    }


def _muted(holder: Holder) -> str | None:
    """Say who shut the microphone: one can open one's own again."""
    if holder.muted_by is None:
        return None
    return "self" if holder.muted_by == holder.person else "moderator"


def _people(room: Room, audience: Audience) -> list[dict[str, object]]:
    if audience.is_staff:
        return [_attendee(room, attendee) for attendee in room.people.values()]
    if room.is_closed or not room.shows_roster or not audience.is_attending or not is_inside(room, audience):
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
        "talks_backstage": attendee.talks_backstage,
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
