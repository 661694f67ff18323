"""What pages are told about a room: the ``state`` object of the wire, ready for JSON.

Titles and listener counts are not the domain's; the caller hands them in and they are only put in place.
"""

from collections.abc import Mapping
from typing import Final

from interpreting.booth import Booth, Seat
from interpreting.ids import DEMO, VENUE
from interpreting.languages import Language
from interpreting.plan import ChannelState, channel_states
from interpreting.roles import Role
from interpreting.room import Room

PUBLIC_ROLES: Final = frozenset({Role.VIEWER, Role.PARTICIPANT})
"""Roles that see which booth interprets, and no person."""


def room_view(
    room: Room,
    audience: Role,
    *,
    title: Mapping[str, str] | None = None,
    listeners: Mapping[str, int] | None = None,
) -> dict[str, object]:
    """Return the room as ``audience`` may see it.

    ``title`` is the room's name by language, ``listeners`` the audience by channel. Viewers and participants
    get booths without seats and handover, and no listener counts.
    """
    is_public = audience in PUBLIC_ROLES
    states = channel_states(room)
    return {
        "room": room.id,
        "title": dict(title or {}),
        "floor_language": room.floor_language,
        "venue": _venue(room),
        "channels": [_channel(room, language, states[language]) for language in room.languages],
        "booths": [_booth(room, booth, is_public=is_public) for booth in room.booths.values()],
        "listeners": None if is_public or listeners is None else dict(listeners),
    }


def _venue(room: Room) -> str:
    """Say whether the hall, only the demo floor, or neither is there."""
    if room.is_live(VENUE):
        return "live"
    return "demo" if room.is_live(DEMO) else "lost"


def _channel(room: Room, language: Language, state: ChannelState) -> dict[str, object]:
    return {
        "channel": language,
        "mode": state.mode.value,
        "fallback": room.fallback(language).value,
        "booth": state.booth,
    }


def _booth(room: Room, booth: Booth, *, is_public: bool) -> dict[str, object]:
    handover = None if is_public else booth.handover
    return {
        "booth": booth.id,
        "languages": list(booth.languages),
        "seats": [] if is_public else [_seat(room, seat) for seat in booth.seats.values()],
        "handover": handover and {"asked_by": handover.asked_by, "accepted": handover.accepted},
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
    }
