"""Play-out: a video message is cued, counted down, played into the floor, paused, stopped.

Both halves stand here: what a command makes, and what the fact does to the room. The table is in ``places``. While
its sound flows the floor carries it alone; its sound's end is its own end (``hall``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from interpreting.errors import Code, Refused
from interpreting.places import REEL_REFUSALS, REELS
from interpreting.playout_state import COUNTDOWN_S, MAX_PLAYOUT_S, Playout, Reel
from interpreting.workshop_commands import CuePlayout, PausePlayout, ReelCommand, StartPlayout, StopPlayout
from interpreting.workshop_events import PlayoutCued, PlayoutPaused, PlayoutStarted, PlayoutStopped, ReelEvent

if TYPE_CHECKING:
    from interpreting.events import Event
    from interpreting.room import Room


def decide_playout(room: Room, command: ReelCommand, now: float) -> tuple[Event, ...]:
    """Return the facts that the command makes; raise ``Refused`` when the rules forbid it."""
    row = (room.reel, type(command))
    if row in REEL_REFUSALS:
        raise Refused(REEL_REFUSALS[row])
    if isinstance(command, CuePlayout):
        return _cue(room, command, now)
    if REELS[row] is room.reel:
        return ()
    match command:
        case StartPlayout():
            return (PlayoutStarted(now + COUNTDOWN_S if room.reel is Reel.CUED else now, at=now),)
        case PausePlayout():
            return (PlayoutPaused(at=now),)
        case StopPlayout():
            return (PlayoutStopped(at=now),)
        case _:
            assert_never(command)


def evolve_playout(room: Room, event: ReelEvent) -> Room:
    """Return the room as the fact makes it.

    The sound's end may have come between a word and its fact: what was over is over.
    """
    playout = room.playout
    match event:
        case PlayoutCued(item=item, asset=asset, seconds=seconds):
            return replace(room, playout=Playout(item, asset, seconds))
        case PlayoutStarted(since=since):
            return room if playout is None else replace(room, playout=_playing(playout, since))
        case PlayoutPaused(at=at):
            return room if playout is None else replace(room, playout=_paused(playout, at))
        case PlayoutStopped():
            return replace(room, playout=None)
        case _:
            assert_never(event)


def _cue(room: Room, command: CuePlayout, now: float) -> tuple[Event, ...]:
    if command.item is not None and command.item not in (item.id for item in room.items):
        raise Refused(Code.ITEM_UNKNOWN)
    if not 0 < command.seconds <= MAX_PLAYOUT_S:
        raise Refused(Code.SECONDS_INVALID)
    if room.playout == Playout(command.item, command.asset, command.seconds):
        return ()
    return (PlayoutCued(command.item, command.asset, command.seconds, at=now),)


def _playing(playout: Playout, since: float) -> Playout:
    return replace(playout, reel=Reel.PLAYING, since=since)


def _paused(playout: Playout, at: float) -> Playout:
    played_s = playout.played_s if playout.since is None else playout.played_s + max(0.0, at - playout.since)
    return replace(playout, reel=Reel.PAUSED, since=None, played_s=min(played_s, playout.seconds))
