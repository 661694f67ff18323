"""What is wrong with a room's picture: stopped, frozen, black. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from server.alarms.kinds import Finding, Kind, Severity
from server.alarms.sound import Scene

_LATER_S: Final = 0.2
"""A picture is looked at four times a second: one that was lost with its sound is not told twice."""


def find_in_picture(scene: Scene) -> Iterator[Finding]:
    """Yield what is wrong while the hall's picture is shown; its loss as a whole is the sound's to tell."""
    room, config = scene.room, scene.config
    venue, look = room.venue_now, scene.hearing.look(room.id)
    if venue is None or look is None or look.silent_s is None or room.is_playing_out:
        return
    if scene.hearing.is_stalled(room.id, venue):
        return
    if look.silent_s > config.lost_ms / 1000 + _LATER_S:
        yield scene.finding(Kind.PICTURE_FROZEN, venue, Severity.RED, reason="stopped", seconds=round(look.silent_s))
    elif config.black_s and look.black_s >= config.black_s:
        yield scene.finding(Kind.PICTURE_BLACK, venue, Severity.AMBER, seconds=round(look.black_s))
    elif config.frozen_s and look.frozen_s >= config.frozen_s:
        yield scene.finding(Kind.PICTURE_FROZEN, venue, Severity.AMBER, reason="frozen", seconds=round(look.frozen_s))
