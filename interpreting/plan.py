"""Who hears what: the plan that a room's state demands of the mixer, and how fast a gain may move to it.

A pure function of the room. Comparing the plan with what the engine does is left to the conductor.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from interpreting.booth import MicState
from interpreting.ids import DEMO, VENUE, BoothId, BusId, PersonId, SourceId, SourceKind, mic_source
from interpreting.languages import FLOOR, Channel, Fallback, Language
from interpreting.room import Room

UNDER_GAIN: Final = 0.2
"""Gain of the original underneath an interpreter, -14 dB."""

DUCKED_GAIN: Final = 0.35
"""Gain of the floor on a channel that nobody interprets into, -9 dB: heard, and clearly not the interpreter."""

FLOOR_RISE_MS: Final = 300
FLOOR_FALL_MS: Final = 80
FLOOR_BUS_MS: Final = 80
MIC_MS: Final = 30

_Mix: TypeAlias = Mapping[SourceId, float]


@dataclass(frozen=True, slots=True)
class RoutingPlan:
    """What every bus of the room carries, and which video source is the room's picture.

    Gains are 0.0 to 1.0. A bus with nothing to carry is there with an empty mix.
    """

    mixes: Mapping[BusId, Mapping[SourceId, float]]
    picture: SourceId | None


class Mode(StrEnum):
    """What a channel carries: the floor in its own language, an interpreter, or its fallback."""

    PASSTHROUGH = "passthrough"
    INTERPRETED = "interpreted"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class ChannelState:
    """A channel's mode, and who is on air into it.

    While the one on air has no live microphone the mode is not ``interpreted``, yet the channel is engaged
    and ``booth`` and ``person`` name them.
    """

    mode: Mode
    booth: BoothId | None
    person: PersonId | None


def bus_of(channel: Channel, *, original_under: bool = False) -> BusId:
    """Return the bus that carries the channel, pure or with the original underneath; the floor has one."""
    return BusId(f"{channel}+{FLOOR}" if original_under and channel != FLOOR else channel)


def plan(room: Room) -> RoutingPlan:
    """Return the plan that the room demands: the floor's bus and two buses a language."""
    floor = _floor_mix(room)
    states = channel_states(room)
    mixes: dict[BusId, _Mix] = {bus_of(FLOOR): floor}
    for language in room.languages:
        for original_under in (False, True):
            bus = bus_of(language, original_under=original_under)
            mixes[bus] = _language_mix(room, language, states[language], floor, original_under)
    return RoutingPlan(mixes, _picture(room))


def channel_states(room: Room) -> Mapping[Language, ChannelState]:
    """Return every channel's state, in the room's order. An interpreter wins over a floor of the language."""
    return {language: _channel_state(room, language) for language in room.languages}


def ramp_ms(bus: BusId, source_kind: SourceKind, before: float, after: float) -> int:
    """Return how long the source's gain on the bus takes from ``before`` to ``after``, in milliseconds.

    ``bus`` is the domain's id, without the room. The floor returns to a language's channel in 300 ms, so that
    it never crashes into an interpreter's pause, and makes way in 80 ms. Microphones take 30 ms, within the
    20 to 50 ms in which a handover is heard as one voice after another and a cough is cut.
    """
    if source_kind is SourceKind.MIC:
        return MIC_MS
    if bus == bus_of(FLOOR):
        return FLOOR_BUS_MS
    return FLOOR_RISE_MS if after > before else FLOOR_FALL_MS


def _floor_mix(room: Room) -> _Mix:
    """Return the hall and the remote speakers at full level, or the demo while none of them flows."""
    speaking = (SourceKind.VENUE, SourceKind.SPEAKER)
    sources = [source for source, kind in room.sources.items() if kind in speaking]
    if not sources and room.is_live(DEMO):
        sources = [DEMO]
    return dict.fromkeys(sources, 1.0)


def _picture(room: Room) -> SourceId | None:
    return next((source for source in (VENUE, DEMO) if room.is_live(source)), None)


def _channel_state(room: Room, language: Language) -> ChannelState:
    on_air = room.on_air_into(language)
    booth, person = (on_air[0].id, on_air[1].person) if on_air else (None, None)
    if person and room.has_live_mic(person):
        mode = Mode.INTERPRETED
    elif room.floor_language == language:
        mode = Mode.PASSTHROUGH
    else:
        mode = Mode.FALLBACK
    return ChannelState(mode, booth, person)


def _language_mix(room: Room, language: Language, state: ChannelState, floor: _Mix, original_under: bool) -> _Mix:
    match state.mode:
        case Mode.INTERPRETED:
            under = _scaled(floor, UNDER_GAIN) if original_under else {}
            return {**_mic_mix(room, state.person), **under}
        case Mode.PASSTHROUGH:
            return floor
        case Mode.FALLBACK:
            return _fallback_mix(room.fallback(language), floor)


def _mic_mix(room: Room, person: PersonId | None) -> _Mix:
    """Return the open microphone; nothing while coughing, so that the floor does not crash in."""
    seat = room.seat_of(person) if person else None
    return {mic_source(seat.person): 1.0} if seat and seat.mic is MicState.ON_AIR else {}


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
