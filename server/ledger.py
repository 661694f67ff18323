"""One room's state and its log in the store: loaded at start, appended to before the state changes.

What lasts is stored first and true afterwards; when the store cannot be used, the command is refused and nothing
has changed. What lives only as long as a connection (sources, who is present) is never stored: no outage of the
store may delay a fall back to the floor, and after a restart all connections are gone anyway. What a lost connection
decides for good (the hall's other sender is selected) is true at once as well, and owed to the store until it takes it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from interpreting.codec import event_to_dict, events_from_dicts, room_from_dict, room_to_dict
from interpreting.commands import Command, ConnectSource, LoseSource, StepAway, TalkTo
from interpreting.errors import InterpretingError
from interpreting.events import Event, VenueSelected
from interpreting.room import Room, replay
from interpreting.workshop import Place
from interpreting.workshop_events import PlayoutStopped
from server.store.base import Log, Store, StoreUnavailable, VersionConflict

_log = logging.getLogger(__name__)

EVENTS_A_SNAPSHOT: Final = 100
Connection: TypeAlias = ConnectSource | LoseSource | StepAway
"""What is true of connections alone."""


class Ledger:
    """A room and its version.

    `room` is always usable; `testify` is told every event that has become true. While `is_loaded` is False, the store
    may know otherwise, and only connections change it.
    """

    def __init__(
        self, configured: Room, store: Store, testify: Callable[[Sequence[Event]], None] = lambda events: None
    ) -> None:
        self.room = configured
        self.version = 0
        self.is_loaded = False
        self._configured = configured
        self._store = store
        self._testify = testify
        self._snapshot_version = 0
        self._owed: tuple[Event, ...] = ()

    async def load(self) -> None:
        """Agree with the store: take over what it knows, or tell it what it has lost. Raises StoreUnavailable."""
        log = await self._store.load(self.room.id)
        if log.version < self.version:
            await self._store.save_snapshot(self.room.id, self.version, room_to_dict(self.room))
            self._snapshot_version = self.version
        else:
            self._adopt(log)
        self.is_loaded = True

    def note(self, command: Connection, now: float) -> bool:
        """Take in a fact about connections at once, also while `change` waits for the store; False when known."""
        events = self.room.apply(command, now)
        self.room = replay(self.room, events)
        self._testify(events)
        self._owed += tuple(event for event in events if isinstance(event, VenueSelected | PlayoutStopped))
        return bool(events)

    async def settle(self) -> None:
        """Store what is owed, if anything is. Raises StoreUnavailable; calls must not overlap with `change`."""
        for _ in range(2):
            if not self._owed or (self.is_loaded and await self._append(())):
                return
            await self.load()

    async def change(self, command: Command, now: float) -> bool:
        """Apply a command at `now` (epoch seconds), keep what it made, and only then let it be true.

        False when it was so already. Raises Refused by the room's rules, and StoreUnavailable, in both cases with
        nothing changed. Calls must not overlap; the conductor's lock of the room sees to it.
        """
        for _ in range(2):
            if not self.is_loaded:
                await self.load()
            events = self.room.apply(command, now)
            if not events:
                return False
            if isinstance(command, TalkTo):
                # Of this moment alone, like a connection.
                self.room = replay(self.room, events)
                self._testify(events)
                return True
            if await self._append(events):
                return True
        raise StoreUnavailable

    async def save_snapshot(self) -> None:
        """Keep the room as it is, so that loading need not replay its past. Raises StoreUnavailable."""
        if self.is_loaded and self._snapshot_version < self.version:
            await self._store.save_snapshot(self.room.id, self.version, room_to_dict(self.room))
            self._snapshot_version = self.version

    async def _append(self, events: tuple[Event, ...]) -> bool:
        """Store what is owed and the events, and evolve; False when the store's log is not where we thought."""
        owed = self._owed
        documents = [event_to_dict(event) for event in (*owed, *events)]
        try:
            version = await self._store.append(self.room.id, self.version, documents)
        except VersionConflict:
            self.is_loaded = False
            return False
        except StoreUnavailable:
            # It may have been written all the same: agree anew before anything else is said.
            self.is_loaded = False
            raise
        # What was noted meanwhile stands: facts that are kept do not depend on connections.
        self.room, self.version = replay(self.room, events), version
        self._owed = self._owed[len(owed) :]
        self._testify(events)
        if self.version - self._snapshot_version >= EVENTS_A_SNAPSHOT:
            await self._try_snapshot()
        return True

    async def _try_snapshot(self) -> None:
        try:
            await self.save_snapshot()
        except StoreUnavailable:
            _log.warning("no snapshot of room %s now; the log is kept instead", self.room.id)

    def _adopt(self, log: Log) -> None:
        """Become what the log says, except for the connections, which we know better."""
        stored = self._replayed(log)
        connected = {
            seat.person for booth in self.room.booths.values() for seat in booth.seats.values() if seat.present
        }
        for booth in stored.booths.values():
            seats = {person: replace(seat, present=person in connected) for person, seat in booth.seats.items()}
            stored = replace(stored, booths={**stored.booths, booth.id: replace(booth, seats=seats)})
        here = {person for person, attendee in self.room.people.items() if attendee.present}
        people = {
            person: replace(attendee, present=person in here and attendee.place is not Place.REMOVED)
            for person, attendee in stored.people.items()
        }
        stored = replace(stored, people=people)
        # What we owe may have been written although we were told otherwise; what came after it then stands.
        self._owed = tuple(event for event in self._owed if event_to_dict(event) not in log.events)
        self.room = replay(replace(stored, sources=self.room.sources, talks=self.room.talks), self._owed)
        self.version = log.version
        self._snapshot_version = log.version - len(log.events)

    def _replayed(self, log: Log) -> Room:
        try:
            begin = self._configured if log.snapshot is None else room_from_dict(dict(log.snapshot))
            if _shape(begin) != _shape(self._configured):
                raise _Reconfigured
            # The programme and the policies are the configuration's, also when they have changed since.
            begin = replace(
                begin,
                items=self._configured.items,
                is_recordable=self._configured.is_recordable,
                is_closed=self._configured.is_closed,
                shows_roster=self._configured.shows_roster,
            )
            return replay(begin, events_from_dicts(log.events))
        except (InterpretingError, _Reconfigured):
            _log.warning("room %s begins anew: what is stored does not fit its configuration", self.room.id)
            return self._configured


class _Reconfigured(Exception):
    """The stored room has other channels or booths than the configured one."""


def _shape(room: Room) -> object:
    """Return what only the configuration decides."""
    return room.languages, {id: booth.languages for id, booth in room.booths.items()}
