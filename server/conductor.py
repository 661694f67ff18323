"""The conductor: owns the rooms, and is the one place that speaks to the domain and to the media engine.

A command is judged by the room, kept by its ledger, and becomes sound as a difference: the new plan is compared
with the one the engine already follows, and only what differs is sent. What the engine tells (a source flows, a
peer is gone) becomes a command to the room. Ids that go to the engine carry the room before a slash.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeAlias, assert_never

from interpreting.audience import Audience
from interpreting.commands import Command, ConnectSource, LeaveBooth, LoseSource, StepAway
from interpreting.errors import Refused
from interpreting.events import Event
from interpreting.ids import DEMO, FLOOR, BusId, PersonId, RoomId, kind_of
from interpreting.plan import RoutingPlan, plan
from interpreting.roles import Role
from interpreting.room import Room
from interpreting.workshop_commands import LeaveRoom
from media.engine import (
    EngineEvent,
    EngineStats,
    MixerFailed,
    PeerClosed,
    PeerConnected,
    SourceFlowing,
    SourceSilent,
)
from media.stream import InitMade, PartMade, StreamFailed
from server.attending import LINGER_S, Attending
from server.config_rooms import RoomConfig
from server.earshot import grant
from server.engine import MediaEngine
from server.follower import Follower
from server.ledger import Connection, Ledger
from server.presence import ABSENCE_S, Presence
from server.routing import MINUS, SILENT, retire, tell_difference, tell_new
from server.sessions import Session
from server.showing import Seen, Showing
from server.store.base import Document, Store, StoreUnavailable
from server.switchboard import Switchboard, global_name, local_name
from server.tokens import Invitation

_log = logging.getLogger(__name__)

__all__ = ["ABSENCE_S", "Clocks", "Conductor"]

TICK_S: Final = 1.0
STORE_LOOK_S: Final = 2.0
# Longer than any page resends a command; short enough that the store forgets.
ANSWER_KEPT_S: Final = 600.0


Witness: TypeAlias = Callable[[RoomId, Sequence[Event]], None]


@dataclass(frozen=True, slots=True)
class Clocks:
    """`now` is the wall clock in epoch seconds, `monotonic` counts seconds and never jumps."""

    now: Callable[[], float]
    monotonic: Callable[[], float]


@dataclass(slots=True)
class _Stage:
    """A room with what only this run of the server knows of it."""

    config: RoomConfig
    ledger: Ledger
    lock: asyncio.Lock
    plan: RoutingPlan = SILENT
    showing: Showing | None = None
    had_venue: bool = False
    troubles: set[str] = field(default_factory=set)


class Conductor:
    """All rooms of this server. `on_change` is called after each change of what people may see of a room."""

    def __init__(
        self,
        rooms: Mapping[RoomId, RoomConfig],
        engine: MediaEngine,
        store: Store,
        clocks: Clocks,
        on_change: Callable[[RoomId], None],
        demo_rooms: frozenset[RoomId] = frozenset(),
    ) -> None:
        self.switchboard = Switchboard(engine)
        self._stages = {
            id: _Stage(config, Ledger(config.as_room(), store, partial(self._testify, id)), asyncio.Lock())
            for id, config in rooms.items()
        }
        self._engine = engine
        self._store = store
        self._clocks = clocks
        self._on_change = on_change
        self._demo_rooms = demo_rooms
        self.presence = Presence(self, clocks.monotonic)
        self._attending = Attending(engine, self.switchboard)
        self._witnesses: list[Witness] = []
        self._eavesdroppers: list[Callable[[EngineEvent], None]] = []
        self._told_listeners: dict[RoomId, Counter[str]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._followers: list[Follower] = []

    def attach(self, follower: Follower) -> None:
        """Have a follower told of every room from now on; before `open`, so that it misses nothing."""
        self._followers.append(follower)

    def witness(self, callback: Witness) -> None:
        """Have every event of every room told, once it is true, in order; must neither wait nor raise."""
        self._witnesses.append(callback)

    def overhear(self, callback: Callable[[EngineEvent], None]) -> None:
        """Have everything that the engine tells told, before it is acted on; must neither wait nor raise."""
        self._eavesdroppers.append(callback)

    def _testify(self, room: RoomId, events: Sequence[Event]) -> None:
        for tell in self._witnesses:
            tell(room, events)

    def note_trouble(self, room: RoomId, trouble: str, *, is_there: bool) -> None:
        """Show those who run the room that something is amiss beside its sound, or no longer."""
        troubles = self._stages[room].troubles
        if is_there != (trouble in troubles):
            troubles.symmetric_difference_update({trouble})
            self._on_change(room)

    async def open(self) -> None:
        """Load the rooms, put them on air as they were, and begin to follow the engine.

        A store out of reach is no obstacle: sound starts with the rooms as configured, and what is stored is
        taken over once the store answers.
        """
        for stage in self._stages.values():
            await self._raise_curtain(stage)
        works = (self._follow_engine(), self._keep_time(), self._watch_store())
        self._tasks = [asyncio.create_task(work) for work in works]

    async def aclose(self) -> None:
        """Stop following, and keep a snapshot of each room if the store lets us."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for stage in self._stages.values():
            with suppress(StoreUnavailable):
                await stage.ledger.save_snapshot()

    @property
    def rooms(self) -> tuple[RoomId, ...]:
        """All rooms, in their order."""
        return tuple(self._stages)

    @property
    def is_ready(self) -> bool:
        """Every room's stored state is loaded."""
        return all(stage.ledger.is_loaded for stage in self._stages.values())

    def has_room(self, room: RoomId) -> bool:
        """Tell whether there is such a room."""
        return room in self._stages

    def has_channel(self, room: RoomId, channel: str) -> bool:
        """Tell whether a room has this channel; `floor` is one."""
        return channel == FLOOR or channel in self._stages[room].config.languages

    def has_booth(self, room: RoomId, booth: str) -> bool:
        """Tell whether a room has this booth."""
        return any(one.id == booth for one in self._stages[room].config.booths)

    def listener(self, room: RoomId, channel: str, under: bool, invitation: Invitation | None) -> Session:
        """Return a session for somebody who asks to hear a channel. Raises Problem as `earshot.grant` does."""
        stage = self._stages[room]
        wish = grant(stage.ledger.room, stage.plan, channel, under, invitation)
        if wish.solo is not None:
            self.switchboard.make_solo(room, wish.bus, wish.solo)
        return Session.listener(room, invitation, channel, wish.bus, follows=wish.follows)

    def version(self, room: RoomId) -> int:
        """Return how many events made the room."""
        return self._stages[room].ledger.version

    def showing(self, room: RoomId) -> Showing:
        """Return the room as people see it now."""
        stage = self._stages[room]
        seen = self._seen(stage)
        if stage.showing is None or not stage.showing.shows(seen):
            stage.showing = Showing(seen, stage.showing)
        return stage.showing

    def view(self, room: RoomId, audience: Audience | Role) -> dict[str, object]:
        """Return the room's state as the audience may see it, ready for JSON."""
        return self.showing(room).view(Audience(audience) if isinstance(audience, Role) else audience)

    def _seen(self, stage: _Stage) -> Seen:
        room, config = stage.ledger.room, stage.config
        counts = self._told_listeners.get(room.id, Counter())
        listeners = {channel: counts[channel] for channel in (FLOOR, *config.languages)}
        faces = dict(self._attending.slots(room.id))
        return Seen(room, config.title, listeners, stage.had_venue, frozenset(stage.troubles), faces)

    async def execute(self, room: RoomId, command: Command, *, only_if: Callable[[], bool] | None = None) -> int:
        """Carry out a command and return the room's version after it; nothing when `only_if` says no at its turn.

        Raises Refused by the room's rules and StoreUnavailable, both with nothing changed.
        """
        stage = self._stages[room]
        async with stage.lock:
            if only_if is not None and not only_if():
                return stage.ledger.version
            return await self._carry_out(stage, command)

    async def execute_once(self, room: RoomId, id: str, command: Command, by: PersonId) -> Document:
        """Carry out a person's command unless it was before, and return {"version"} or {"code"} of a refusal.

        The same id gets the same answer again. Raises StoreUnavailable, with nothing changed.
        """
        stage = self._stages[room]
        async with stage.lock:
            known = await self._store.recall(by, id)
            if known is not None:
                return known
            answer: Document
            try:
                answer = {"version": await self._carry_out(stage, command)}
            except Refused as refusal:
                answer = {"code": refusal.code.value}
            with suppress(StoreUnavailable):
                await self._store.remember(by, id, answer, ANSWER_KEPT_S)
            return answer

    async def dismiss(self, invitation: Invitation) -> None:
        """Take a person whose invitation is over out of booth and room, and end what they send and hear."""
        await self.switchboard.end_of(invitation.id)
        for room in (invitation.room, *invitation.also):
            if not self.has_room(room):
                continue
            for leave in (LeaveBooth(invitation.person), LeaveRoom(invitation.person)):
                with suppress(Refused, StoreUnavailable):
                    await self.execute(room, leave)

    async def stats(self) -> EngineStats:
        """Return the engine's figures."""
        return await self._engine.stats()

    async def _carry_out(self, stage: _Stage, command: Command) -> int:
        before = stage.ledger.room
        try:
            await stage.ledger.change(command, self._clocks.now())
        finally:
            # Also when it was refused: meeting the store's log may have changed the room.
            if stage.ledger.room is not before:
                self.presence.expect(stage.ledger.room)
                self._follow_plan(stage)
                self._on_change(stage.config.id)
        return stage.ledger.version

    def room(self, id: RoomId) -> Room:
        """Return a room as it is now."""
        return self._stages[id].ledger.room

    def note(self, id: RoomId, fact: StepAway) -> None:
        """Take in that somebody's connection is gone."""
        self._note(self._stages[id], fact)

    def _note(self, stage: _Stage, fact: Connection) -> None:
        if stage.ledger.note(fact, self._clocks.now()):
            self._follow_plan(stage)
            self._on_change(stage.config.id)

    def _follow_plan(self, stage: _Stage) -> None:
        """Tell the engine the difference between the plan it follows and the one the room demands."""
        room, after = stage.ledger.room, plan(stage.ledger.room)
        # Everybody is on a bus without their own voice before the voice is let into the others.
        tell_new(self._engine, stage.config.id, stage.plan, after)
        self._attending.seat(room)
        tell_difference(self._engine, stage.config.id, stage.plan, after)
        self._attending.show(stage.config.id, after)
        gone = {bus for bus in stage.plan.mixes.keys() - after.mixes.keys() if bus.startswith(MINUS)}
        stage.plan = after
        if gone:
            asyncio.get_running_loop().call_later(LINGER_S, self._retire, stage, gone)
        stage.had_venue = stage.had_venue or stage.ledger.room.venue_now is not None
        for follower in self._followers:
            follower.follow(stage.ledger.room, after)

    def _retire(self, stage: _Stage, buses: set[BusId]) -> None:
        """Empty the own mixes of those who left the floor, now that nobody hears their voice any more."""
        self._attending.seat_later(stage.ledger.room)
        for bus in buses - stage.plan.mixes.keys():
            retire(self._engine, stage.config.id, bus)

    async def _raise_curtain(self, stage: _Stage) -> None:
        room = stage.config.id
        try:
            await stage.ledger.load()
        except StoreUnavailable:
            _log.warning("room %s starts without the store", room)
        self.presence.expect(stage.ledger.room)
        if room in self._demo_rooms:
            name = global_name(room, DEMO)
            self._engine.add_demo(name, name)
            stage.ledger.note(ConnectSource(DEMO, kind_of(DEMO)), self._clocks.now())
        self._follow_plan(stage)

    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await self.tick(self._clocks.monotonic())
            except Exception:
                _log.exception("a tick of the conductor failed")

    async def tick(self, now: float) -> None:
        """Do what is due at `now` on the monotonic clock: absences, listener counts, a store that is back."""
        await self.presence.tick(now)
        for room, stage in self._stages.items():
            if not stage.ledger.is_loaded:
                await self._load_late(stage)
            await self._settle(stage)
            counts = self.switchboard.listeners(room)
            if counts != self._told_listeners.get(room, Counter()):
                self._told_listeners[room] = counts
                self._on_change(room)

    async def _settle(self, stage: _Stage) -> None:
        async with stage.lock:
            with suppress(StoreUnavailable):
                await stage.ledger.settle()

    async def _load_late(self, stage: _Stage) -> None:
        async with stage.lock:
            try:
                await stage.ledger.load()
            except StoreUnavailable:
                return
            self.presence.expect(stage.ledger.room)
            self._follow_plan(stage)
            self._on_change(stage.config.id)

    async def _watch_store(self) -> None:
        while True:
            await asyncio.sleep(STORE_LOOK_S)
            try:
                await self.look_after_store()
            except StoreUnavailable:
                continue  # who needs it is told
            except Exception:
                _log.exception("looking after the store failed; it is tried again")

    async def look_after_store(self) -> None:
        """Put back each room that the store has lost since, as one that was emptied. Raises StoreUnavailable."""
        for room, stage in self._stages.items():
            known = stage.ledger.version
            if stage.ledger.is_loaded and await self._store.version(room) < known:
                _log.warning("the store has lost room %s; it is put back", room)
                await self._load_late(stage)

    async def _follow_engine(self) -> None:
        async for event in self._engine.events():
            try:
                self._take_in(event)
            except Exception:
                _log.exception("an event of the engine was lost: %s", type(event).__name__)

    def _take_in(self, event: EngineEvent) -> None:
        for tell in self._eavesdroppers:
            tell(event)
        match event:
            case PeerConnected():
                self.switchboard.peer_connected(event.peer)
            case MixerFailed():
                _log.error("the mixer failed: %s", event.error)
            case PeerClosed():
                self.switchboard.peer_closed(event.peer)
            case SourceFlowing():
                self._source(event.source, is_flowing=True)
            case SourceSilent():
                self._source(event.source, is_flowing=False)
            case InitMade() | PartMade() | StreamFailed():
                for follower in self._followers:
                    follower.take_in(event)
            case _:
                assert_never(event)

    def _source(self, name: str, *, is_flowing: bool) -> None:
        room, source = local_name(name)
        if room in self._stages and source != DEMO:
            fact = ConnectSource(source, kind_of(source)) if is_flowing else LoseSource(source)
            self._note(self._stages[room], fact)
