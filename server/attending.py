"""Those who take part from afar, at the engine: everybody on the bus that the room's rules give them, faces in slots.

A session is moved before any voice of its owner is let into a mix: the engine takes moves and mixes in the order in
which they are told. Who leaves the floor keeps their own mix until their voice has faded out of the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from interpreting.buses import FLOOR_BUS_MS
from interpreting.ids import BusId, PersonId, RoomId, SourceId
from interpreting.mix_minus import bus_for
from interpreting.plan import RoutingPlan
from interpreting.room import Room
from interpreting.workshop import MAX_HOLDERS, Place
from server.engine import MediaEngine
from server.routing import MINUS
from server.sessions import Session
from server.switchboard import Switchboard, global_name, small_picture

LINGER_S: Final = 2 * FLOOR_BUS_MS / 1000
"""Longer than a voice takes to fade out of the floor."""

STAGE: Final = "stage"
"""The picture of the newest speaker from afar."""


def face_picture(slot: int) -> str:
    """Return the name of a slot's small picture in a room."""
    return f"face:{slot}"


class Attending:
    """Moves sessions and deals out slots, room by room. On the event loop."""

    def __init__(self, engine: MediaEngine, switchboard: Switchboard) -> None:
        self._engine = engine
        self._switchboard = switchboard
        self._slots: dict[RoomId, dict[SourceId, int]] = {}
        self._stages: dict[RoomId, SourceId | None] = {}
        self._known: dict[RoomId, frozenset[PersonId]] = {}
        self._ends: set[asyncio.Task[None]] = set()

    def slots(self, room: RoomId) -> Mapping[SourceId, int]:
        """Return which slot shows which speaker."""
        return self._slots.get(room, {})

    def seat(self, room: Room) -> None:
        """Put everybody on their bus; to be called before the mixes of the same change are told."""
        for session in self._switchboard.following(room.id):
            assert session.owner is not None
            bus = bus_for(room, session.owner.person)
            if bus is None:
                self._end(session)
            elif bus != session.bus and not _fades_out(session.bus, bus):
                self._switchboard.put_on(session, bus, room.people[session.owner.person].hears)
        for session in self._switchboard.speaking(room.id):
            assert session.owner is not None
            attendee = room.people.get(session.owner.person)
            # A guest's encoder has no page and never came; who came and went sends nothing more.
            has_left = attendee is None and session.owner.person in self._known.get(room.id, ())
            if has_left or (attendee is not None and attendee.place in (Place.WAITING, Place.REMOVED)):
                self._end(session)
        self._known[room.id] = frozenset(room.people)

    def seat_later(self, room: Room) -> None:
        """Put on their bus those whose voice has faded out of it meanwhile."""
        for session in self._switchboard.following(room.id):
            assert session.owner is not None
            bus = bus_for(room, session.owner.person)
            if bus is not None and bus != session.bus:
                self._switchboard.put_on(session, bus, room.people[session.owner.person].hears)

    def show(self, room: RoomId, plan: RoutingPlan) -> None:
        """Put faces into slots; who has one keeps it. The newest speaker has the stage."""
        slots = self._slots.setdefault(room, {})
        for source in slots.keys() - set(plan.faces):
            self._engine.set_picture(global_name(room, face_picture(slots.pop(source))), None)
        for source in plan.faces:
            free = next((slot for slot in range(MAX_HOLDERS) if slot not in slots.values()), None)
            if source not in slots and free is not None:
                slots[source] = free
                self._engine.set_picture(
                    global_name(room, face_picture(free)), global_name(room, small_picture(source))
                )
        newest = plan.faces[-1] if plan.faces else None
        if newest != self._stages.get(room):
            self._stages[room] = newest
            self._engine.set_picture(global_name(room, STAGE), newest and global_name(room, newest))

    def _end(self, session: Session) -> None:
        task = asyncio.get_running_loop().create_task(self._switchboard.end(session))
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)


def _fades_out(before: str, after: BusId) -> bool:
    """Tell whether somebody would hear their own voice fade out on their next bus."""
    return before.startswith(MINUS) and not after.startswith(MINUS)
