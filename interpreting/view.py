"""What pages are told about a room: the ``state`` object of the wire, ready for JSON.

Titles and listener counts are not the domain's; the caller hands them in and they are only put in place. Moments
are whole milliseconds since the Unix epoch, as everywhere on the wire.
"""

from collections.abc import Mapping
from typing import Final

from interpreting.audience import PUBLIC_ROLES, Audience, Circle, circle_of, sees_call
from interpreting.booth import Booth, Seat
from interpreting.ids import DEMO, HALL, HALL_MICS, mic_source
from interpreting.languages import Language
from interpreting.own_view import LINES_SHOWN, Belongings, chat_view, own_view, sender_view
from interpreting.people import Role
from interpreting.plan import ChannelState, channel_states
from interpreting.programme import Item
from interpreting.relay import hears
from interpreting.room import Room
from interpreting.trims import Trim
from interpreting.words import Call
from interpreting.workshop_view import workshop_view

__all__ = ["LINES_SHOWN", "PUBLIC_ITEMS", "PUBLIC_ROLES", "circle_view", "room_view"]

PUBLIC_ITEMS: Final = 3
"""The audience is told the present item and what comes next, not the whole day with each state."""

_TALKING: Final = frozenset(Role) - PUBLIC_ROLES - {Role.SPEAKER}


def room_view(
    room: Room,
    audience: Audience | Role,
    *,
    title: Mapping[str, str] | None = None,
    listeners: Mapping[str, int] | None = None,
) -> dict[str, object]:
    """Return the room as ``audience`` may see it; a role alone stands for those of it without booth and person.

    ``title`` is the room's name by language, ``listeners`` the audience by channel.
    """
    audience = Audience(audience) if isinstance(audience, Role) else audience
    belongings = Belongings(room)
    return {
        **circle_view(room, circle_of(room, audience), title=title, listeners=listeners),
        **own_view(belongings.of(audience)),
        "chat": chat_view(belongings.lines(audience)),
    }


def circle_view(
    room: Room,
    circle: Circle,
    *,
    title: Mapping[str, str] | None = None,
    listeners: Mapping[str, int] | None = None,
) -> dict[str, object]:
    """Return what all of a circle see alike; the rest is ``own_view``'s and ``chat_view``'s.

    Viewers and participants get booths without seats, handover and shift, no listener counts, and no call.
    """
    is_public = circle.is_public
    states = channel_states(room)
    return {
        "room": room.id,
        "title": dict(title or {}),
        "floor_language": room.floor_language,
        "venue": _venue(room),
        "venue_source": room.venue_now or room.venue_source,
        "venue_sources": [] if is_public else [source for source in HALL if room.is_live(source)],
        "venue_microphones": [] if is_public else [{"source": mic, "live": room.is_live(mic)} for mic in HALL_MICS],
        "is_held": room.is_held,
        "items": [_item(item) for item in _items_for(room, circle)],
        "item": room.item_now and room.item_now.id,
        "item_since": _ms(room.item_since) if room.item_now else None,
        "trims": {source: _trim(trim) for source, trim in room.trims.items()} if circle.is_staff else {},
        "recording": room.recording and {"id": room.recording, "since": _ms(room.recording_since)},
        "interlock": None if is_public else room.interlock.value,
        "channels": [_channel(room, language, states[language]) for language in room.languages],
        "booths": [_booth(room, booth, is_public=is_public) for booth in room.booths.values()],
        "listeners": None if is_public or listeners is None else dict(listeners),
        "calls": [_call(call) for call in room.calls if sees_call(circle, call)] if circle.role in _TALKING else [],
        **workshop_view(room, circle),
    }


def _trim(trim: Trim) -> dict[str, object]:
    return {
        "gain_db": trim.gain_db,
        "delay_ms": trim.delay_ms,
        "high_pass": trim.high_pass,
        "gate": trim.gate,
        "muted": trim.muted,
    }


def _venue(room: Room) -> str:
    """Say whether the hall, or a video message in its place, only the demo floor, or neither is there."""
    if room.venue_now or room.is_playing_out:
        return "live"
    return "demo" if room.is_live(DEMO) else "lost"


def _items_for(room: Room, circle: Circle) -> tuple[Item, ...]:
    if not circle.is_public:
        return room.items
    first = next((place for place, item in enumerate(room.items) if item.id == room.item), 0)
    return room.items[first : first + PUBLIC_ITEMS]


def _item(item: Item) -> dict[str, object]:
    return {
        "id": item.id,
        "title": dict(item.title),
        "speaker": item.speaker,
        "language": item.language,
        "kind": item.kind.value,
        "starts": item.starts,
    }


def _channel(room: Room, language: Language, state: ChannelState) -> dict[str, object]:
    return {
        "channel": language,
        "mode": state.mode.value,
        "fallback": room.fallback(language).value,
        "booth": state.booth,
        "engaged_by": list(state.engaged_by),
        "relay": state.relay,
    }


def _booth(room: Room, booth: Booth, *, is_public: bool) -> dict[str, object]:
    handover = None if is_public else booth.handover
    minutes = None if is_public else booth.shift_minutes
    return {
        "booth": booth.id,
        "languages": list(booth.languages),
        "seats": [] if is_public else [_seat(room, seat) for seat in booth.seats.values()],
        "handover": handover and {"asked_by": handover.asked_by, "accepted": handover.accepted},
        "shift": minutes and {"minutes": minutes, "since": _ms(booth.shift_since)},
    }


def _seat(room: Room, seat: Seat) -> dict[str, object]:
    return {
        "person": seat.person,
        "name": seat.name,
        "mic": seat.mic.value,
        "live": room.has_live_mic(seat.person),
        "present": seat.present,
        "outgoing": seat.outgoing,
        "incoming": seat.incoming,
        "pivot": seat.pivot,
        "hears": hears(room, seat),
        "consents": room.consents_to(mic_source(seat.person)),
    }


def _call(call: Call) -> dict[str, object]:
    return {**sender_view(call), "answered": call.answered}


def _ms(moment: float | None) -> int | None:
    return None if moment is None else round(moment * 1000)
