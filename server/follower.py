"""Who follows the rooms beside the conductor: the livestream, recordings, pushes.

The conductor tells each follower what a room has become, after the engine was told. A follower asks the engine for
what is its own (streams) and never for mixes.
"""

from __future__ import annotations

from typing import Protocol

from interpreting.plan import RoutingPlan
from interpreting.room import Room
from media.stream import StreamEvent


class Follower(Protocol):
    """Told on the event loop; must neither wait nor raise for long work."""

    def follow(self, room: Room, plan: RoutingPlan) -> None:
        """The room is like this now; told once at the start and after every change, also when nothing differs here."""
        ...

    def take_in(self, event: StreamEvent) -> None:
        """The engine has made this of a stream; which stream, everybody looks for themselves."""
        ...
