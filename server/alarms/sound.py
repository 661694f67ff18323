"""What is wrong with a room's sound: lost, silent, clipped, narrow, humming, too loud or too soft. Pure.

Only what the audience hears, or should, is looked at: the floor's sources and the microphones on air.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from interpreting.booth import MicState
from interpreting.ids import DEMO, HALL, SourceId, mic_source
from interpreting.programme import ItemKind
from interpreting.room import Room
from interpreting.trims import Trim
from server.alarms.board import Board
from server.alarms.hearing import Hearing
from server.alarms.kinds import Finding, Kind, Severity, Value
from server.config_alarms import AlarmsConfig
from server.engine import Reason

_STILL_CLIPPING: Final = 0.5
_STILL_APART: Final = 0.8
# An interpreter waits up to four seconds for the sense of a sentence; a floor that paused, too, leaves them more.
_FLOOR_PAUSE_S: Final = 1


@dataclass(frozen=True, slots=True)
class Scene:
    """One room with what is known of it; `floor` is what the floor carries, `seen` are the hall's senders that flowed
    in this run of the server.
    """

    room: Room
    floor: tuple[SourceId, ...]
    hearing: Hearing
    board: Board
    config: AlarmsConfig
    seen: frozenset[SourceId]

    @property
    def spoken_floor(self) -> tuple[SourceId, ...]:
        """What the floor carries of people: bells are no speech, and nobody can mend the demo."""
        return tuple(source for source in self.floor if source != DEMO)

    def is_muted(self, source: SourceId) -> bool:
        """Tell whether somebody wants it silent."""
        return self.room.trims.get(source, Trim(source)).muted

    def has(self, kind: Kind, subject: str) -> bool:
        """Tell whether this alarm stands."""
        return self.board.has(kind, self.room.id, subject)

    def finding(self, kind: Kind, subject: str, severity: Severity, **values: Value) -> Finding:
        """Return a finding in this room."""
        return Finding(kind, self.room.id, subject, severity, values)


def find_in_sound(scene: Scene) -> Iterator[Finding]:
    """Yield all that is wrong with the room's sound now."""
    yield from _lost_venue(scene)
    yield from _silent_floor(scene)
    yield from _silent_channels(scene)
    for source in (*scene.spoken_floor, *_on_air(scene)):
        yield from _poor_source(scene, source)
    yield from _loud_channels(scene)


def _lost_venue(scene: Scene) -> Iterator[Finding]:
    room, hearing = scene.room, scene.hearing
    flowing = [source for source in HALL if room.is_live(source) and not hearing.is_stalled(room.id, source)]
    for source in HALL:
        if source in scene.seen and source not in flowing:
            yield scene.finding(Kind.VENUE_LOST, source, Severity.AMBER if flowing else Severity.RED)


def _silent_floor(scene: Scene) -> Iterator[Finding]:
    room, config = scene.room, scene.config
    venue = room.venue_now
    is_break = room.item_now is not None and room.item_now.kind is ItemKind.BREAK
    if venue is None or is_break or room.is_playing_out or scene.hearing.is_stalled(room.id, venue):
        return
    if all(scene.is_muted(source) for source in scene.floor):
        return
    silences = [scene.hearing.silent_s(room.id, source, config.silence_dbfs) for source in scene.floor]
    # Once raised it stands until something is heard.
    if min(silences) >= (1 if scene.has(Kind.FLOOR_SILENT, venue) else config.silence_s):
        yield scene.finding(Kind.FLOOR_SILENT, venue, Severity.RED, seconds=min(silences))


def _silent_channels(scene: Scene) -> Iterator[Finding]:
    room, hearing, window_s = scene.room, scene.hearing, scene.config.silence_s
    floor_spoke = max((hearing.worded_s(room.id, source, window_s) for source in scene.spoken_floor), default=0)
    for seat in room.seats_on_air():
        source = mic_source(seat.person)
        if seat.mic is not MicState.ON_AIR or scene.is_muted(source):
            continue
        if not room.is_live(source) or hearing.is_stalled(room.id, source):
            yield scene.finding(
                Kind.CHANNEL_SILENT, seat.outgoing, Severity.RED, reason="mic_lost", seconds=0, person=seat.name
            )
            continue
        is_silent = hearing.heard_s(room.id, source) >= window_s and not hearing.worded_s(room.id, source, window_s)
        # Once raised it stands until somebody speaks, whether the floor goes on or not.
        if is_silent and (floor_spoke >= window_s - _FLOOR_PAUSE_S or scene.has(Kind.CHANNEL_SILENT, seat.outgoing)):
            yield scene.finding(
                Kind.CHANNEL_SILENT, seat.outgoing, Severity.RED, reason="silent", seconds=window_s, person=seat.name
            )


def _on_air(scene: Scene) -> list[SourceId]:
    return [mic_source(seat.person) for seat in scene.room.seats_on_air()]


def _poor_source(scene: Scene, source: SourceId) -> Iterator[Finding]:
    quality = scene.hearing.quality(scene.room.id, source)
    if quality is None:
        return
    config = scene.config
    clipped = config.clipping_per_mille / 10 * (_STILL_CLIPPING if scene.has(Kind.CLIPPING, source) else 1)
    if quality.clipped_percent > clipped:
        yield scene.finding(Kind.CLIPPING, source, Severity.AMBER, percent=round(quality.clipped_percent, 1))
    # What is lost or clipped has another bandwidth than its line.
    bandwidth_hz = None if quality.reason in (Reason.LOSSY, Reason.CLIPPING) else quality.bandwidth_hz
    if bandwidth_hz is not None and bandwidth_hz < config.narrow_hz:
        yield scene.finding(Kind.NARROW_SOUND, source, Severity.AMBER, bandwidth_hz=bandwidth_hz)
    hum = quality.hum
    if hum is not None and hum.level_dbfs > config.hum_dbfs:
        yield scene.finding(Kind.HUM, source, Severity.AMBER, hz=hum.hz, dbfs=round(hum.level_dbfs))


def _loud_channels(scene: Scene) -> Iterator[Finding]:
    """Compare interpreters, not channels: what is ducked is meant to be softer."""
    floor = _loudness(scene, scene.spoken_floor)
    if floor is None:
        return
    for language in scene.room.languages:
        mics = [mic_source(seat.person) for seat in scene.room.voices(language)]
        loudness = _loudness(scene, mics)
        if loudness is None:
            continue
        bound = scene.config.loudness_lu
        apart = bound * _STILL_APART if scene.has(Kind.LOUDNESS_APART, language) else bound
        if abs(loudness - floor) > apart:
            yield scene.finding(
                Kind.LOUDNESS_APART,
                language,
                Severity.AMBER,
                lu=round(loudness - floor, 1),
                lufs=round(loudness, 1),
                floor_lufs=round(floor, 1),
            )


def _loudness(scene: Scene, sources: Sequence[SourceId]) -> float | None:
    """Return the loudest one's speech: who speaks, of several that are open."""
    verdicts = (scene.hearing.quality(scene.room.id, source) for source in sources)
    known = [one.loudness_lufs for one in verdicts if one is not None and one.loudness_lufs is not None]
    return max(known, default=None)
