"""Which rooms an invitation opens.

Most people belong to one room. Interpreters and moderators may be invited to several, and change between them. Who
looks after the whole conference, its technician and its organiser, holds one invitation for all rooms of the
conference that its room is in. Doors ask here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from interpreting.ids import RoomId
from interpreting.roles import Role
from server.config_rooms import ConferenceConfig
from server.tokens import Invitation

CONFERENCE_ROLES: Final = frozenset({Role.TECHNICIAN, Role.ORGANISER})
"""Roles whose invitation is for all rooms of a conference."""

DESK_ROLES: Final = CONFERENCE_ROLES | {Role.MODERATOR}
"""Roles that sit at the desk, each seeing the rooms that its invitation covers."""


def rooms_of(invitation: Invitation, conferences: Sequence[ConferenceConfig]) -> tuple[RoomId, ...]:
    """Return the rooms an invitation is for, in their order; none when its room is no longer there."""
    for conference in conferences:
        rooms = tuple(room.id for room in conference.rooms)
        if invitation.room in rooms:
            if invitation.role in CONFERENCE_ROLES:
                return rooms
            return tuple(room for room in rooms if room == invitation.room or room in invitation.also)
    return ()


def covers(invitation: Invitation, room: RoomId, conferences: Sequence[ConferenceConfig]) -> bool:
    """Tell whether an invitation opens this room."""
    return room in rooms_of(invitation, conferences)
