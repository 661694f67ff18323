"""The hall's two senders: while both flow, the loss of one is noticed sooner, because the other can take its place.

That the other is then selected is the room's own rule. One sender alone keeps the longer patience, in which a Wi-Fi
that stalls comes back.
"""

from __future__ import annotations

from typing import Protocol

from interpreting.ids import HALL, RoomId
from interpreting.plan import RoutingPlan
from interpreting.room import Room
from media.publishing import SILENT_AFTER_S, SILENT_BEFORE_A_SPARE_S
from media.stream import StreamEvent
from server.switchboard import global_name


class Patience(Protocol):
    """What is asked of the engine."""

    def set_patience(self, source: str, silent_after_s: float) -> None:
        """Say how long a source may send nothing until it is silent."""
        ...


class SpareSender:
    """Follows all rooms and tells the engine how patient to be with the hall's senders."""

    def __init__(self, engine: Patience) -> None:
        self._engine = engine
        self._with_spare: set[RoomId] = set()

    def follow(self, room: Room, plan: RoutingPlan) -> None:
        """See `Follower.follow`."""
        has_spare = all(room.is_live(source) for source in HALL)
        if has_spare is (room.id in self._with_spare):
            return
        if has_spare:
            self._with_spare.add(room.id)
        else:
            self._with_spare.discard(room.id)
        for source in HALL:
            patience_s = SILENT_BEFORE_A_SPARE_S if has_spare else SILENT_AFTER_S
            self._engine.set_patience(global_name(room.id, source), patience_s)

    def take_in(self, event: StreamEvent) -> None:
        """See `Follower.take_in`; streams are others' business."""
