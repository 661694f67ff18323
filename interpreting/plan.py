"""Who hears what: the plan that a room's state demands of the mixer. How fast a gain may move to it is ``buses``'.

A pure function of the room. Comparing the plan with what the engine does is left to the conductor.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from interpreting.booth import MicState
from interpreting.buses import bus_of, ramp_ms, recorded_bus, stem_bus
from interpreting.ids import (
    DEMO,
    PLAYOUT,
    BoothId,
    BusId,
    PersonId,
    SourceId,
    SourceKind,
    mic_source,
    speaker_source,
)
from interpreting.intercom import intercom_mixes
from interpreting.languages import FLOOR, Fallback, Language
from interpreting.mix_minus import bus_for, minus_mixes
from interpreting.relay import relay_depth
from interpreting.room import Room

__all__ = [
    "DUCKED_GAIN",
    "UNDER_GAIN",
    "ChannelState",
    "Mode",
    "RoutingPlan",
    "bus_for",
    "bus_of",
    "channel_states",
    "plan",
    "ramp_ms",
    "recorded_bus",
    "stem_bus",
]

UNDER_GAIN: Final = 0.2
"""Gain of the original underneath an interpreter, -14 dB."""

DUCKED_GAIN: Final = 0.35
"""Gain of the floor on a channel that nobody interprets into, -9 dB: heard, and clearly not the interpreter."""

_Mix: TypeAlias = Mapping[SourceId, float]


@dataclass(frozen=True, slots=True)
class RoutingPlan:
    """What every bus of the room carries, which video source is the room's picture, and whose faces may be seen.

    ``faces`` are the sources of those who hold the floor, the newest last; they may not all send a picture. Gains
    are 0.0 to 1.0. A bus with nothing to carry is there with an empty mix. The buses ``rec:`` and ``stem:`` and
    ``recorded_picture`` are there while the room is recorded, and hold nothing without consent.
    """

    mixes: Mapping[BusId, Mapping[SourceId, float]]
    picture: SourceId | None
    recorded_picture: SourceId | None = None
    faces: tuple[SourceId, ...] = ()


class Mode(StrEnum):
    """What a channel carries: the floor in its own language, an interpreter, or its fallback."""

    PASSTHROUGH = "passthrough"
    INTERPRETED = "interpreted"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class ChannelState:
    """A channel's mode, and who is on air into it.

    While nobody on air has a live microphone the mode is not ``interpreted``, yet the channel is engaged and
    ``booth`` and ``person`` name the first on air, ``engaged_by`` all booths. ``relay`` is ``relay.relay_depth``.
    """

    mode: Mode
    booth: BoothId | None
    person: PersonId | None
    engaged_by: tuple[BoothId, ...] = ()
    relay: int = 0


def plan(room: Room) -> RoutingPlan:
    """Return the plan that the room demands: the floor's bus, two buses a language, the hall's return; more for those
    who speak from afar, and while recorded.
    """
    floor = _floor_mix(room)
    mixes: dict[BusId, _Mix] = {bus_of(FLOOR): floor}
    for language in room.languages:
        for original_under in (False, True):
            bus = bus_of(language, original_under=original_under)
            mixes[bus] = _language_mix(room, language, room.sources, floor, original_under=original_under)
    mixes |= minus_mixes(room, mixes) | intercom_mixes(room)
    picture = _picture(room)
    faces = tuple(speaker_source(holder.person) for holder in room.holders)
    if room.recording is None:
        return RoutingPlan(mixes, picture, None, faces)
    recorded_picture = picture if picture and room.consents_to(picture) else None
    return RoutingPlan({**mixes, **_recorded_mixes(room, floor)}, picture, recorded_picture, faces)


def channel_states(room: Room) -> Mapping[Language, ChannelState]:
    """Return every channel's state, in the room's order. An interpreter wins over a floor of the language."""
    return {language: _channel_state(room, language) for language in room.languages}


def _floor_mix(room: Room) -> _Mix:
    """Return a video message alone; or the hall and those heard from afar; or else the demo."""
    if room.is_playing_out:
        return {PLAYOUT: 1.0}
    sources = [*room.hall_now, *speakers_heard(room)]
    if not sources and room.is_live(DEMO):
        sources = [DEMO]
    return dict.fromkeys(sources, 1.0)


def speakers_heard(room: Room) -> list[SourceId]:
    """Return whom the floor carries from afar: who holds it, and who sends without a page of theirs, as an encoder does
    that was let in by its token and can raise no hand.
    """
    held = [speaker_source(holder.person) for holder in room.holders if room.is_heard(holder.person)]
    speakers = (source for source, kind in room.sources.items() if kind is SourceKind.SPEAKER)
    return held + [source for source in speakers if PersonId(source.partition(":")[2]) not in room.people]


def _picture(room: Room) -> SourceId | None:
    if room.is_playing_out:
        return PLAYOUT
    if room.venue_now:
        return room.venue_now
    # Without a hall, as in a wholly virtual workshop, who speaks is seen.
    return next(reversed(speakers_heard(room)), DEMO if room.is_live(DEMO) else None)


def _channel_state(room: Room, language: Language) -> ChannelState:
    on_air = room.on_air_into(language)
    booth, person = (on_air[0][0].id, on_air[0][1].person) if on_air else (None, None)
    mode = _mode(room, language, room.sources)
    return ChannelState(mode, booth, person, tuple(booth.id for booth, _ in on_air), relay_depth(room, language))


def _mode(room: Room, language: Language, sources: Container[SourceId]) -> Mode:
    if _mics(room, language, sources):
        return Mode.INTERPRETED
    return Mode.PASSTHROUGH if room.floor_language == language else Mode.FALLBACK


def _mics(room: Room, language: Language, sources: Container[SourceId]) -> dict[SourceId, MicState]:
    """Return the microphones among ``sources`` whose interpreters are on air into the channel."""
    on_air = {mic_source(seat.person): seat.mic for _, seat in room.on_air_into(language)}
    return {source: mic for source, mic in on_air.items() if source in sources}


def _language_mix(
    room: Room, language: Language, sources: Container[SourceId], floor: _Mix, *, original_under: bool
) -> _Mix:
    """Return what the channel carries when only ``sources`` flow, and of the floor what ``floor`` says."""
    match _mode(room, language, sources):
        case Mode.INTERPRETED:
            # Who coughs is silent, and keeps the floor from crashing in.
            mics = _mics(room, language, sources)
            voices = {source: 1.0 for source, mic in mics.items() if mic is MicState.ON_AIR}
            return {**voices, **(_scaled(floor, UNDER_GAIN) if original_under else {})}
        case Mode.PASSTHROUGH:
            return floor
        case Mode.FALLBACK:
            return _fallback_mix(room.fallback(language), floor)


def _recorded_mixes(room: Room, floor: _Mix) -> dict[BusId, _Mix]:
    """Return the channels as if what does not consent did not flow, and each that does consent by itself.

    The demo has no stem: nobody edits a bell.
    """
    sources = [source for source in room.sources if room.consents_to(source)]
    recorded_floor = {source: gain for source, gain in floor.items() if source in sources}
    mixes: dict[BusId, _Mix] = {recorded_bus(FLOOR): recorded_floor}
    for language in room.languages:
        mix = _language_mix(room, language, sources, recorded_floor, original_under=False)
        mixes[recorded_bus(language)] = mix
    return mixes | {stem_bus(source): _stem_mix(room, source) for source in sources if source != DEMO}


def _stem_mix(room: Room, source: SourceId) -> _Mix:
    """Return the source at full level; a microphone only while it is heard, for one that is not is nobody's affair."""
    match room.sources[source]:
        case SourceKind.MIC:
            heard = {mic_source(seat.person) for seat in room.seats_on_air() if seat.mic is MicState.ON_AIR}
        case SourceKind.SPEAKER:
            heard = set(speakers_heard(room))
        case SourceKind.PLAYOUT:
            heard = {PLAYOUT} if room.is_playing_out else set()
        case _:
            return {source: 1.0}
    return {source: 1.0} if source in heard else {}


def _fallback_mix(fallback: Fallback, floor: _Mix) -> _Mix:
    match fallback:
        case Fallback.DUCKED:
            return _scaled(floor, DUCKED_GAIN)
        case Fallback.FLOOR:
            return floor
        case Fallback.SILENCE:
            return {}


def _scaled(mix: _Mix, gain: float) -> _Mix:
    return {source: level * gain for source, level in mix.items()}
