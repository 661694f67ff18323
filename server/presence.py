"""Whose page is connected: who steps away, comes back, and after half a minute has left.

A seat in a booth and a place in the room wait for their owner equally long. What the rules make of it is the room's.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from interpreting.commands import Command, EnterBooth, LeaveBooth, StepAway
from interpreting.errors import Refused
from interpreting.ids import PersonId, RoomId
from interpreting.room import Room
from interpreting.workshop import Place
from interpreting.workshop_commands import EnterRoom, LeaveRoom
from server.store.base import StoreUnavailable

ABSENCE_S: Final = 30.0


class House(Protocol):
    """What is asked of the conductor."""

    def room(self, id: RoomId) -> Room:
        """Return a room as it is now."""
        ...

    def note(self, id: RoomId, fact: StepAway) -> None:
        """Take in that somebody's connection is gone."""
        ...

    async def execute(self, id: RoomId, command: Command, *, only_if: Callable[[], bool] | None = None) -> int:
        """Carry out a command. Raises Refused and StoreUnavailable."""
        ...


class Presence:
    """Who is here and since when others are not; `monotonic` counts seconds and never jumps."""

    def __init__(self, house: House, monotonic: Callable[[], float]) -> None:
        self._house = house
        self._monotonic = monotonic
        self._pages: set[tuple[RoomId, PersonId]] = set()
        self._absent_since: dict[tuple[RoomId, PersonId], float] = {}

    async def page_opened(self, room: RoomId, person: PersonId) -> None:
        """Somebody's page is connected: who has a seat or a place is back in it."""
        self._pages.add((room, person))
        self._absent_since.pop((room, person), None)
        await self._let_back(room, person)

    def page_closed(self, room: RoomId, person: PersonId) -> None:
        """Somebody's last page is gone: they step away, and leave unless back in 30 s."""
        self._pages.discard((room, person))
        self._absent_since[room, person] = self._monotonic()
        now = self._house.room(room)
        attendee = now.people.get(person)
        if now.seat_of(person) is not None or (attendee is not None and attendee.present):
            self._house.note(room, StepAway(person))

    def expect(self, room: Room) -> None:
        """Give everybody who was loaded without a page the time to come back."""
        seated = [seat.person for booth in room.booths.values() for seat in booth.seats.values() if not seat.present]
        away = [one.person for one in room.people.values() if not one.present and one.place is not Place.REMOVED]
        for person in (*seated, *away):
            if (room.id, person) not in self._pages:
                self._absent_since.setdefault((room.id, person), self._monotonic())

    async def tick(self, now: float) -> None:
        """Do what is due at `now` on the monotonic clock."""
        for (room, person), since in tuple(self._absent_since.items()):
            if now - since >= ABSENCE_S:
                await self._let_leave(room, person)
        for room, person in tuple(self._pages):
            await self._let_back(room, person)

    async def _let_back(self, room: RoomId, person: PersonId) -> None:
        """Bring back a person whose page is connected; tried again at the next tick while the store is out of reach."""
        now = self._house.room(room)
        booth, attendee = now.booth_of(person), now.people.get(person)
        back: Command | None = None
        if booth is not None and not booth.seats[person].present:
            back = EnterBooth(person, booth.id, booth.seats[person].name)
        elif attendee is not None and not attendee.present and attendee.place is not Place.REMOVED:
            back = EnterRoom(person, attendee.name, None, attendee.role, is_named=True)
        if back is not None:
            with suppress(Refused, StoreUnavailable):
                await self._house.execute(room, back, only_if=lambda: (room, person) in self._pages)

    async def _let_leave(self, room: RoomId, person: PersonId) -> None:
        place = room, person
        # Tried again at the next tick while the store is out of reach.
        with suppress(StoreUnavailable):
            for leave in (LeaveBooth(person), LeaveRoom(person)):
                with suppress(Refused):
                    await self._house.execute(room, leave, only_if=lambda: place in self._absent_since)
            self._absent_since.pop(place, None)
