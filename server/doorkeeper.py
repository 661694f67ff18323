"""Shows those out who were removed from a room: their pages are told so and closed, at once.

What they sent and heard is ended by `server.attending`; whoever knocks again is told the same (`server.ws`).
"""

from __future__ import annotations

from interpreting.plan import RoutingPlan
from interpreting.room import Room
from interpreting.workshop import Place
from media.stream import StreamEvent
from server.hub import Hub


class Doorkeeper:
    """Follows all rooms."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def follow(self, room: Room, plan: RoutingPlan) -> None:
        """See `Follower.follow`."""
        for person, attendee in room.people.items():
            if attendee.place is Place.REMOVED:
                for client in self._hub.of_person(room.id, person):
                    client.close("removed")

    def take_in(self, event: StreamEvent) -> None:
        """See `Follower.take_in`; streams are others' business."""
