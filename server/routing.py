"""From one plan to the next: what the engine must be told so that buses and pictures follow the room.

Only the difference is said. Ids that go to the engine carry the room before a slash.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from interpreting.ids import PLAYOUT, BusId, RoomId, SourceId, SourceKind, kind_of
from interpreting.plan import RoutingPlan, ramp_ms
from server.engine import MediaEngine, Mix
from server.switchboard import global_name

MINUS: Final = "minus:"
"""What the names of buses without somebody's own voice begin with."""

RECORDED_PICTURE: Final = "rec"
"""The picture beside the room's own that is recorded; it carries nothing without the hall's consent."""

SILENT: Final = RoutingPlan({}, None)
"""What an engine follows that was told nothing of a room yet."""


def tell_new(engine: MediaEngine, room: RoomId, before: RoutingPlan, after: RoutingPlan) -> None:
    """Tell the engine the buses that are new, so that those who are put on them hear something."""
    for bus in after.mixes.keys() - before.mixes.keys():
        engine.set_mix(global_name(room, bus), _mix(room, bus, {}, after.mixes[bus]))


def tell_difference(engine: MediaEngine, room: RoomId, before: RoutingPlan, after: RoutingPlan) -> None:
    """Tell the engine what differs of the buses that were there; one that is no longer planned fades out.

    Somebody's own mix is left to `retire`.
    """
    for bus, mix in after.mixes.items():
        if bus in before.mixes and before.mixes[bus] != mix:
            engine.set_mix(global_name(room, bus), _mix(room, bus, before.mixes[bus], mix))
    for bus in before.mixes.keys() - after.mixes.keys():
        if bus.startswith(MINUS):
            continue
        engine.set_mix(global_name(room, bus), _mix(room, bus, before.mixes[bus], {}))
    if before is SILENT or before.picture != after.picture:
        engine.set_picture(room, after.picture and global_name(room, after.picture))
    if before.recorded_picture != after.recorded_picture:
        recorded = after.recorded_picture
        engine.set_picture(global_name(room, RECORDED_PICTURE), recorded and global_name(room, recorded))


def retire(engine: MediaEngine, room: RoomId, bus: BusId) -> None:
    """Have a bus carry nothing more, that nobody hears."""
    engine.set_mix(global_name(room, bus), {})


def _mix(room: RoomId, bus: BusId, before: Mapping[SourceId, float], after: Mapping[SourceId, float]) -> dict[str, Mix]:
    """Return a bus's new mix for the engine: every gain with its ramp, and 0.0 for what goes.

    What makes way for a video message, and comes back after it, moves as slowly as that does; voices excepted.
    """
    mix: dict[str, Mix] = {}
    is_playout = (PLAYOUT in before) is not (PLAYOUT in after)
    for source in (*after, *(gone for gone in before if gone not in after)):
        old, new = before.get(source, 0.0), after.get(source, 0.0)
        ms = ramp_ms(bus, kind_of(source), old, new)
        slowest = ramp_ms(bus, SourceKind.PLAYOUT, old, new)
        is_slow = is_playout and kind_of(source) is not SourceKind.MIC
        mix[global_name(room, source)] = Mix(new, max(ms, slowest) if is_slow else ms)
    return mix
