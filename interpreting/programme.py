"""The items of a room's programme: who speaks when, in which language.

They come with the configuration and never change while the server runs; which one is on is the room's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from interpreting.ids import ItemId
from interpreting.languages import Language

DOUBLE_PRESS_S: Final = 2.0
"""Two people who press "next" within this time mean the same step."""


class ItemKind(StrEnum):
    """What happens in an item."""

    SPEECH = "speech"
    PLAYOUT = "playout"
    PANEL = "panel"
    BREAK = "break"


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its title by page language, who speaks, in which language if it is known beforehand.

    ``starts`` is ``HH:MM`` in the hall's time or an ISO 8601 moment, for people to read. An item with a language
    sets the floor's when it is selected.
    """

    id: ItemId
    title: Mapping[str, str]
    speaker: str = ""
    language: Language | None = None
    kind: ItemKind = ItemKind.SPEECH
    starts: str | None = None
