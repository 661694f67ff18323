"""The rehearsal's checklist of a room: what the server can see for itself, and what somebody has to look at.

Pure: facts in, checks out. Each check has an id (with its subject after a colon), a state, a key of its words and what
stands in them. The words say what to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from interpreting.ids import BACKUP, SourceId, mic_source
from interpreting.room import Room
from server.daybook.heard import Spoken
from server.engine import Reason

LEVEL_DBFS: Final = (-30.0, -12.0)
"""Speech, root mean square: below it listeners turn up the noise, above it peaks are cut."""
LIP_SYNC_MS: Final = (-40.0, 60.0)
"""How early and how late a picture may be against its sound (DESIGN.md section 7, after ITU-R BT.1359)."""
CHAIN_TEST_HOURS: Final = 24.0
HOURS: Final = 10.0
"""A conference day; so much recording must fit on the disk."""
BYTES_AN_HOUR: Final = 1.5e9
LATE_S: Final = 2.0
STAGES: Final = ("60", "10")
"""The checklist is gone through an hour and ten minutes before it begins."""
Values = Mapping[str, str | int | float]
BY_HAND: Final = ("lip_sync", "hall_sound", "screen", "intercom", "consents")


class State(StrEnum):
    """How a check stands. What is by hand, the server cannot know."""

    OK = "ok"
    BAD = "bad"
    HAND = "hand"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the list; `words` is a key below `rehearsal.`."""

    id: str
    state: State
    words: str
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChainRun:
    """The newest chain test: how old it is, and which hops were not good."""

    age_hours: float
    bad_hops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a checklist is made from.

    `pictures` are the hall's senders that send pictures; `spoken` is by source; `lip_sync_ms` is None while nothing is
    known; `alarms` are kinds that stand. `livestream_late_s` is None while the livestream does not run, and
    `has_livestream` says whether the room has one.
    """

    room: Room
    pictures: frozenset[SourceId]
    spoken: Mapping[SourceId, Spoken]
    chain: ChainRun | None
    lip_sync_ms: float | None
    free_bytes: float
    recording_trouble: str | None
    backup_flowed: bool
    has_livestream: bool
    livestream_late_s: float | None
    alarms: Sequence[str]


def checklist(scene: Scene) -> list[Check]:
    """Return every check in its order."""
    return [
        _venue(scene),
        *_booths(scene),
        *_levels(scene),
        _chain(scene.chain),
        _lip_sync(scene.lip_sync_ms),
        _recording(scene),
        _backup(scene),
        *_livestream(scene),
        _alarms(scene.alarms),
        *(Check(id, State.HAND, f"{id}_hand") for id in BY_HAND if id != "lip_sync"),
    ]


def _venue(scene: Scene) -> Check:
    source = scene.room.venue_now
    if source is None:
        return Check("venue", State.BAD, "venue_bad")
    if source not in scene.pictures:
        return Check("venue", State.BAD, "venue_no_picture")
    return Check("venue", State.OK, "venue_ok")


def _booths(scene: Scene) -> Iterator[Check]:
    for booth in scene.room.booths.values():
        seated = [seat for seat in booth.seats.values() if seat.present]
        names = ", ".join(seat.name for seat in seated)
        mute = ", ".join(seat.name for seat in seated if not scene.room.has_live_mic(seat.person))
        id = f"booth:{booth.id}"
        values: Values = {"booth": booth.id, "names": names, "mute": mute}
        if not seated:
            yield Check(id, State.BAD, "booth_empty", values)
        elif mute:
            yield Check(id, State.BAD, "booth_mute", values)
        else:
            yield Check(id, State.OK, "booth_ok", values)


def _levels(scene: Scene) -> Iterator[Check]:
    """Judge the hall's sender and the microphone of everybody who is seated."""
    if scene.room.venue_now is not None:
        yield _level("level:venue", "", scene.spoken.get(scene.room.venue_now))
    for booth in scene.room.booths.values():
        for seat in booth.seats.values():
            if seat.present:
                yield _level(f"level:{seat.person}", seat.name, scene.spoken.get(mic_source(seat.person)))


def _level(id: str, name: str, spoken: Spoken | None) -> Check:
    kind = "level" if name else "level_venue"
    if spoken is None:
        return Check(id, State.BAD, f"{kind}_unheard", {"name": name})
    level = round(spoken.quality.level_dbfs)
    values: Values = {"name": name, "level": level}
    least, most = LEVEL_DBFS
    if level > most:
        return Check(id, State.BAD, f"{kind}_loud", values)
    if level < least:
        return Check(id, State.BAD, f"{kind}_quiet", values)
    # What is quiet is judged by our own bounds.
    if spoken.quality.reason not in (Reason.OK, Reason.UNKNOWN, Reason.QUIET):
        return Check(id, State.BAD, f"{kind}_{spoken.quality.reason.value}", values)
    return Check(id, State.OK, f"{kind}_ok", values)


def _chain(run: ChainRun | None) -> Check:
    if run is None or run.age_hours > CHAIN_TEST_HOURS:
        return Check("chain", State.BAD, "chain_missing")
    if run.bad_hops:
        return Check("chain", State.BAD, "chain_bad", {"hops": ", ".join(run.bad_hops)})
    return Check("chain", State.OK, "chain_ok", {"hours": round(run.age_hours, 1)})


def _lip_sync(lip_sync_ms: float | None) -> Check:
    if lip_sync_ms is None:
        return Check("lip_sync", State.HAND, "lip_sync_hand")
    is_good = LIP_SYNC_MS[0] <= lip_sync_ms <= LIP_SYNC_MS[1]
    state = State.OK if is_good else State.BAD
    return Check("lip_sync", state, f"lip_sync_{state.value}", {"ms": round(lip_sync_ms)})


def _recording(scene: Scene) -> Check:
    hours = scene.free_bytes / BYTES_AN_HOUR
    if scene.recording_trouble is not None:
        return Check("recording", State.BAD, "recording_bad", {"reason": scene.recording_trouble})
    if hours < HOURS:
        return Check("recording", State.BAD, "recording_disk", {"hours": round(hours, 1)})
    return Check("recording", State.OK, "recording_ok", {"hours": round(hours)})


def _backup(scene: Scene) -> Check:
    if scene.backup_flowed or scene.room.is_live(BACKUP):
        return Check("backup", State.OK, "backup_ok")
    return Check("backup", State.BAD, "backup_bad")


def _livestream(scene: Scene) -> Iterator[Check]:
    if not scene.has_livestream:
        return
    late = scene.livestream_late_s
    if late is None:
        yield Check("livestream", State.BAD, "livestream_off")
    elif late > LATE_S:
        yield Check("livestream", State.BAD, "livestream_late", {"s": round(late, 1)})
    else:
        yield Check("livestream", State.OK, "livestream_ok", {"s": round(late, 1)})


def _alarms(alarms: Sequence[str]) -> Check:
    if alarms:
        return Check("alarms", State.BAD, "alarms_bad", {"n": len(alarms)})
    return Check("alarms", State.OK, "alarms_ok")
