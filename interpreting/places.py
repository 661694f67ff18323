"""The tables of places and play-out: where people come to be by which command, and what the player does.

What stands in a table is allowed; a row that ends where it began changes nothing. What stands in none is refused with
the code beside it. ``transitions`` draws them.
"""

from collections.abc import Mapping
from typing import Final

from interpreting.commands import LoseSource
from interpreting.errors import Code
from interpreting.people import Role
from interpreting.playout_state import Reel
from interpreting.workshop import Door, Place
from interpreting.workshop_commands import (
    Admit,
    BringOn,
    CallBackstage,
    CuePlayout,
    PausePlayout,
    PlaceCommand,
    ReelCommand,
    Remove,
    StartPlayout,
    StopPlayout,
)

ENTRANCE: Final[Mapping[tuple[Door, Role], Place]] = {
    (Door.OPEN, Role.PARTICIPANT): Place.SEATED,
    (Door.OPEN, Role.SPEAKER): Place.BACKSTAGE,
    (Door.OPEN, Role.MODERATOR): Place.SEATED,
    (Door.WAITING, Role.PARTICIPANT): Place.WAITING,
    (Door.WAITING, Role.SPEAKER): Place.BACKSTAGE,
    (Door.WAITING, Role.MODERATOR): Place.SEATED,
    (Door.CLOSED, Role.MODERATOR): Place.SEATED,
}
"""The door and as what somebody comes, to where they are then. Everybody else new is refused (``door_closed``)."""

PLACES: Final[Mapping[tuple[Place, type[PlaceCommand]], Place]] = {
    (Place.WAITING, Admit): Place.SEATED,
    (Place.WAITING, Remove): Place.REMOVED,
    (Place.WAITING, CallBackstage): Place.BACKSTAGE,
    (Place.BACKSTAGE, Admit): Place.BACKSTAGE,
    (Place.BACKSTAGE, Remove): Place.REMOVED,
    (Place.BACKSTAGE, CallBackstage): Place.BACKSTAGE,
    (Place.BACKSTAGE, BringOn): Place.SEATED,
    (Place.SEATED, Admit): Place.SEATED,
    (Place.SEATED, Remove): Place.REMOVED,
    (Place.SEATED, CallBackstage): Place.BACKSTAGE,
    (Place.SEATED, BringOn): Place.SEATED,
    (Place.REMOVED, Admit): Place.SEATED,
    (Place.REMOVED, Remove): Place.REMOVED,
}
"""Somebody's place and a command about them, to their place afterwards. Every other is refused (``not_admitted``)."""

REELS: Final[Mapping[tuple[Reel, type[ReelCommand | LoseSource]], Reel]] = {
    (Reel.EMPTY, CuePlayout): Reel.CUED,
    (Reel.EMPTY, StopPlayout): Reel.EMPTY,
    (Reel.EMPTY, LoseSource): Reel.EMPTY,
    (Reel.CUED, CuePlayout): Reel.CUED,
    (Reel.CUED, StartPlayout): Reel.PLAYING,
    (Reel.CUED, PausePlayout): Reel.CUED,
    (Reel.CUED, StopPlayout): Reel.EMPTY,
    (Reel.CUED, LoseSource): Reel.CUED,
    (Reel.PLAYING, StartPlayout): Reel.PLAYING,
    (Reel.PLAYING, PausePlayout): Reel.PAUSED,
    (Reel.PLAYING, StopPlayout): Reel.EMPTY,
    (Reel.PLAYING, LoseSource): Reel.EMPTY,
    (Reel.PAUSED, StartPlayout): Reel.PLAYING,
    (Reel.PAUSED, PausePlayout): Reel.PAUSED,
    (Reel.PAUSED, StopPlayout): Reel.EMPTY,
    (Reel.PAUSED, LoseSource): Reel.PAUSED,
}
"""The player and a command, or the end of its sound, to the player afterwards."""

REEL_REFUSALS: Final[Mapping[tuple[Reel, type[ReelCommand]], Code]] = {
    (Reel.EMPTY, StartPlayout): Code.NO_PLAYOUT,
    (Reel.EMPTY, PausePlayout): Code.NO_PLAYOUT,
    (Reel.PLAYING, CuePlayout): Code.PLAYOUT_RUNNING,
    (Reel.PAUSED, CuePlayout): Code.PLAYOUT_RUNNING,
}
"""The rest of player × command, each with its code."""
