"""The rooms' figures on the sheet: listeners, sources, livestreams, recordings, pushes, pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from interpreting.ids import RoomId
from interpreting.plan import Mode, channel_states
from interpreting.room import Room
from media.stream import SMALL, VIDEO
from server.alarms.board import Alarm
from server.conductor import Conductor
from server.livestream.broadcasts import Broadcast, Broadcasts
from server.metrics_sheet import Sheet, kind_of_source
from server.pushes.pushes import Pushes
from server.recordings.rooms import Recordings


def count_audience(conductor: Conductor, broadcasts: Broadcasts, room: RoomId) -> dict[str, float]:
    """Return who listens in a room by `way:channel`: `webrtc` as counted, `hls` as estimated from requests for what is
    newest.
    """
    found: dict[str, float] = {
        f"webrtc:{channel}": count for channel, count in sorted(conductor.switchboard.listeners(room).items())
    }
    broadcast = broadcasts.find(room)
    players = broadcast.audience.listeners if broadcast is not None else {}
    for track, count in sorted(players.items()):
        if track not in (VIDEO, SMALL):
            found[f"hls:{track}"] = round(count, 1)
    return found


def write_listeners(sheet: Sheet, conductor: Conductor, broadcasts: Broadcasts) -> None:
    """Write who listens and watches where."""
    help = "The audience by room, channel and way; hls is estimated, and behind a shared cache everybody counts as one."
    for room in conductor.rooms:
        for place, count in count_audience(conductor, broadcasts, room).items():
            way, _, channel = place.partition(":")
            sheet.gauge("listeners", help, count, room=room, channel=channel, way=way)
    for one in broadcasts:
        watching = sum(one.audience.listeners.get(track, 0.0) for track in (VIDEO, SMALL))
        watching_help = "Who sees the livestream's picture, estimated."
        sheet.gauge("livestream_viewers", watching_help, round(watching, 1), room=one.config.id)


def write_rooms(sheet: Sheet, rooms: Iterable[Room]) -> None:
    """Write what flows in each room and what its channels carry."""
    for room in rooms:
        kinds = Counter(kind_of_source(source) for source in room.sources)
        for kind in ("venue", "backup", "mic", "speaker", "playout"):
            help = "Sources that flow, by kind."
            sheet.gauge("sources_flowing", help, kinds[kind], room=room.id, source=kind)
        for language, state in channel_states(room).items():
            help = "1 for what a channel carries just now: interpreted, passthrough or fallback."
            for mode in Mode:
                sheet.gauge(
                    "channel_mode", help, int(state.mode is mode), room=room.id, channel=language, mode=mode.value
                )


def write_livestreams(sheet: Sheet, broadcasts: Broadcasts) -> None:
    """Write each room's stream, its rewind window and disk, and who asks."""
    for one in broadcasts:
        _write_livestream(sheet, one)
    disk = broadcasts.disk
    sheet.counter("livestream_disk_failed_total", "Segments that could not be kept for rewinding.", disk.failed)
    sheet.gauge("livestream_disk_failing", "1 while nothing can be kept for rewinding.", int(disk.is_failing))


def write_recordings(sheet: Sheet, recordings: Recordings) -> None:
    """Write which rooms are recorded, and where nothing is written although it should be."""
    for room in sorted(recordings.running):
        sheet.gauge("recording_running", "1 while a room is recorded.", 1, room=room)
    for room, why in sorted(recordings.troubles.items()):
        help = "1 while a recording writes nothing although it should."
        sheet.gauge("recording_paused", help, 1, room=room, reason=why.value)


def write_pushes(sheet: Sheet, pushes: Pushes, rooms: Iterable[RoomId]) -> None:
    """Write how many pushes of a room stand how, and what they carried."""
    for room in rooms:
        views = pushes.views(room)
        states = Counter(view.facts.state.value for view in views)
        for state, count in sorted(states.items()):
            sheet.gauge("pushes", "Pushes by how they stand.", count, room=room, state=state)
        if views:
            carried = sum(view.facts.bytes for view in views)
            sheet.gauge("push_bytes", "Bytes that the present pushes of a room have carried.", carried, room=room)
            dropped = sum(view.facts.drops for view in views)
            sheet.gauge("push_drops", "Samples that the present pushes of a room left out.", dropped, room=room)


def write_alarms(sheet: Sheet, alarms: Iterable[Alarm]) -> None:
    """Write how many alarms stand by room ("" is the whole server's), kind and severity."""
    counts = Counter((alarm.room or "", alarm.kind.value, alarm.severity.value) for alarm in alarms)
    for (room, kind, severity), count in sorted(counts.items()):
        sheet.gauge("alarms", "Alarms that stand.", count, room=room, kind=kind, severity=severity)


def _write_livestream(sheet: Sheet, one: Broadcast) -> None:
    room, shelf, audience = one.config.id, one.shelf, one.audience
    sheet.gauge("livestream_running", "1 while a room's livestream runs.", int(one.is_running), room=room)
    sheet.counter("livestream_restarts_total", "Times a livestream was started again.", one.restarts, room=room)
    sheet.counter("livestream_parts_total", "Parts that a livestream made.", shelf.parts, room=room)
    late = round(one.late_s, 4)
    sheet.gauge("livestream_late_seconds", "How long after its last sample the newest part came.", late, room=room)
    sheet.gauge("livestream_window_seconds", "How far viewers can go back.", round(shelf.listed_s, 1), room=room)
    sheet.gauge("livestream_disk_bytes", "What the rewind window takes on disk.", shelf.disk_bytes, room=room)
    help = "Requests for a livestream: playlists, and media."
    sheet.counter("livestream_requests_total", help, audience.playlists, room=room, what="playlist")
    sheet.counter("livestream_requests_total", help, audience.media, room=room, what="media")
    sent = "Media that a livestream's requests were answered with."
    sheet.counter("livestream_sent_bytes_total", sent, audience.bytes, room=room)
