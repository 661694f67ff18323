"""A video message that is played into the floor: what is cued, and how far it is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from interpreting.ids import AssetId, ItemId

COUNTDOWN_S: Final = 5.0
"""From the word to the first picture, so that booths and technicians are ready."""

MAX_PLAYOUT_S: Final = 4 * 60 * 60


class Reel(StrEnum):
    """What the player does."""

    EMPTY = "empty"
    CUED = "cued"
    PLAYING = "playing"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Playout:
    """What is cued or plays; ``item`` of the programme, if it belongs to one, and ``seconds`` in all.

    While it plays, ``since`` is when its picture at ``played_s`` was or will be shown, in Unix seconds: at first
    that lies a countdown ahead. Otherwise it is nothing, and ``played_s`` is where it goes on.
    """

    item: ItemId | None
    asset: AssetId
    seconds: float
    reel: Reel = Reel.CUED
    since: float | None = None
    played_s: float = 0.0
