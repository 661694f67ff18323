"""From one plan to the next: what the engine must be told so that buses and pictures follow the room.

Only the difference is said. Ids that go to the engine carry the room before a slash.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from interpreting.ids import BusId, RoomId, SourceId, kind_of
from interpreting.plan import RoutingPlan, ramp_ms
from server.engine import MediaEngine, Mix
from server.switchboard import global_name

RECORDED_PICTURE: Final = "rec"
"""The picture beside the room's own that is recorded; it carries nothing without the hall's consent."""

SILENT: Final = RoutingPlan({}, None)
"""What an engine follows that was told nothing of a room yet."""


def tell_difference(engine: MediaEngine, room: RoomId, before: RoutingPlan, after: RoutingPlan) -> None:
    """Tell the engine what differs; a bus that is no longer planned fades out."""
    for bus, mix in after.mixes.items():
        if before.mixes.get(bus) != mix:
            engine.set_mix(global_name(room, bus), _mix(room, bus, before.mixes.get(bus, {}), mix))
    for bus in before.mixes.keys() - after.mixes.keys():
        engine.set_mix(global_name(room, bus), _mix(room, bus, before.mixes[bus], {}))
    if before is SILENT or before.picture != after.picture:
        engine.set_picture(room, after.picture and global_name(room, after.picture))
    if before.recorded_picture != after.recorded_picture:
        recorded = after.recorded_picture
        engine.set_picture(global_name(room, RECORDED_PICTURE), recorded and global_name(room, recorded))


def _mix(room: RoomId, bus: BusId, before: Mapping[SourceId, float], after: Mapping[SourceId, float]) -> dict[str, Mix]:
    """Return a bus's new mix for the engine: every gain with its ramp, and 0.0 for what goes."""
    mix: dict[str, Mix] = {}
    for source in (*after, *(gone for gone in before if gone not in after)):
        old, new = before.get(source, 0.0), after.get(source, 0.0)
        mix[global_name(room, source)] = Mix(new, ramp_ms(bus, kind_of(source), old, new))
    return mix
