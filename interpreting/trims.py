"""What a technician mends: a source's trim, which every bus hears, and a microphone taken off air by hand.

How a trim sounds is the engine's. It stays with the source's id, over reconnections and restarts, until it is set
otherwise; one that does nothing is not kept. Undoing is saying what was before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, assert_never

from interpreting.commands import CutMic, MendCommand, SetTrim
from interpreting.errors import Code, Refused
from interpreting.events import Event, MicCut, TrimSet
from interpreting.ids import DEMO, HALL, HALL_MICS, PLAYOUT, SourceId, kind_of, mic_source, speaker_source

if TYPE_CHECKING:
    from interpreting.room import Room

MIN_GAIN_DB: Final = -60.0
MAX_GAIN_DB: Final = 20.0
MAX_DELAY_MS: Final = 500


@dataclass(frozen=True, slots=True)
class Trim:
    """A source's trim: gain in dB, more delay in ms for lip sync, a high-pass, a gate, silence."""

    source: SourceId
    gain_db: float = 0.0
    delay_ms: int = 0
    high_pass: bool = False
    gate: bool = False
    muted: bool = False

    @property
    def is_valid(self) -> bool:
        """Within the bounds: −60 to +20 dB, 0 to 500 ms."""
        return MIN_GAIN_DB <= self.gain_db <= MAX_GAIN_DB and 0 <= self.delay_ms <= MAX_DELAY_MS


def decide_mend(room: Room, command: MendCommand, now: float) -> tuple[Event, ...]:
    """Return the facts that the command makes; raise ``Refused`` when the rules forbid it."""
    match command:
        case SetTrim():
            return _set_trim(room, command, now)
        case CutMic(by=by, booth=booth_id, person=person):
            booth = room.booths.get(booth_id)
            if booth is None:
                raise Refused(Code.BOOTH_UNKNOWN)
            seat = booth.seats.get(person)
            if seat is None or not seat.is_on_air:
                raise Refused(Code.NOT_ON_AIR)
            return (MicCut(person, by, at=now),)
        case _:
            assert_never(command)


def evolve_trims(room: Room, event: TrimSet) -> Room:
    """Return the room as the fact makes it."""
    trim = Trim(event.source, event.gain_db, event.delay_ms, event.high_pass, event.gate, event.muted)
    others = {source: one for source, one in room.trims.items() if source != event.source}
    return replace(room, trims=others if trim == Trim(event.source) else {**others, event.source: trim})


def _set_trim(room: Room, command: SetTrim, now: float) -> tuple[Event, ...]:
    source = command.source
    if not _is_known(room, source):
        raise Refused(Code.SOURCE_UNKNOWN)
    gain_db = round(command.gain_db, 1)
    wanted = Trim(source, gain_db, command.delay_ms, command.high_pass, command.gate, command.muted)
    if not wanted.is_valid:
        raise Refused(Code.TRIM_INVALID)
    if room.trims.get(source, Trim(source)) == wanted:
        return ()
    return (
        TrimSet(source, gain_db, command.delay_ms, command.high_pass, command.gate, command.muted, command.by, at=now),
    )


def _is_known(room: Room, source: SourceId) -> bool:
    """Tell whether it flows, or is somebody's who is here, or was trimmed before; raise for what is no source."""
    kind_of(source)
    if source in (*HALL, *HALL_MICS, DEMO, PLAYOUT) or room.is_live(source) or source in room.trims:
        return True
    seats = {mic_source(person) for booth in room.booths.values() for person in booth.seats}
    return source in seats | {speaker_source(person) for person in room.people}
