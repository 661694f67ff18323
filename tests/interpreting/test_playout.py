"""Play-out: cue, countdown, play, pause, stop, and the floor meanwhile."""

from itertools import product
from typing import get_args

import pytest

from interpreting.commands import Command, ConnectSource, LoseSource
from interpreting.errors import Code
from interpreting.ids import PLAYOUT, VENUE, AssetId, ItemId, SourceKind
from interpreting.places import REEL_REFUSALS, REELS
from interpreting.plan import bus_of, plan
from interpreting.playout_state import COUNTDOWN_S, MAX_PLAYOUT_S, Playout, Reel
from interpreting.roles import Role
from interpreting.room import Room, replay
from interpreting.view import room_view
from interpreting.workshop_commands import CuePlayout, GiveFloor, PausePlayout, ReelCommand, StartPlayout, StopPlayout
from tests.interpreting.plenary import BREAK, CHAIR, NOW, REMOTE, after, code_of, events_of, workshop

GREETING = AssetId("greeting")
CUE = CuePlayout(CHAIR, BREAK, GREETING, 90.5)
SOUND = ConnectSource(PLAYOUT, SourceKind.PLAYOUT)
OTHER = CuePlayout(CHAIR, None, AssetId("film"), 60)
BEFORE: dict[Reel, tuple[Command, ...]] = {
    Reel.EMPTY: (SOUND,),
    Reel.CUED: (SOUND, CUE),
    Reel.PLAYING: (SOUND, CUE, StartPlayout(CHAIR)),
    Reel.PAUSED: (SOUND, CUE, StartPlayout(CHAIR), PausePlayout(CHAIR)),
}


@pytest.mark.parametrize(("reel", "kind"), [*product(Reel, (*get_args(ReelCommand), LoseSource))])
def test_the_table_is_what_the_room_does(reel: Reel, kind: type[Command]) -> None:
    room = after(workshop(), *BEFORE[reel])
    assert room.reel is reel
    if kind is CuePlayout:
        command: Command = OTHER
    elif kind is LoseSource:
        command = LoseSource(PLAYOUT)
    else:
        command = {one: one(CHAIR) for one in (StartPlayout, PausePlayout, StopPlayout)}[kind]  # type: ignore[index]
    refusals = {row: code for row, code in REEL_REFUSALS.items() if row == (reel, kind)}
    assert code_of(room, command) == next(iter(refusals.values()), None)
    if not refusals:
        assert after(room, command).reel is next(now for row, now in REELS.items() if row == (reel, kind))


def at(room: Room, seconds: float, command: Command) -> Room:
    """Return the room after a command so many seconds later."""
    return replay(room, room.apply(command, NOW + seconds))


def test_counts_down_first_and_goes_on_at_once_after_a_pause() -> None:
    playing = after(workshop(), CUE, StartPlayout(CHAIR))
    assert playing.playout == Playout(BREAK, GREETING, 90.5, Reel.PLAYING, NOW + COUNTDOWN_S)
    paused = at(playing, COUNTDOWN_S + 30, PausePlayout(CHAIR))
    assert paused.playout == Playout(BREAK, GREETING, 90.5, Reel.PAUSED, None, 30.0)
    again = at(paused, 100, StartPlayout(CHAIR))
    assert again.playout == Playout(BREAK, GREETING, 90.5, Reel.PLAYING, NOW + 100, 30.0)
    twice = at(again, 110, PausePlayout(CHAIR))
    assert twice.playout
    assert twice.playout.played_s == 40.0


def test_paused_in_the_countdown_or_past_its_end_is_within_itself() -> None:
    playing = after(workshop(), CUE, StartPlayout(CHAIR))
    for seconds, played_s in ((1, 0.0), (1000, 90.5)):
        paused = at(playing, seconds, PausePlayout(CHAIR))
        assert paused.playout
        assert paused.playout.played_s == played_s


def test_has_the_floor_alone_while_its_sound_flows() -> None:
    room = after(workshop(), GiveFloor(CHAIR, REMOTE), CUE, StartPlayout(CHAIR))
    live = plan(room)
    assert (live.picture, set(live.mixes[bus_of("floor")])) == (VENUE, {VENUE, f"speaker:{REMOTE}"})
    on = plan(after(room, SOUND))
    assert (on.picture, on.mixes[bus_of("floor")]) == (PLAYOUT, {PLAYOUT: 1.0})
    heard = [mix for bus, mix in on.mixes.items() if bus in ("minus:venue", f"minus:uk:{REMOTE}")]
    assert heard == [{PLAYOUT: 1.0}, {PLAYOUT: 1.0}]
    for command in (PausePlayout(CHAIR), StopPlayout(CHAIR), LoseSource(PLAYOUT)):
        back = plan(after(room, SOUND, command))
        assert (back.picture, back.mixes) == (live.picture, live.mixes)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (CuePlayout(CHAIR, ItemId("concert"), GREETING, 60), Code.ITEM_UNKNOWN),
        (CuePlayout(CHAIR, None, GREETING, 0), Code.SECONDS_INVALID),
        (CuePlayout(CHAIR, None, GREETING, MAX_PLAYOUT_S + 1), Code.SECONDS_INVALID),
    ],
)
def test_a_wrong_cue_is_refused(command: Command, code: Code) -> None:
    assert code_of(workshop(), command) is code


def test_cued_twice_is_cued_once() -> None:
    assert events_of(after(workshop(), CUE), CUE) == ()


def test_a_message_stands_for_a_hall_that_is_gone() -> None:
    gone = after(workshop(), LoseSource(VENUE), CUE, StartPlayout(CHAIR))
    assert room_view(gone, Role.VIEWER)["venue"] != "live"
    assert room_view(after(gone, SOUND), Role.VIEWER)["venue"] == "live"
